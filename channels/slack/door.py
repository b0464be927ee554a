"""The door for Slack's HTTP requests: what is too large, unsigned or malformed stays outside."""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol

from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.settings.slack import EVENTS, INSTALL, REDIRECT
from channels.slack.reading import Malformed, asks_for_nothing, read
from channels.slack.signatures import Signatures, Warnings
from channels.slack.taking import taken

_logger = logging.getLogger(__name__)

LONGEST = 1_048_576
"""Bytes that a request may have."""

_DIGITS = 12  # more of them are no size
_SECONDS = 10.0  # in which a request must be here
_REPEATED = (b"x-slack-retry-num", b"x-slack-retry-reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is sent back."""

    status: int
    body: bytes = b""
    headers: Sequence[tuple[str, str]] = field(default=(("content-type", "text/plain"),))


class Pages(Protocol):
    """The pages on which a workspace installs the app."""

    async def install(self, query: str) -> Answer:
        """Return the page that leads to Slack."""
        ...

    async def redirected(self, query: str, cookie: str) -> Answer:
        """Return the page for whom Slack sent back."""
        ...


class _Refused(Exception):
    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class Door:
    """Plain ASGI; what is not Slack's goes on to ``beyond``, untouched.

    Without a ``secret``, which stands at ``place``, no events are taken, and without ``pages``
    nobody installs the app.
    """

    def __init__(
        self,
        *,
        bolt: AsyncApp,
        secret: SecretStr | None,
        clock: Callable[[], float],
        pages: Pages | None = None,
        beyond: ASGIApp,
        place: str = "SLACK_SIGNING_SECRET",
    ) -> None:
        self._bolt = bolt
        self._signatures = Signatures(secret, clock=clock) if secret else None
        self._warnings = Warnings(place=place, path=EVENTS, clock=clock)
        self._pages = pages
        self._beyond = beyond

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path") if scope["type"] == "http" else None
        try:
            if path == EVENTS and self._signatures is not None:
                answer = await self._event(scope, receive, self._signatures)
            elif path in {INSTALL, REDIRECT} and self._pages is not None:
                answer = await self._page(scope, self._pages)
            else:
                await self._beyond(scope, receive, send)
                return
        except _Refused as refused:
            answer = _refusal(refused.status)
        except _Gone:
            return
        await _send(answer, send)

    @property
    def hears(self) -> bool:
        """Whether events are taken."""
        return self._signatures is not None

    async def _event(self, scope: Scope, receive: Receive, signatures: Signatures) -> Answer:
        if scope["method"] != "POST":
            raise _Refused(HTTPStatus.METHOD_NOT_ALLOWED)
        headers = scope["headers"]
        body = await _body(headers, receive)
        if signatures.unsigned(headers) and asks_for_nothing(body):
            return Answer(status=HTTPStatus.OK)
        if not signatures.valid(headers, body):
            self._warnings.count()
            raise _Refused(HTTPStatus.UNAUTHORIZED)
        try:
            said = read(body, _header(headers, b"content-type"))
        except Malformed:
            raise _Refused(HTTPStatus.BAD_REQUEST) from None
        if said.get("type") == "url_verification":
            return _verified(said)
        repeated = {name.decode(): _header(headers, name) for name in _REPEATED}
        response = await taken(
            self._bolt, said, headers={name: value for name, value in repeated.items() if value}
        )
        if response.status != HTTPStatus.OK:
            raise _Refused(HTTPStatus(response.status))
        kind = response.headers.get("content-type", ["text/plain"])[0]
        return Answer(
            status=response.status,
            body=(response.body or "").encode(),
            headers=(("content-type", kind),),
        )

    async def _page(self, scope: Scope, pages: Pages) -> Answer:
        if scope["method"] != "GET":
            raise _Refused(HTTPStatus.METHOD_NOT_ALLOWED)
        query = scope["query_string"].decode("latin-1")
        if scope["path"] == INSTALL:
            return await pages.install(query)
        return await pages.redirected(query, _header(scope["headers"], b"cookie"))


class _Gone(Exception):
    """Whoever asked does not wait any longer."""


async def _body(headers: Sequence[tuple[bytes, bytes]], receive: Receive) -> bytes:
    said = _header(headers, b"content-length")
    if said.isdecimal() and (len(said) > _DIGITS or int(said) > LONGEST):
        raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    body = bytearray()
    try:
        async with asyncio.timeout(_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _Gone
                body += message.get("body", b"")
                if len(body) > LONGEST:
                    raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise _Refused(HTTPStatus.BAD_REQUEST) from None


def _header(headers: Sequence[tuple[bytes, bytes]], wanted: bytes) -> str:
    """Return a header's value, empty if it is not there."""
    return next((value.decode("latin-1") for name, value in headers if name == wanted), "")


def _verified(said: Mapping[str, Any]) -> Answer:
    challenge = said.get("challenge")
    if not isinstance(challenge, str):
        raise _Refused(HTTPStatus.BAD_REQUEST)
    return Answer(
        status=HTTPStatus.OK,
        body=json.dumps({"challenge": challenge}).encode(),
        headers=(("content-type", "application/json"),),
    )


def _refusal(status: HTTPStatus) -> Answer:
    headers = [("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store")]
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        headers.append(("connection", "close"))  # it may have no end, and nobody reads it on
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append(("retry-after", "5"))
    _logger.debug("A request at Slack's door is refused: %s", status.phrase)
    return Answer(status=status, body=f"{status.phrase}\n".encode(), headers=headers)


async def _send(answer: Answer, send: Send) -> None:
    headers = [*answer.headers, ("content-length", str(len(answer.body)))]
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": int(answer.status), "headers": raw})
    await send({"type": "http.response.body", "body": answer.body})
