"""Trouble with the database: a message is kept or refused, and an answer outlives it."""

import asyncio
import random
import resource
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import pytest

import bot.engine
from bot.app import App
from bot.backends.base import Text
from bot.backends.scripted import ScriptedBackend
from bot.errors import StoreUnavailable
from bot.messages import Inbound, Replied
from bot.store.base import Accepted
from bot.store.database import Database
from tests.answers import each_is_answered_once
from tests.databases import postgres_stopped
from tests.house import house, says, until
from tests.sql import count, execute, until_true

QUICK = {"lease_seconds": 1.0, "sweep_seconds": 0.1, "tries": 100}
PATIENT = {"lease_seconds": 30.0, "sweep_seconds": 0.1}
ALL_ANSWERED = "SELECT count(*) = 0 FROM conversations WHERE answered_seq < asked_seq"
_HOLDS_THE_FILE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@asynccontextmanager
async def answering(folder: Path, url: str) -> AsyncIterator[tuple[App, ScriptedBackend, Any]]:
    """Open a bot in the middle of an answer; yields it, its model and what lets the model go on."""
    go = asyncio.Event()
    claude = ScriptedBackend([Text("Half of it, "), go.wait, Text("and the rest.")], "Me, too.")
    async with house(folder, claude, database={"url": url}, engine=PATIENT) as app:
        yield app, claude, go


async def _reply(app: App, accepted: Accepted) -> str:
    *_, last = [e async for e in app.engine.follow(accepted.conversation, seq=accepted.seq)]
    assert isinstance(last, Replied)
    return last.reply.text


CUT_ALL = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY random()
"""
Trouble = Callable[[str], AbstractAsyncContextManager[None]]


async def _through_trouble(folder: Path, url: str, trouble: Trouble) -> None:
    """Let ``trouble`` come in the middle of an answer, and stay beyond the answer's end."""
    async with answering(folder, url) as (app, claude, go), asyncio.TaskGroup() as tasks:
        first = await app.engine.accept(says("one", key="first"))
        following = tasks.create_task(_reply(app, first))
        # Its first piece is shown: from now on it needs the database only to be kept.
        await until(lambda: _is_shown(app, first))
        again = says("two", key="second")
        async with trouble(url):
            with pytest.raises(StoreUnavailable):
                await app.engine.accept(again)
            go.set()
            await until(lambda: not claude.running)
            await asyncio.sleep(0.2)
        second = await _kept_at_last(app, again)
        assert not second.duplicate
        assert await _reply(app, second) == "Me, too."
        assert await following == "Half of it, and the rest."
        assert len(claude.requests) == 2
        assert await count(url, "deliveries") == 2


def _is_shown(app: App, accepted: Accepted) -> bool:
    return bool(app.engine._works[accepted.conversation].shown)


async def _kept_at_last(app: App, inbound: Inbound) -> Accepted:
    """Send until it is acknowledged, as Slack does."""
    for _ in range(200):
        with suppress(StoreUnavailable):
            return await app.engine.accept(inbound)
        await asyncio.sleep(0.05)
    pytest.fail("It was never acknowledged.")


# --- PostgreSQL -------------------------------------------------------------------------------


async def test_a_server_that_is_restarted_in_the_middle_of_an_answer_loses_nothing(
    tmp_path: Path, postgres_url: str
) -> None:
    await _through_trouble(tmp_path, postgres_url, postgres_stopped)


async def test_connections_that_were_cut_while_idle_are_not_noticed(
    tmp_path: Path, postgres_url: str
) -> None:
    async with answering(tmp_path, postgres_url) as (app, claude, go):
        first = await app.engine.accept(says("one", key="first"))
        await until(lambda: _is_shown(app, first))
        await asyncio.gather(*(app.conversations.read(first.conversation) for _ in range(9)))
        assert len(await execute(postgres_url, CUT_ALL)) > 1
        second = await app.engine.accept(says("two", key="second"))
        assert await _reply(app, second) == "Me, too."
        await execute(postgres_url, CUT_ALL)
        go.set()
        assert await _reply(app, first) == "Half of it, and the rest."
        assert len(claude.requests) == 2


