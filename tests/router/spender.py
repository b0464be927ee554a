"""A process that spends from a budget until it is killed."""

import asyncio
import sys
from random import Random
from time import time  # noqa: TID251 - a process of its own, on the real clock

from bot.settings import BudgetSettings
from bot.store.base import Reservation
from bot.store.database import Database
from bot.store.spendings import SqlSpendings

MOST = 30
"""Tokens that one answer may take, and is held for."""

HELD_SECONDS = 1.0
"""After which a killed process's share is free again."""


async def spend(url: str, *, seed: int, budget: int) -> None:
    chance = Random(seed)
    database = await Database.open(url, clock=time)
    spendings = SqlSpendings(database)
    while True:
        held = await spendings.reserve(
            "claude",
            conversation=chance.randint(1, 3),
            dollars=0.0,
            tokens=MOST,
            limits=BudgetSettings(tokens_per_day=budget),
            seconds=HELD_SECONDS,
        )
        await asyncio.sleep(chance.random() / 50)
        if isinstance(held, Reservation):
            await spendings.settle(held, dollars=0.0, tokens=chance.randint(0, MOST))


if __name__ == "__main__":
    asyncio.run(spend(sys.argv[1], seed=int(sys.argv[2]), budget=int(sys.argv[3])))
