"""Streams of server-sent events: one of an answer, or a standing one of a conversation."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import ExitStack, aclosing, suppress
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bot.errors import StoreUnavailable
from channels.web.front import Call
from channels.web.telling import Telling

STREAM: Final = "text/event-stream"
STREAMED: Final[dict[str, Any]] = {
    "description": "Events, or a plain answer",
    "content": {STREAM: {"schema": {"type": "string"}}},
}

_HEARTBEAT = 15.0  # seconds: sooner than proxies give up a line on which nothing is said
_GATHER = 0.05  # seconds in which pieces are gathered
_LOOK_AGAIN = 1.0  # seconds after which a database that did not answer is asked again
_RETRY = 500  # milliseconds after which a client comes back
_SPREAD = 1500  # of those that are sent away all at once: not all at once back

_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class EventStream(Response):
    """Tells a conversation from the message ``after`` on.

    Without ``until`` it stands until its client leaves, its session ends or the server does; with
    it, until that message has its reply. ``first`` is told before anything else.

    Raises:
        Problem: the visitor or the address has too many of them open.
    """

    media_type = STREAM

    def __init__(
        self,
        call: Call,
        conversation: int,
        *,
        after: int,
        until: int | None = None,
        first: bytes = b"",
    ) -> None:
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]
        self._here = here = call.here
        self._conversation = conversation
        self._telling = Telling(
            visits=here.app.visits, conversation=conversation, after=after, until=until
        )
        self._first = first
        self._ends = call.who.until if until is None else None
        self._stands = until is None
        self._left = False
        self._woken = asyncio.Event()
        self._held = ExitStack()
        held = here.limits.stream(visitor=call.who.customer, address=call.address)
        self._held.enter_context(held)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._held:
            headers = self.raw_headers
            if "transfer-encoding" in Headers(scope=scope):  # such a body may have no end
                headers = [*headers, (b"connection", b"close")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await self._send(receive, send)

    async def _send(self, receive: Receive, send: Send) -> None:
        async with asyncio.TaskGroup() as tasks:
            beside = [tasks.create_task(self._hear()), tasks.create_task(self._leave(receive))]
            try:
                with self._here.streams.opened(self._woken.set):
                    async for chunk in self._chunks():
                        await send({"type": "http.response.body", "body": chunk, "more_body": True})
                        await asyncio.sleep(_GATHER)
                await send({"type": "http.response.body", "body": b""})
            except OSError:
                pass  # the line is gone
            finally:
                for each in beside:
                    each.cancel()

    async def _hear(self) -> None:
        async with aclosing(self._here.app.engine.watch(self._conversation)) as heard:
            async for each in heard:
                self._telling.hear(each)
                self._woken.set()

    async def _leave(self, receive: Receive) -> None:
        with suppress(HTTPException):  # its body has no end, and nobody asked for one
            while (await receive())["type"] != "http.disconnect":
                pass
        self._left = True
        self._woken.set()

    async def _chunks(self) -> AsyncIterator[bytes]:
        yield b"retry: %d\n\n%s" % (_RETRY, self._first)
        while not self._ended():
            patience = _HEARTBEAT
            try:
                if told := await self._telling.news():
                    yield told
            except StoreUnavailable:
                patience = _LOOK_AGAIN
            if self._telling.over:
                return
            if not await self._rest(patience) and patience == _HEARTBEAT:
                yield b": \n\n"
        if self._here.streams.stopping and not self._left:
            retry = random.randint(_RETRY, _SPREAD)  # noqa: S311 - spreads load, hides nothing
            yield b"retry: %d\n\n" % retry

    def _ended(self) -> bool:
        if self._left or self._here.streams.cut:
            return True
        ended = self._ends is not None and self._here.clock() >= self._ends
        return self._stands and (ended or self._here.streams.stopping)

    async def _rest(self, seconds: float) -> bool:
        """Wait until there is something to tell; False where there was nothing for so long."""
        if self._ends is not None:
            seconds = min(seconds, max(0.0, self._ends - self._here.clock()))
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return False
        self._woken.clear()
        return True
