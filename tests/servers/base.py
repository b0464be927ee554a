"""A local HTTP server that answers as a provider of models does, on asyncio and nothing else."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self

from tests.servers.acts import EVENTS, JSON, Act, Answer, Fault, Recording, Refusal
from tests.servers.listening import close

_PATIENCE = 3600.0
_SOON = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A request as it came: ``headers`` in lower case, ``body`` to the byte.

    ``client`` is the port that it came from: the same one where a line was used again.
    """

    client: int
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body's value."""
        return json.loads(self.body)


class ModelServer(ABC):
    """Does with each request the next act of its script, then begins again.

    In a test::

        async with AnthropicServer(Answer(text="Hello."), Refusal(status=529)) as server:
            backend = AnthropicBackend(..., settings=AnthropicSettings(base_url=server.url))

    The script may also be one function from a request to an act. ``pace`` is in seconds between
    two events, or is asked for them. ``heard`` keeps the requests, ``busy`` counts the answers
    being given, ``silent`` those that fell silent, and ``abandoned`` those whose client hung up.
    """

    def __init__(
        self,
        *script: Act | Callable[[Heard], Act],
        pace: float | Callable[[], float] = 0.0,
        port: int = 0,
    ) -> None:
        self.heard: list[Heard] = []
        self.busy = 0
        self.silent = 0
        self.abandoned = 0
        self._script = script or (Answer(text="Hello."),)
        self._pace = pace if callable(pace) else lambda: pace
        self._port = port
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.Task[Any]] = set()
        self._change = asyncio.Condition()

    # --- What a protocol must say --------------------------------------------------------------

    @abstractmethod
    def events(self, answer: Answer, heard: Heard) -> list[bytes]:
        """Write an answer as events."""

    @abstractmethod
    def error_event(self) -> bytes:
        """Write what comes when the model fails in mid-answer."""

    @abstractmethod
    def error_body(self, status: int) -> Any:
        """Return what an error answer holds."""

    def strange_event(self) -> bytes:
        """Write an event of a shape that the protocol does not have."""
        return b'data: {"type": "content_block_delta", "choices": [7]}\n\n'

    # --- Its life ------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Return the ``base_url`` of a backend that shall ask it."""
        assert self._server, "The server is not running: use it in an 'async with'."
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def idle(self) -> None:
        """Wait until no answer is being given; TimeoutError after half a minute."""
        async with asyncio.timeout(_SOON), self._change:
            await self._change.wait_for(lambda: not self.busy)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server
        await close(self._server)
        for line in self._lines:
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._answer(reader, writer):
                    pass
        finally:
            self._lines.discard(task)
            writer.close()

    # --- One request ---------------------------------------------------------------------------

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; False where the line cannot be used for another."""
        heard = await hear(reader, client=writer.get_extra_info("peername")[1])
        act = self._script[len(self.heard) % len(self._script)]
        self.heard.append(heard)
        if not isinstance(act, Answer | Refusal | Recording):
            act = act(heard)
        self.busy += 1
        try:
            return await self._perform(act, heard, _Line(reader, writer, self._pace))
        except ConnectionError:
            self.abandoned += 1
            raise
        finally:
            self.busy -= 1
            async with self._change:
                self._change.notify_all()

    async def _perform(self, act: Act, heard: Heard, line: "_Line") -> bool:
        match act:
            case Refusal():
                body = act.body
                if body is None:
                    body = json.dumps(self.error_body(act.status)).encode()
                line.head(act.status, {"content-type": JSON, **act.headers}, length=len(body))
                await line.write(body)
                return True
            case Recording():
                line.head(act.status, act.headers)
                return await line.stream(act.pieces)
            case Answer():
                line.head(HTTPStatus.OK, {"content-type": EVENTS, "request-id": "req_local"})
                events = self.events(act, heard)
                if act.fault is None:
                    return await line.stream(events)
                return await self._fail(act.fault, events[: act.after], line)

    async def _fail(self, fault: Fault, events: list[bytes], line: "_Line") -> bool:
        more: dict[Fault, list[bytes]] = {
            Fault.ERROR: [self.error_event()],
            Fault.GARBAGE: [b'event: message\ndata: {"type": "text", "te\n\n'],
            Fault.STRANGE: [self.strange_event()],
        }
        whole = fault in {Fault.SHORT, Fault.ERROR, Fault.GARBAGE, Fault.STRANGE}
        await line.stream([*events, *more.get(fault, [])], end=whole)
        if fault is Fault.SILENCE:
            self.silent += 1
            await line.pause(_PATIENCE)
        return whole


class _Line:
    """An open line to a client."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        pace: Callable[[], float],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._pace = pace

    def head(self, status: int, headers: Mapping[str, str], *, length: int | None = None) -> None:
        """Write the status and the headers; without a length the body comes in chunks."""
        own = {"content-length", "transfer-encoding", "content-encoding"}
        lines = [f"HTTP/1.1 {status} {_phrase(status)}"]
        lines += [f"{name}: {value}" for name, value in headers.items() if name not in own]
        lines.append(
            "transfer-encoding: chunked" if length is None else f"content-length: {length}"
        )
        self._writer.write("\r\n".join([*lines, "", ""]).encode())

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def stream(self, pieces: Sequence[bytes], *, end: bool = True) -> bool:
        """Write pieces as chunks, at the server's pace, and the last chunk where it shall end."""
        for piece in pieces:
            self._writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            if seconds := self._pace():
                await self.pause(seconds)
        await self.write(b"0\r\n\r\n" if end else b"")
        return True

    async def pause(self, seconds: float) -> None:
        """Wait, and notice a client that hangs up: nothing is said on a line before its turn."""
        await self._writer.drain()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._reader.read(1)
                raise ConnectionResetError


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Overloaded"


async def hear(reader: asyncio.StreamReader, *, client: int) -> Heard:
    """Read one request.

    Raises:
        asyncio.IncompleteReadError: the line ended first.
    """
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    pairs = (line.split(":", 1) for line in lines)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Heard(client=client, path=first.split(" ")[1], headers=headers, body=body)
