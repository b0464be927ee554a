"""Checks a site's proof of who its user is: a JWT that it signed, or an HMAC of the user's id."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, Protocol

import jwt
from jwt.algorithms import get_default_algorithms
from jwt.exceptions import InvalidSubjectError
from pydantic import SecretStr

from bot.errors import SettingsError
from bot.settings import IdentitySettings, KeySettings
from channels.web.problems import Problem
from channels.web.tree import clean

_LONGEST_PROOF = 3600.0  # seconds from now that a token may last
_LEEWAY = 60.0  # seconds that the site's clock may differ from ours
_LONGEST_ID = 512
_MOST_ATTRIBUTES, _LONGEST_ATTRIBUTE = 20, 256
_LONGEST_NAME = 128
_LONGEST_KID = 64  # of what the log tells
_REGISTERED: Final = {"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "name"}
_PLAIN: Final = re.compile(r"[A-Za-z0-9_@.+-]{1,64}")
_HALF: Final = re.compile("[\ud800-\udfff]")  # of a pair, which nothing can write down
# The log's words for what is wrong with a token; what is more special comes first.
_WHY: Final[Mapping[type[Exception], str]] = {
    jwt.ExpiredSignatureError: "the proof has expired",
    jwt.ImmatureSignatureError: "the proof's nbf or iat is still to come",
    jwt.InvalidAlgorithmError: "the proof's alg is not the key's algorithm",
    jwt.InvalidSignatureError: "the proof's signature is not made with the key of its kid",
    InvalidSubjectError: "the proof's sub is no text",
    jwt.DecodeError: "the proof is no JWT",
}
# Bytes of a secret that RFC 7518 (3.2) asks for, by the algorithm.
_SHORTEST_SECRET: Final = {"HS256": 32, "HS384": 48, "HS512": 64}


class Demanded(Protocol):
    """``Settings.demand``."""

    def __call__(self, variable: str, *, place: str) -> SecretStr: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user as the site calls them."""

    id: str
    name: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    algorithm: str
    key: Any = field(repr=False)


class Identity:
    """The keys of one site, and what they prove.

    Raises:
        SettingsError: a key is missing, or is none; the text says which.
    """

    def __init__(self, *, site: str, settings: IdentitySettings, demanded: Demanded) -> None:
        self._audience = settings.audience or site
        place = f"[web.sites.{site}.identity]"
        self._keys = {
            kid: _read(key, place=f"{place} keys.{kid}", demanded=demanded)
            for kid, key in settings.keys.items()
        }
        self._hmac = (
            demanded(settings.hmac_env, place=f"{place} hmac_env").get_secret_value().encode()
            if settings.hmac_env
            else None
        )

    def by_token(self, token: str, *, now: float) -> Person:
        """Return whom the site's ``token`` names.

        Raises:
            Problem: it proves nothing.
        """
        try:
            key = self._key_of(token)
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm],
                audience=self._audience,
                leeway=_LEEWAY,
                options={"require": ["sub", "exp", "aud"]},
            )
        except (jwt.InvalidTokenError, ValueError, TypeError) as error:
            raise _unproved(why=self._why(error)) from None
        if int(claims["exp"]) > now + _LONGEST_PROOF + _LEEWAY:
            detail = "A proof may last for an hour at most."
            raise _unproved(detail, why="the proof's exp is too far ahead: an hour at most")
        return _person(claims["sub"], claims.get("name"), _attributes(claims))

    def by_hash(self, user: str, digest: str, *, name: str | None) -> Person:
        """Return whom the site named with an HMAC-SHA256 of ``user``, in hexadecimal.

        Raises:
            Problem: it proves nothing.
        """
        if self._hmac is None:
            raise _unproved(why="the site has no hmac_env")
        right = hmac.new(self._hmac, user.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(right.encode(), digest.lower().encode()):
            raise _unproved(why="the hash is not that of the user's id with the site's secret")
        return _person(user, name, {})

    def _key_of(self, token: str) -> _Key:
        """Return the key that the token says it is signed with, or the only one."""
        kid = jwt.get_unverified_header(token).get("kid")
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        if str(kid) not in self._keys:
            known = ", ".join(self._keys) or "none"
            why = f"the proof's kid is {ascii(kid)[:_LONGEST_KID]}; known are {known}"
            raise _unproved(why=why)
        return self._keys[str(kid)]

    def _why(self, error: Exception) -> str:
        match error:
            case jwt.MissingRequiredClaimError():
                return f"the proof has no {error.claim}"
            case jwt.InvalidAudienceError():
                return f"the proof's aud is not {self._audience}"
        found = [why for kind, why in _WHY.items() if isinstance(error, kind)]
        return next(iter(found), "the proof is not what is expected")


def customer_of(site: str, person: Person) -> str:
    """Return the name under which a proved person's conversations are theirs.

    An id that would not stand in an address is replaced by its hash, in a space of its own.
    """
    if _PLAIN.fullmatch(person.id):
        return f"{site}:u:{person.id}"
    return f"{site}:h:{hashlib.sha256(person.id.encode()).hexdigest()}"


def _unproved(detail: str = "This does not prove who the visitor is.", *, why: str = "") -> Problem:
    return Problem(HTTPStatus.UNAUTHORIZED, "identity", detail, why=why)


def _person(given: str, name: object, attributes: Mapping[str, str]) -> Person:
    if not given or len(given) > _LONGEST_ID or _HALF.search(given):
        raise _unproved(f"A user's id has 1 to {_LONGEST_ID} characters.")
    named = " ".join(clean(name).split())[:_LONGEST_NAME] if isinstance(name, str) else ""
    return Person(id=given, name=named or None, attributes=attributes)


def _attributes(claims: Mapping[str, Any]) -> dict[str, str]:
    said = {
        name: value
        for name, value in claims.items()
        if name not in _REGISTERED
        and isinstance(value, str)
        and len(name) <= _LONGEST_ATTRIBUTE
        and len(value) <= _LONGEST_ATTRIBUTE
    }
    return dict(list(said.items())[:_MOST_ATTRIBUTES])


def _read(settings: KeySettings, *, place: str, demanded: Demanded) -> _Key:
    text = _text(settings, place=place, demanded=demanded)
    _check_secret(text, settings.algorithm, place=place)
    try:
        key = get_default_algorithms()[settings.algorithm].prepare_key(text)
    except (jwt.InvalidKeyError, ValueError, TypeError):
        raise SettingsError(
            f"{place}: this is no key for {settings.algorithm}. Put the site's public key there, "
            "as PEM."
        ) from None
    return _Key(algorithm=settings.algorithm, key=key)


def _text(settings: KeySettings, *, place: str, demanded: Demanded) -> str:
    if settings.key_file is None:
        return demanded(settings.key_env or "", place=place).get_secret_value()
    try:
        return settings.key_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{place}: {settings.key_file} cannot be read: {error}.") from None


def _check_secret(text: str, algorithm: str, *, place: str) -> None:
    shortest = _SHORTEST_SECRET.get(algorithm)
    if shortest is None and "PRIVATE KEY" in text:
        raise SettingsError(
            f"{place}: this is a private key, which the site alone should have. Put the public "
            "key there, as PEM."
        )
    if shortest is not None and len(text.encode()) < shortest:
        raise SettingsError(
            f"{place}: the secret for {algorithm} has {len(text.encode())} bytes. Make one of at "
            f"least {shortest}, for example with: openssl rand -base64 {shortest}"
        )
