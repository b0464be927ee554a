"""Tells requests that Slack signed from all others.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import hmac
import logging
from collections.abc import Callable, Iterable
from hashlib import sha256

from pydantic import SecretStr

_logger = logging.getLogger(__name__)

_SECONDS = 300  # that a request may be on its way, or our clock be wrong
_LONGEST_TIME = 12  # digits
_MINUTE = 60.0  # between two warnings
_NAMES = (b"x-slack-request-timestamp", b"x-slack-signature")

Headers = Iterable[tuple[bytes, bytes]]


class Signatures:
    """Checks the signatures that are made with ``secret``."""

    def __init__(self, secret: SecretStr, *, clock: Callable[[], float]) -> None:
        self._secret = secret.get_secret_value().encode()
        self._clock = clock

    def valid(self, headers: Headers, body: bytes) -> bool:
        """Return whether ``body`` came from Slack within the last minutes."""
        stamp, signature = self._given(headers)
        if not (0 < len(stamp) <= _LONGEST_TIME and stamp.isdigit()):
            return False
        if abs(self._clock() - int(stamp)) > _SECONDS:
            return False
        made = hmac.new(self._secret, b"v0:" + stamp + b":" + body, sha256).hexdigest()
        return hmac.compare_digest(b"v0=" + made.encode(), signature)

    @staticmethod
    def unsigned(headers: Headers) -> bool:
        """Return whether nobody even tried to sign the request."""
        return not any(name.lower() in _NAMES for name, _ in headers)

    @staticmethod
    def _given(headers: Headers) -> tuple[bytes, bytes]:
        """Return the time and the signature; empty where there is none, or more than one."""
        held = [(name.lower(), value) for name, value in headers]
        stamps, signatures = ([v for n, v in held if n == name] for name in _NAMES)
        if len(stamps) != 1 or len(signatures) != 1:
            return b"", b""
        return stamps[0], signatures[0]


class Warnings:
    """Warns of requests that are not signed with the secret at ``place``, once a minute at most."""

    def __init__(self, *, place: str, path: str, clock: Callable[[], float]) -> None:
        self._place = place
        self._path = path
        self._clock = clock
        self._count = 0
        self._at: float | None = None

    def count(self) -> None:
        """Count a refused request, and tell of all since the last warning, if that is due."""
        self._count += 1
        now = self._clock()
        if self._at is not None and abs(now - self._at) < _MINUTE:
            return
        requests = "1 request" if self._count == 1 else f"{self._count} requests"
        _logger.warning(
            "%s at %s not signed with %s within the last 5 minutes: compare it with "
            "Basic Information → Signing Secret, and this machine's clock with the time.",
            requests,
            f"{self._path} {'was' if self._count == 1 else 'were'}",
            self._place,
        )
        self._at, self._count = now, 0
