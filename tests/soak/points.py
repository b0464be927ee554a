"""Kills a worker at each boundary of the protocol by name, and tells what became of the message.

    python -m tests.soak.points

One customer says one thing. The worker that takes it dies at the named point, and another one
follows. Prints a table; exits with 1 where an outcome is not the one that must be.
"""

import asyncio
import signal
import sys
import tempfile
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from bot.store import schema
from tests.databases import postgresql
from tests.servers import mailbox
from tests.servers.mailbox import posts
from tests.soak import death, provider
from tests.soak.forked import SOON, Surroundings, Worker
from tests.sql import count, execute, until_true

ONCE = "answered once"

_AT_ONCE = 9  # cases
_ACCEPTED = "after the commit of the accept"
_POSTED = "after the post"
# Who must have died where, so that the next one gets to the point.
_BEFORE: Mapping[str, Sequence[str]] = {
    "before the commit of the claim": [_ACCEPTED],
    "after the commit of the claim": [_ACCEPTED],
    "before the look for an earlier post": [_POSTED],
    "after the look for an earlier post": [_POSTED],
}
_DRAINED = """
SELECT count(*) = 1 FROM deliveries JOIN conversations ON id = conversation_id
WHERE state = 'sent' AND lease_owner IS NULL AND answered_seq = asked_seq
"""

Make = Callable[[str], Awaitable[str]]


async def outcome(point: str, *, database: str, place: Surroundings, posted: Path) -> str:
    """Let one message come, and a worker die at ``point``; returns what became of the message."""
    message = {"key": point, "external_id": point, "text": "Where is order-1?", "customer": "ada"}
    heard = False
    for each in (*_BEFORE.get(point, ()), point):
        async with Worker(database=database, place=place, death_at=each) as doomed:
            heard = heard or await doomed.hears(message)
            if "release" in each:
                doomed.stop()
            if (code := await doomed.ended()) != -signal.SIGKILL:
                return f"nobody died {each} (exit code {code})"
    async with Worker(database=database, place=place) as survivor:
        if not heard and not await survivor.hears(message):
            return "it could not be handed in again"
        try:
            await until_true(database, _DRAINED, seconds=SOON)
        except TimeoutError:
            return f"not answered within {SOON:g} s; {await _counted(point, database, posted)}"
    return await _counted(point, database, posted)


async def _counted(point: str, database: str, posted: Path) -> str:
    """Tell what there is of the message, everywhere."""
    found = {table: await count(database, table) for table in ("messages", "turns", "deliveries")}
    found["posts"] = sum(post.key == point for post in posts(posted))
    expected = {"messages": 2, "turns": 1, "deliveries": 1, "posts": 1}
    return ONCE if found == expected else ", ".join(f"{n} {name}" for name, n in found.items())


async def outcomes(make: Make, folder: Path) -> Mapping[str, str]:
    """Return every point's outcome, each on a database of its own that ``make`` makes."""
    with ExitStack() as stack:
        posted = folder / "mailbox.db"
        place = Surroundings(
            provider=stack.enter_context(provider.running(longest=1.0)),
            mailbox=stack.enter_context(mailbox.running(posted)),
        )
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(number: int, point: str) -> str:
            async with gate:
                database = await make(f"point_{number}")
                return await outcome(point, database=database, place=place, posted=posted)

        async with asyncio.TaskGroup() as tasks:
            running = {
                point: tasks.create_task(one(number, point))
                for number, point in enumerate(death.DEATHS)
            }
        return {point: task.result() for point, task in running.items()}


# --- By hand ----------------------------------------------------------------------------------


def in_files(folder: Path) -> Make:
    """Return what makes SQLite databases."""

    async def make(name: str) -> str:
        return f"sqlite:///{folder / name}.db"

    return make


def on_server(server: Callable[[str], str], template: str) -> Make:
    """Return what makes PostgreSQL databases as copies of ``template``."""

    async def make(name: str) -> str:
        name = f"{name}_{uuid.uuid4().hex}"
        await execute(server("postgres"), f"CREATE DATABASE {name} TEMPLATE {template}")
        return server(name)

    return make


def table(results: Mapping[str, Mapping[str, str]]) -> str:
    """Return the outcomes in Markdown, a column a database under its name."""
    lines = [["a worker is killed", *results], ["---"] * (1 + len(results))]
    lines += [[point, *(result[point] for result in results.values())] for point in death.DEATHS]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


async def run(folder: Path) -> Mapping[str, Mapping[str, str]]:
    for name in ("sqlite", "postgresql"):
        (folder / name).mkdir()
    with postgresql(folder / "server") as server:
        await schema.upgrade(server("template1"))
        return {
            "SQLite": await outcomes(in_files(folder / "sqlite"), folder / "sqlite"),
            "PostgreSQL": await outcomes(on_server(server, "template1"), folder / "postgresql"),
        }


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        results = asyncio.run(run(Path(folder)))
    print(table(results))
    return int(any(set(result.values()) != {ONCE} for result in results.values()))


if __name__ == "__main__":
    sys.exit(main())