async def test_connections_that_are_cut_at_any_moment_lose_nothing_and_double_nothing(
    tmp_path: Path, postgres_url: str
) -> None:
    claude = ScriptedBackend("That was quick.", delay=0.01)
    sections: dict[str, Any] = {"database": {"url": postgres_url}, "engine": QUICK}
    async with (
        house(tmp_path, claude, **sections) as one,
        house(tmp_path, claude, **sections) as other,
        asyncio.TaskGroup() as tasks,
    ):
        cutting = tasks.create_task(_cut_now_and_then(postgres_url))
        async with asyncio.TaskGroup() as customers:
            for number in range(12):
                customers.create_task(_write_thrice((one, other), f"visitor {number}"))
        cutting.cancel()
        await until_true(postgres_url, ALL_ANSWERED)
        for line in await one.archive.conversations(limit=50):
            assert line.conversation.asked
            await each_is_answered_once(one, line.conversation.id)
    asked = "SELECT count(*) FROM messages WHERE author = 'customer'"
    assert await execute(postgres_url, asked) == [(36,)]


async def _cut_now_and_then(url: str) -> None:
    chance = random.Random(1)
    while True:
        await asyncio.sleep(chance.uniform(0.0, 0.1))
        await execute(url, f"{CUT_ALL} LIMIT 1")


async def _write_thrice(apps: Sequence[App], key: str) -> None:
    chance = random.Random(key)
    for number in range(3):
        await _kept_at_last(chance.choice(apps), says(f"message {number}", key=key))
        await asyncio.sleep(chance.uniform(0, 0.4))


async def test_transactions_that_a_server_cannot_put_into_an_order_lose_nothing(
    tmp_path: Path, postgres_url: str
) -> None:
    name = urlsplit(postgres_url).path.strip("/")
    await execute(
        postgres_url, f"ALTER DATABASE {name} SET default_transaction_isolation TO 'serializable'"
    )
    claude = ScriptedBackend("That was quick.")
    sections: dict[str, Any] = {"database": {"url": postgres_url}, "engine": QUICK}
    async with (
        house(tmp_path, claude, **sections) as one,
        house(tmp_path, claude, **sections) as other,
    ):
        says_all = (
            app.engine.accept(says(f"message {number}", key=f"visitor {number % 4}"))
            for number in range(20)
            for app in (one, other)
        )
        accepted = await asyncio.gather(*says_all)
        await until_true(postgres_url, ALL_ANSWERED)
        for conversation in {each.conversation for each in accepted}:
            await each_is_answered_once(one, conversation)
    assert await count(postgres_url, "conversations") == 4


# --- SQLite -----------------------------------------------------------------------------------


@asynccontextmanager
async def held(url: str) -> AsyncIterator[None]:
    """Let another process write in the file for as long as the block takes."""
    holder = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _HOLDS_THE_FILE, url.removeprefix("sqlite:///")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert holder.stdin
    assert holder.stdout
    await holder.stdout.readline()
    yield
    holder.stdin.close()
    await holder.wait()


@asynccontextmanager
async def full(url: str) -> AsyncIterator[None]:
    """Let no file of this process grow beyond where the database's log ends now."""
    log = anyio.Path(url.removeprefix("sqlite:///") + "-wal")
    size = (await log.stat()).st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a database wait for others' locks for a moment only."""
    opening: Any = Database.open
    monkeypatch.setitem(opening.__func__.__kwdefaults__, "patience", 0.2)


@pytest.mark.usefixtures("impatient")
async def test_a_file_that_is_locked_in_the_middle_of_an_answer_loses_nothing(
    tmp_path: Path, sqlite_url: str
) -> None:
    await _through_trouble(tmp_path, sqlite_url, held)


async def test_a_disk_that_is_full_in_the_middle_of_an_answer_loses_nothing(
    tmp_path: Path, sqlite_url: str
) -> None:
    await _through_trouble(tmp_path, sqlite_url, full)


@pytest.mark.usefixtures("impatient")
async def test_a_turn_that_could_not_be_kept_in_time_is_taken_up_again(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.engine, "_FINISH_PAUSES", ())
    claude = ScriptedBackend("It comes.")
    sections: dict[str, Any] = {"database": {"url": sqlite_url}, "engine": QUICK}
    async with house(tmp_path, claude, **sections) as app:
        await app.engine.accept(says("warm up", key="first"))
        await until_true(sqlite_url, ALL_ANSWERED)
        accepted = await app.engine.accept(says("one"))
        async with held(sqlite_url):
            await until(lambda: not claude.running and len(claude.requests) == 2)
            await asyncio.sleep(1.0)
        assert await _reply(app, accepted) == "It comes."
        await each_is_answered_once(app, accepted.conversation)
