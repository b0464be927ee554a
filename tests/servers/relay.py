"""A line to a PostgreSQL server that can be cut, to see what a program does then."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.servers.listening import close

_SOCKET = ".s.PGSQL.5432"


class Relay:
    """Passes bytes between a port of this machine and a server's Unix socket."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / _SOCKET
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.port = 0

    def hold(self) -> None:
        """Pass nothing on, and let nobody know."""
        self._flowing.clear()

    async def open(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Refuse new lines and break those there are."""
        self._flowing.set()
        if self._server:
            await close(self._server)
        for line in list(self._lines):
            line.close()
        if self._server:
            await self._server.wait_closed()
        self._server = None

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream, up = await asyncio.open_unix_connection(str(self._socket))
        except BaseException:
            writer.close()
            raise
        self._lines |= {writer, up}
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pump(reader, up))
            group.create_task(self._pump(upstream, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(65536):
                await self._flowing.wait()
                writer.write(piece)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            self._lines.discard(writer)
            writer.close()


@asynccontextmanager
async def relay(folder: Path) -> AsyncIterator[Relay]:
    """Open a relay to the server whose socket lies in ``folder``."""
    line = Relay(folder)
    await line.open()
    try:
        yield line
    finally:
        await line.cut()
