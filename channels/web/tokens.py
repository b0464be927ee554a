"""Signs and reads the tokens of sessions: who a visitor is, for which site, from which origin."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, Literal

import jwt
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.settings import WebSettings
from channels.web.problems import Problem

_ALGORITHM: Final = "HS256"

Type = Literal["visit", "renew"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who uses the chat, as a token says it.

    ``customer`` is the name under which conversations are theirs. ``proved`` is when the site
    proved who they are, None for an anonymous visitor; ``until`` is when the token ends.
    """

    customer: str
    site: str
    origin: str
    name: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    proved: float | None = None
    until: float = 0.0


class _Claims(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    typ: Type
    sub: str
    site: str
    origin: str
    exp: float
    name: str | None = None
    attributes: dict[str, str] = {}
    proved: float | None = None


class Tokens:
    """Tokens that every process with the same ``secret`` reads; ``clock`` says when they end."""

    def __init__(self, *, secret: str, settings: WebSettings, clock: Callable[[], float]) -> None:
        self._key = hashlib.sha256(f"frontdesk web sessions\0{secret}".encode()).digest()
        self._settings = settings
        self._clock = clock

    def visit(self, visitor: Visitor) -> tuple[str, float]:
        """Return a token for ``visitor``'s calls and the seconds that it lasts."""
        seconds = self._settings.token_minutes * 60
        if visitor.proved is not None:
            seconds = min(seconds, self._proof_ends(visitor.proved) - self._clock())
        return self._signed(visitor, "visit", self._clock() + seconds), seconds

    def renewal(self, visitor: Visitor) -> str:
        """Return a token that begins another session: an anonymous visitor's counts anew."""
        until = self._clock() + self._settings.renew_days * 86_400
        if visitor.proved is not None:
            until = min(until, self._proof_ends(visitor.proved))
        return self._signed(visitor, "renew", until)

    def read(self, token: str, typ: Type) -> Visitor:
        """Return who ``token`` says its bearer is.

        Raises:
            Problem: it is expired, forged or of another kind.
        """
        try:
            found: dict[str, Any] = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                # Its end is compared with our own clock, below.
                options={"verify_exp": False, "require": ["exp"]},
            )
            claims = _Claims.model_validate(found)
        except (jwt.InvalidTokenError, ValidationError, ValueError):
            raise _refused("token", "This session is not one of ours. Begin another.") from None
        if claims.typ != typ:
            raise _refused("token", "This token is for something else.")
        if claims.exp <= self._clock():
            raise _refused("expired", "The session has ended. Renew it.")
        return Visitor(
            customer=claims.sub,
            site=claims.site,
            origin=claims.origin,
            name=claims.name,
            attributes=claims.attributes,
            proved=claims.proved,
            until=claims.exp,
        )

    def _proof_ends(self, proved: float) -> float:
        return proved + self._settings.proof_hours * 3600

    def _signed(self, visitor: Visitor, typ: Type, until: float) -> str:
        claims = {
            "typ": typ,
            "sub": visitor.customer,
            "site": visitor.site,
            "origin": visitor.origin,
            "exp": until,
            "name": visitor.name,
            "attributes": dict(visitor.attributes),
            "proved": visitor.proved,
        }
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM)


def _refused(kind: str, detail: str) -> Problem:
    headers = {"WWW-Authenticate": "Bearer"}
    return Problem(HTTPStatus.UNAUTHORIZED, kind, detail, headers=headers)


def bearer(header: str | None) -> str:
    """Return the token of an ``Authorization`` header.

    Raises:
        Problem: there is none.
    """
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _refused("token", "This needs a session: send its token as a Bearer.")
    return token.strip()
