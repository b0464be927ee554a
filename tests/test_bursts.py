"""Messages that come in bursts: one reply for those before it shows, and none without a reply."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.app import App
from bot.backends.base import Text
from bot.backends.scripted import ScriptedBackend
from bot.messages import GIVEN_UP, Event, Piece, Replied
from tests.answers import each_is_answered_once
from tests.house import house, says, until, visible
from tests.sql import count, until_true

ALL_ANSWERED = "SELECT count(*) = 0 FROM conversations WHERE answered_seq < asked_seq"


@asynccontextmanager
async def two(
    folder: Path, url: str, one: ScriptedBackend, other: ScriptedBackend
) -> AsyncIterator[tuple[App, App]]:
    """Open two bots on one database, as two processes would.

    Neither looks for what waits: each message must be somebody's from the start.
    """
    database = {"url": url}
    async with (
        house(folder, one, channels=(), database=database) as first,
        house(folder, other, channels=(), database=database) as second,
    ):
        yield first, second


async def test_a_burst_that_two_processes_hear_gets_one_reply(
    tmp_path: Path, database_url: str
) -> None:
    go = asyncio.Event()
    claude, idle = ScriptedBackend([go.wait, "All of it."]), ScriptedBackend("Not asked.")
    async with two(tmp_path, database_url, idle, claude) as apps:
        for number in range(1, 6):
            await apps[number % 2].engine.accept(says(f"part {number}"))
            await until(lambda: claude.running)
        go.set()
        for app in apps:
            events = await asyncio.wait_for(_follow(app, conversation=1, seq=5), 60)
            assert visible(events[:-1]) in {"All of it.", ""}
            assert isinstance(events[-1], Replied)
            assert events[-1].reply.text == "All of it."
    asked = "\n".join(step.text for step in claude.requests[-1].history)
    assert all(f"part {number}" in asked for number in range(1, 6))
    assert not idle.requests
    assert [await count(database_url, table) for table in ("turns", "deliveries")] == [1, 1]


async def test_what_another_process_hears_while_an_answer_is_shown_gets_the_next_turn(
    tmp_path: Path, database_url: str
) -> None:
    go = asyncio.Event()
    claude = ScriptedBackend([Text("First "), go.wait, Text("answer.")], "Second answer.")
    idle = ScriptedBackend("Not asked.")
    async with two(tmp_path, database_url, claude, idle) as (one, other):
        first = await one.engine.accept(says("one"))
        events: list[Event] = []
        async for event in one.engine.follow(first.conversation, seq=first.seq):
            events.append(event)
            if isinstance(event, Piece) and not go.is_set():
                await other.engine.accept(says("two"))
                go.set()
        assert visible(events) == "First answer."
        await until_true(database_url, ALL_ANSWERED)
        messages = await one.archive.messages(first.conversation)
    assert [m.text for m in messages] == ["one", "two", "First answer.", "Second answer."]
    assert not idle.requests


async def test_no_message_is_left_when_a_burst_ends_as_the_turn_does(
    tmp_path: Path, database_url: str
) -> None:
    """Twelve customers at once, each of whom writes again about when an answer is finished."""
    claude, other = (ScriptedBackend("That was quick.", delay=0.005) for _ in range(2))
    async with two(tmp_path, database_url, claude, other) as apps:
        async with asyncio.TaskGroup() as customers:
            for number in range(12):
                customers.create_task(_write_twice(apps, f"visitor {number}", rounds=6))
        for line in await apps[0].archive.conversations(limit=50):
            await each_is_answered_once(apps[0], line.conversation.id)
    assert await count(database_url, "deliveries") == await count(database_url, "turns")


async def test_what_an_answer_cost_that_was_begun_anew_is_kept_with_the_reply(
    tmp_path: Path,
) -> None:
    go = asyncio.Event()
    main = ScriptedBackend([go.wait, "Both."], name="main")
    small = ScriptedBackend('{"mood": "neutral"}', name="small")
    tasks = {"sentiment": {"by": "prompt", "backend": "small"}}
    async with house(tmp_path, main, small, tasks=tasks, router={"chain": ["main"]}) as app:
        await app.engine.accept(says("Where is it?"))
        await until(lambda: main.running)
        await app.engine.accept(says("My parcel, I mean."))
        await until(lambda: len(main.requests) == 2)
        go.set()
        await _answered(app, conversation=1, seq=2)
        [turn] = await app.archive.turns(1)
    assert [attempt.backend for attempt in turn.attempts] == ["small", "main", "small", "main"]
    assert [attempt.usage.output for attempt in turn.attempts] == [2, 0, 2, 1]
    assert turn.attempts[1].error == GIVEN_UP


async def _write_twice(apps: tuple[App, App], key: str, *, rounds: int) -> None:
    """Write again a little earlier or later than the reply is there; wait for both replies."""
    chance, pause = random.Random(key), 0.05
    for number in range(rounds):
        app, other = chance.sample(apps, 2)
        first = await app.engine.accept(says(f"message {number}", key=key))
        async with asyncio.TaskGroup() as tasks:
            if number % 2:  # what is shown to somebody is finished, and else begun anew
                tasks.create_task(_follow(app, first.conversation, first.seq))
            await asyncio.sleep(pause)
            was_there = await app.conversations.reply(first.conversation, seq=first.seq)
            second = await other.engine.accept(says(f"and {number}", key=key))
        await _answered(other, second.conversation, second.seq)
        pause = max(0.0, pause + chance.uniform(0, 0.02) * (-1 if was_there else 1))


async def _follow(app: App, conversation: int, seq: int) -> list[Event]:
    return [event async for event in app.engine.follow(conversation, seq=seq)]


async def _answered(app: App, conversation: int, seq: int) -> None:
    async with asyncio.timeout(60):
        while not await app.conversations.reply(conversation, seq=seq):  # noqa: ASYNC110 - no events
            await asyncio.sleep(0.02)
