"""A reply whose terminal goes away before it is shown is told so, and shown once by who comes back.

The first reply is larger than a pipe: who asks stands in the middle of it until it is read.
"""

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TextIO

import pytest

from bot.backends.scripted import ScriptedBackend
from bot.store.database import Database
from tests.house import ask, house
from tests.sql import count, execute, until_true
from tests.terminals import Terminal

LONG = f"{'x' * 999} " * 80 + "END."
SETTINGS = f"""
[backends.says]
kind = "scripted"
answers = [{json.dumps(LONG)}]

[engine]
lease_seconds = 0.5
sweep_seconds = 0.1
"""
GONE = "delivery failed: its terminal is gone"


@pytest.fixture
def url(tmp_path: Path, sqlite_database: Database, sqlite_url: str) -> str:
    """Return the address of a database that is there before anyone asks."""
    assert isinstance(sqlite_database, Database)
    (tmp_path / "bot.toml").write_text(f'{SETTINGS}\n[database]\nurl = "{sqlite_url}"\n')
    return sqlite_url


async def _bot(folder: Path, *arguments: str) -> str:
    bot = (sys.executable, "-m", "channels.cli", *arguments)
    process = await asyncio.create_subprocess_exec(*bot, cwd=folder, stdout=PIPE, stderr=DEVNULL)
    said, _ = await process.communicate()
    assert process.returncode == 0
    return said.decode()


@asynccontextmanager
async def _showing(folder: Path, url: str) -> AsyncIterator[tuple[Process, TextIO]]:
    """Ask, in a process that is in the middle of showing the reply, and where it comes out."""
    reader, writer = os.pipe()
    bot = (sys.executable, "-m", "channels.cli", "ask", "Where is it?")
    process = await asyncio.create_subprocess_exec(*bot, cwd=folder, stdout=writer, stderr=DEVNULL)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as said:
        await until_true(url, "SELECT count(*) FROM deliveries", seconds=60.0)
        yield process, said
        await process.wait()


async def _kill_an_asking(folder: Path, url: str) -> None:
    async with _showing(folder, url) as (process, _):
        process.kill()
    assert await execute(url, "SELECT state FROM deliveries") == [("pending",)]


async def _until_why_tells(folder: Path, words: str) -> None:
    async with asyncio.timeout(60):
        while words not in await _bot(folder, "why"):
            pass


async def test_a_reply_to_a_killed_question_is_undelivered_until_a_chat_shows_it(
    tmp_path: Path, url: str
) -> None:
    await _kill_an_asking(tmp_path, url)
    await _until_why_tells(tmp_path, GONE)
    status = await _bot(tmp_path, "status")
    assert "0 pending, 0 being sent, 0 sent and 0 failed" in status
    assert "✗" not in status  # no person is needed
    async with Terminal(tmp_path, "chat", "--continue") as terminal:
        await terminal.until("END. you>")
        terminal.press("\x04")
        assert await terminal.exit() == 0
    assert "delivery sent" in await _bot(tmp_path, "why")
    assert await count(url, "turns") == 1


async def test_the_next_question_settles_what_a_killed_one_left(tmp_path: Path, url: str) -> None:
    await _kill_an_asking(tmp_path, url)
    await execute(url, "UPDATE deliveries SET due_at = due_at - 60")
    await execute(url, "UPDATE processes SET gone_at = gone_at - 60")
    await _bot(tmp_path, "ask", "And now?")
    states = await execute(url, "SELECT state, error FROM deliveries ORDER BY conversation_id")
    assert states == [("failed", "its terminal is gone"), ("sent", None)]
    assert await count(url, "turns") == 2


async def test_a_terminal_that_was_only_slow_has_its_reply_delivered(
    tmp_path: Path, url: str
) -> None:
    async with _showing(tmp_path, url) as (process, said):
        await _until_why_tells(tmp_path, GONE)  # it stands still, and so nobody sees it
        assert (await asyncio.to_thread(said.read)).endswith("END.\n")
        assert await process.wait() == 0
    assert "delivery sent" in await _bot(tmp_path, "why")


async def test_what_a_running_process_is_about_to_show_is_left_to_it(
    tmp_path: Path, url: str
) -> None:
    async with house(tmp_path, ScriptedBackend("Yes."), database={"url": url}) as app:
        await ask(app, "Where is it?")
        await until_true(url, "SELECT count(*) FROM processes")
        await execute(url, "UPDATE deliveries SET due_at = due_at - 60")
        assert "delivery pending" in await _bot(tmp_path, "why")
    await _until_why_tells(tmp_path, GONE)
