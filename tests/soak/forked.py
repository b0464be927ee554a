"""Workers that are forked from a process that has imported everything, and so begin at once."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Self

from bot.settings import Settings
from tests.servers.plain import Refused, ask, serve
from tests.soak import death
from tests.soak.worker import Door, settings, working

LEASE = 1.0
PATIENCE = 1.5
SOON = 30.0

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.soak.forked", "tests.databases", "anthropic"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where a worker finds its model and its messenger."""

    provider: str
    mailbox: str


def _work(
    death_at: str, database: str, place: Surroundings, lease: float, starter: Connection
) -> None:
    if death_at:
        death.arm(death_at)
    chosen = settings(
        database=database,
        provider=place.provider,
        lease=lease,
        patience=PATIENCE,
        grace=0.0 if death_at else 5.0,
    )
    asyncio.run(_serve(chosen, place, starter))


async def _serve(chosen: Settings, place: Surroundings, starter: Connection) -> None:
    """Say the door's url to whoever started this process, and serve until they hang up."""
    async with working(chosen, mailbox=place.mailbox) as app, asyncio.TaskGroup() as tasks:
        door = Door(app, tasks)
        async with serve(door.answer) as url:
            starter.send(url)
            with suppress(EOFError):
                await asyncio.to_thread(starter.recv)
        door.close()


class Worker:
    """A worker process, for an ``async with``; one with ``death_at`` dies there by its own hand."""

    def __init__(
        self, *, database: str, place: Surroundings, death_at: str = "", lease: float = LEASE
    ) -> None:
        self._line, theirs = _FORKS.Pipe()
        self._process = _FORKS.Process(
            target=_work, args=(death_at, database, place, lease, theirs), daemon=True
        )
        self._process.start()
        theirs.close()
        self._door = ""

    async def __aenter__(self) -> Self:
        """Wait for its door, or for its death."""
        with suppress(EOFError, ConnectionError):
            self._door = await asyncio.to_thread(self._line.recv)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop()
        if await self.ended() is None:
            self.signal(signal.SIGKILL)
            await self.ended()

    async def hears(self, message: Mapping[str, str]) -> bool:
        """Hand ``message`` in; True if it was acknowledged."""
        if not self._door:
            return False
        with suppress(OSError, Refused):
            await ask(f"{self._door}/", message)
            return True
        return False

    def stop(self) -> None:
        """Tell it to end in an orderly way."""
        self._line.close()

    async def ended(self) -> int | None:
        """Wait for its end; returns its exit code, below zero where a signal ended it."""
        await asyncio.to_thread(self._process.join, SOON)
        return self._process.exitcode

    def signal(self, number: int) -> None:
        """Kill it, or let it stand still, or go on."""
        assert self._process.pid
        os.kill(self._process.pid, number)
