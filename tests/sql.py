"""Runs SQL on a test's database past the store, as a person with a client of their own would."""

import asyncio
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg

_TOP = Path(__file__).parents[1]


async def execute(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Run one statement in a transaction of its own; returns its rows."""
    if url.startswith("sqlite"):
        return await asyncio.to_thread(_in_file, url.removeprefix("sqlite:///"), statement)
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()


async def execute_elsewhere(url: str, statement: str) -> None:
    """Run one statement in another process."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.sql", url, statement, cwd=_TOP
    )
    assert await process.wait() == 0


async def count(url: str, table: str) -> int:
    """Return how many rows ``table`` has."""
    [[rows]] = await execute(url, f"SELECT count(*) FROM {table}")  # noqa: S608 - a test's word
    return int(rows)


async def until_true(url: str, question: str, *, seconds: float = 60.0) -> None:
    """Wait until the one value that ``question`` asks for is true."""
    async with asyncio.timeout(seconds):
        while not (await execute(url, question))[0][0]:  # noqa: ASYNC110 - it knows no events
            await asyncio.sleep(0.05)


def _in_file(name: str, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(name, timeout=10, isolation_level=None)) as connection:
        return connection.execute(statement).fetchall()


if __name__ == "__main__":
    asyncio.run(execute(*sys.argv[1:]))
