"""Holds visitors and network addresses to what one of them may ask in a minute, or hold open.

Counted in this process alone: behind a load balancer over n processes it is up to n times as much.
"""

import math
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from bot.settings import WebSettings
from channels.web.problems import Problem

_RETRY_STREAM = 5  # seconds
_SHARED_BITS = 64  # of an IPv6 address: what a home or a customer of a provider gets


def neighbourhood(host: str | None) -> str:
    """Return what counts as one address: an IPv4 address, or a network of IPv6 addresses."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return host or ""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return f"{address.exploded[:19]}/{_SHARED_BITS}"
    return str(address)


class Limits:
    """Counts, and refuses what is too much with the seconds after which to come back."""

    def __init__(self, settings: WebSettings) -> None:
        self._settings = settings
        self._window = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._by_visitor = _per_minute(settings.messages_per_minute)
        self._by_address = _per_minute(settings.messages_per_minute_and_address)
        self._sessions = _per_minute(settings.sessions_per_minute_and_address)
        self._requests = _per_minute(settings.requests_per_minute_and_address)
        self._open: Counter[tuple[str, str]] = Counter()

    async def message(self, *, visitor: str, address: str) -> None:
        """Count a message of ``visitor`` from ``address``.

        Raises:
            Problem: it is one too many.
        """
        await self._count(self._by_visitor, "messages of", visitor)
        await self._count(self._by_address, "messages from", address)

    async def session(self, address: str) -> None:
        """Count a session that begins or is renewed.

        Raises:
            Problem: it is one too many.
        """
        await self._count(self._sessions, "sessions from", address)

    async def request(self, address: str) -> None:
        """Count a request of any kind.

        Raises:
            Problem: it is one too many.
        """
        await self._count(self._requests, "requests from", address)

    @contextmanager
    def stream(self, *, visitor: str, address: str) -> Iterator[None]:
        """Count a stream as long as it is open.

        Raises:
            Problem: it is one too many.
        """
        counted = {
            ("visitor", visitor): self._settings.streams_per_visitor,
            ("address", address): self._settings.streams_per_address,
        }
        if any(self._open[whose] >= most for whose, most in counted.items()):
            raise _too_much("Too many streams are open.", _RETRY_STREAM)
        self._open.update(counted.keys())
        try:
            yield
        finally:
            self._open.subtract(counted.keys())
            for whose in counted:
                if not self._open[whose]:
                    del self._open[whose]

    @property
    def open(self) -> int:
        """How many streams are counted now."""
        return sum(number for (kind, _), number in self._open.items() if kind == "visitor")

    async def _count(self, item: RateLimitItem, *of: str) -> None:
        if await self._window.hit(item, *of):
            return
        free = (await self._window.get_window_stats(item, *of)).reset_time
        now = time.time()  # noqa: TID251 - the clock that the library counts by
        raise _too_much("Too much at once. Wait a little.", math.ceil(free - now))


def _per_minute(amount: int) -> RateLimitItem:
    return RateLimitItemPerMinute(amount)


def _too_much(detail: str, seconds: int) -> Problem:
    headers = {"Retry-After": str(max(1, seconds))}
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, "busy", detail, headers=headers)
