"""A line between a browser and a server that can be cut, shortened and kept back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from tests.servers.listening import close
from tests.servers.ports import free_port

_STREAM = b"content-type: text/event-stream"
_LAST_CHUNK = b"0\r\n\r\n"


class Line:
    """Passes bytes between a port of this machine and that of a server.

    With ``longest`` every connection breaks after so many seconds, as behind some proxies. With
    ``buffering`` event streams are passed on once they have ended, and not a byte before. ``cuts``
    counts the connections that it broke.
    """

    def __init__(self, port: int, *, at: int) -> None:
        self.longest: float | None = None
        self.buffering = False
        self.cuts = 0
        self._target = port
        self._port = at
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.StreamWriter, asyncio.Task[Any] | None] = {}

    @property
    def url(self) -> str:
        """Return the origin to which the line leads."""
        return f"http://127.0.0.1:{self._port}"

    async def up(self) -> None:
        """Take connections, always on the same port."""
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", self._port)

    def cut(self) -> int:
        """Break the connections that stand and say how many they were; new ones are taken."""
        for writer in (broken := list(self._open)):
            writer.transport.abort()
        self.cuts += len(broken)
        return len(broken)

    async def down(self) -> None:
        """Break the connections that stand, and refuse new ones until ``up``."""
        if self._server:
            await close(self._server)
        tasks = [task for task in self._open.values() if task]
        self.cut()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[writer] = asyncio.current_task()
        try:
            async with asyncio.timeout(self.longest):
                await self._both_ways(reader, writer)
        except TimeoutError:
            self.cuts += 1
        finally:
            del self._open[writer]
            writer.transport.abort()

    async def _both_ways(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionRefusedError):  # the server is down: hang up
            upstream, up = await asyncio.open_connection("127.0.0.1", self._target)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(_pump(reader, up, lambda: False))
                    group.create_task(_pump(upstream, writer, lambda: self.buffering))
            finally:
                up.transport.abort()


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, buffering: Callable[[], bool]
) -> None:
    kept = b""
    with suppress(ConnectionError):
        while piece := await reader.read(65536):
            kept += piece
            if buffering() and _STREAM in kept.lower() and not kept.endswith(_LAST_CHUNK):
                continue
            writer.write(kept)
            kept = b""
            await writer.drain()
        writer.write(kept)
    writer.close()


@asynccontextmanager
async def line(port: int) -> AsyncIterator[Line]:
    """Open a line to the server on ``port`` until the block ends."""
    with free_port() as own:
        opened = Line(port, at=own)
        await opened.up()
        try:
            yield opened
        finally:
            await opened.down()
