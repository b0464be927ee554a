"""A budget holds while processes spend from it and are killed."""

import asyncio
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import func, select

from bot.store.database import Database
from bot.store.tables import Spending
from tests.router.spender import MOST

BUDGET = 3000


class Spenders:
    """Processes that spend; ``seen`` are the sums that were spent, from look to look."""

    def __init__(self, database: Database, url: str) -> None:
        self._database = database
        self._url = url
        self.running: list[Process] = []
        self.seen = [0]

    async def begin(self, count: int) -> None:
        for _ in range(count):
            seed = str(len(self.running) + len(self.seen))
            module = ("-m", "tests.router.spender", self._url, seed, str(BUDGET))
            self.running.append(await asyncio.create_subprocess_exec(sys.executable, *module))

    async def kill(self, count: int) -> None:
        killed, self.running = self.running[:count], self.running[count:]
        for spender in killed:
            spender.kill()
        for spender in killed:
            await spender.wait()

    async def until_spent(self, tokens: int) -> None:
        """Look again and again until more than ``tokens`` are spent."""
        # Each token stands under its conversation as well.
        day = ~Spending.scope.startswith("conversation")
        query = select(func.coalesce(func.sum(Spending.tokens), 0)).where(day)
        async with asyncio.timeout(60):
            while self.seen[-1] <= tokens:
                await asyncio.sleep(0.01)
                self.seen.append(
                    int(await self._database.read(lambda line: line.execute(query).scalar_one()))
                )


@asynccontextmanager
async def spending(database: Database, url: str) -> AsyncIterator[Spenders]:
    spenders = Spenders(database, url)
    try:
        yield spenders
    finally:
        await spenders.kill(len(spenders.running))


async def test_processes_that_are_killed_neither_break_nor_keep_a_budget(
    database: Database, database_url: str
) -> None:
    async with spending(database, database_url) as spenders:
        await spenders.begin(4)
        for mark in (0, BUDGET // 4, BUDGET // 2):
            await spenders.until_spent(mark)
            await spenders.kill(2)
            await spenders.begin(2)
        # All of it can be spent in the end: what the killed ones held is free again.
        await spenders.until_spent(BUDGET - MOST)
    assert max(spenders.seen) <= BUDGET
