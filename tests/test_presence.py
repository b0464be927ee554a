"""A process is seen as long as it runs, and its database may be away meanwhile."""

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from bot.backends.scripted import ScriptedBackend
from bot.errors import BackendMisconfigured
from bot.presence import Presence
from bot.store.base import Process
from bot.store.database import Database
from bot.store.overview import SqlOverview
from bot.store.standing import Standing
from channels.cli.board import _at_work
from tests.house import ask, house, until
from tests.sql import count, execute, until_true

QUICK = {"lease_seconds": 3.0, "sweep_seconds": 0.1}


async def _look(database: Database) -> Standing:
    return await SqlOverview(database).standing(few=3)


async def test_a_process_is_seen_while_it_runs(
    tmp_path: Path, database: Database, database_url: str
) -> None:
    yes, at = ScriptedBackend("Yes."), {"url": database_url}
    async with house(tmp_path, yes, channels=("web",), database=at, engine=QUICK) as app:
        await until_true(database_url, "SELECT count(*) FROM processes")
        await until_true(database_url, "SELECT seen_at > started_at + 0.6 FROM processes")
        [one] = (await _look(database)).processes
        assert (one.holder, one.channels, one.gone) == (app.holder, ("web",), False)
        assert one.holder.startswith(f"{one.host}:{one.pid}:")
    assert await count(database_url, "processes") == 0


async def test_a_backend_that_breaks_is_told_at_once_and_so_is_its_return(
    tmp_path: Path, database: Database, database_url: str
) -> None:
    wrong = BackendMisconfigured("the key is wrong", backend="claude")
    claude = ScriptedBackend(wrong, "Yes.", name="claude")
    async with house(
        tmp_path,
        claude,
        database={"url": database_url},
        engine={"lease_seconds": 600},
        router={"breaker_seconds": 0.5},
    ) as app:
        await ask(app, "Are you there?")
        await until_true(database_url, "SELECT CAST(left_alone AS TEXT) <> '{}' FROM processes")
        [one] = (await _look(database)).processes
        [left] = one.left_alone
        assert (left.backend, left.trouble) == ("claude", "the key is wrong")
        assert 0 < left.until - left.since < 30
        assert (await ask(app, "And now?")).text == "Yes."
        await until_true(database_url, "SELECT CAST(left_alone AS TEXT) = '{}' FROM processes")


class _Busy(ScriptedBackend):
    """A model in this process, with a line before it."""

    waiting = 3


async def test_how_many_wait_for_a_model_in_a_process_is_told(
    tmp_path: Path, database: Database, database_url: str
) -> None:
    at = {"url": database_url}
    async with house(tmp_path, _Busy("Yes.", name="llama"), database=at, engine=QUICK):
        await until_true(database_url, "SELECT count(*) FROM processes")
        [one] = (await _look(database)).processes
    assert one.queues == {"llama": 3}
    [_, line] = next(_at_work(replace(await _look(database), processes=(one,))))
    assert line.endswith("3 answers in line for llama")


class _Diary:
    """Keeps how often a process was seen; something new happens while the first time is kept."""

    def __init__(self, news: asyncio.Event) -> None:
        self.seen_times = 0
        self._news = news

    async def seen(self, process: Process, **_: object) -> None:
        del process
        self.seen_times += 1
        if self.seen_times == 1:
            self._news.set()
            await asyncio.sleep(0)

    async def ended(self, process: Process) -> None:
        del process


async def test_news_that_comes_while_others_are_told_is_told_next() -> None:
    news = asyncio.Event()
    diary = _Diary(news)
    me = Process(holder="vm:1:abc", host="vm", pid=1, channels=())
    async with Presence(
        processes=diary, process=me, left_alone=dict, queues=dict, news=news, seconds=3600
    ):
        await until(lambda: diary.seen_times == 2)


async def test_a_database_that_is_away_is_a_warning_and_no_end(
    tmp_path: Path, sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(tmp_path, ScriptedBackend("Yes."), engine=QUICK) as app:
        await until_true(sqlite_url, "SELECT count(*) FROM processes")
        await execute(sqlite_url, "ALTER TABLE processes RENAME TO away")
        await until(lambda: "Others could not be told that this process runs" in caplog.text)
        assert (await ask(app, "Are you there?")).text == "Yes."
        await execute(sqlite_url, "ALTER TABLE away RENAME TO processes")
        await until_true(sqlite_url, "SELECT gone_at > unixepoch() FROM processes")
        await execute(sqlite_url, "DROP TABLE processes")
    assert all(record.levelno <= logging.WARNING for record in caplog.records)


async def test_a_turn_costs_no_word_to_others(tmp_path: Path, sqlite_url: str) -> None:
    async with house(tmp_path, ScriptedBackend("Yes."), engine={"lease_seconds": 600}) as app:
        await until_true(sqlite_url, "SELECT count(*) FROM processes")
        [before] = await execute(sqlite_url, "SELECT * FROM processes")
        for _ in range(3):
            await ask(app, "Are you there?")
        await asyncio.sleep(0.1)
        assert await execute(sqlite_url, "SELECT * FROM processes") == [before]
