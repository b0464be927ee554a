"""Those who watch and ask in the web's part: a process of its own, one line a visitor.

It does an order for each line of its standard input.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.bench.stamps import now, sent
from tests.bench.words import QUESTION

_HERE = "127.0.0.1"
_AT_ONCE = 50
_SPREAD = 0.01  # seconds a word in which they begin to ask: nobody asks in the same moment
_STANDS = b"event: state"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Where one visitor sits: a conversation, and what opens it."""

    key: str
    token: str


class _Stream(asyncio.Protocol):
    """One visitor's standing stream; takes the time of every word that is new."""

    def __init__(self, request: bytes) -> None:
        loop = asyncio.get_running_loop()
        self.stands: asyncio.Future[None] = loop.create_future()
        self.complete: asyncio.Future[None] = loop.create_future()
        self.delays: list[int] = []
        self._request = request
        self._said = b""
        self._words = 0
        self._latest = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def expect(self, words: int) -> None:
        self._words, self._latest = words, now()

    def data_received(self, data: bytes) -> None:
        here = now()
        if not self.stands.done():
            self._said += data
            if _STANDS in self._said:
                self.stands.set_result(None)
        elif self._words:
            fresh = sorted({stamp for stamp in sent(data) if stamp > self._latest})
            self._latest = fresh[-1] if fresh else self._latest
            self.delays += [here - stamp for stamp in fresh]
            if len(self.delays) >= self._words and not self.complete.done():
                self.complete.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        for waited in (self.stands, self.complete):
            if not waited.done():
                waited.set_exception(error or RuntimeError(f"The stream ended: {self._said!r}"))
                waited.exception()  # nobody may be waiting

    def close(self) -> None:
        self._transport.close()


class Audience:
    """Sits down, opens streams and asks, at the server on a port of this machine."""

    def __init__(self) -> None:
        self._streams: dict[Seat, _Stream] = {}
        self._server = (_HERE, 0)

    async def seats(self, *, port: int, count: int) -> Sequence[dict[str, str]]:
        """Begin so many conversations, each with a question that is answered."""
        self._server = (_HERE, port)
        room = asyncio.Semaphore(_AT_ONCE)
        taken = await asyncio.gather(*(self._sit(room, number) for number in range(count)))
        return [{"key": seat.key, "token": seat.token} for seat in taken]

    async def open(self, *, port: int, seats: Sequence[dict[str, str]]) -> None:
        """Open a stream for each seat; returns once all of them have said how things stand."""
        self._server = (_HERE, port)
        loop = asyncio.get_running_loop()
        room = asyncio.Semaphore(_AT_ONCE)

        async def opened(seat: Seat) -> None:
            async with room:
                path = f"/v1/conversations/{seat.key}/events"
                request = self._request("GET", path, seat.token)
                _, stream = await loop.create_connection(lambda: _Stream(request), *self._server)
                self._streams[seat] = stream
                await stream.stands

        await asyncio.gather(*(opened(Seat(**seat)) for seat in seats))

    async def ask(self, *, asking: int, words: int) -> Sequence[int]:
        """Let so many of them ask, one after another; returns how long each word took, in us."""
        chosen = dict(list(self._streams.items())[:asking])

        async def asked(number: int, seat: Seat, stream: _Stream) -> None:
            await asyncio.sleep(number / asking * words * _SPREAD)
            stream.expect(words)
            await self._say(seat, QUESTION)
            await stream.complete

        await asyncio.gather(*(asked(at, *each) for at, each in enumerate(chosen.items())))
        return [delay for stream in chosen.values() for delay in stream.delays]

    async def close(self) -> None:
        for stream in self._streams.values():
            stream.close()
        self._streams.clear()

    async def _sit(self, room: asyncio.Semaphore, number: int) -> Seat:
        async with room:
            session = json.loads(await self._post("/v1/sessions", {"site": "default"}))
            key = f"{session['visitor']['id']}.bench{number:011d}"
            seat = Seat(key=key, token=session["token"])
            await self._say(seat, QUESTION, accept="text/event-stream")
            return seat

    async def _say(self, seat: Seat, text: str, *, accept: str = "application/json") -> None:
        body = {"id": f"bench-{now()}", "text": text}
        path = f"/v1/conversations/{seat.key}/messages"
        await self._post(path, body, token=seat.token, accept=accept)

    async def _post(
        self, path: str, body: dict[str, Any], *, token: str = "", accept: str = "application/json"
    ) -> bytes:
        reader, writer = await asyncio.open_connection(*self._server)
        words = json.dumps(body).encode()
        writer.write(self._request("POST", path, token, accept=accept, body=words))
        head, _, answer = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        if not head.startswith(b"HTTP/1.1 20"):
            raise RuntimeError(f"{path}: {head!r} {answer!r}")
        return answer

    def _request(
        self,
        method: str,
        path: str,
        token: str,
        *,
        accept: str = "text/event-stream",
        body: bytes = b"",
    ) -> bytes:
        lines = [
            f"{method} {path} HTTP/1.1",
            f"host: {self._server[0]}:{self._server[1]}",
            f"accept: {accept}",
            f"authorization: Bearer {token}",
            "content-type: application/json",
            f"content-length: {len(body)}",
            *(["connection: close"] if method == "POST" else []),
        ]
        return "\r\n".join([*lines, "", ""]).encode() + body


async def _attend() -> None:
    audience = Audience()
    deeds: Mapping[str, Callable[..., Awaitable[Any]]] = {
        "seats": audience.seats,
        "open": audience.open,
        "ask": audience.ask,
        "close": audience.close,
    }
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        print(json.dumps(await deeds[order.pop("do")](**order)), flush=True)


if __name__ == "__main__":
    asyncio.run(_attend())
