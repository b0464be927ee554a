"""A person who takes a conversation over is not talked over, whenever they come."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from bot.app import App
from bot.backends.base import Text
from bot.backends.scripted import ScriptedBackend, Step
from bot.messages import Event, Piece, Released, Replied
from tests.house import house, says, until, visible
from tests.sql import count, execute, execute_elsewhere, until_true

QUICK = {"lease_seconds": 0.9, "sweep_seconds": 0.1}
TO_A_PERSON = "UPDATE conversations SET owner = 'operator'"
NOBODY_WORKS = "SELECT count(lease_owner) = 0 FROM conversations"
TO_THE_BOT = "UPDATE conversations SET owner = 'bot'"


@pytest.mark.parametrize("take", [execute, execute_elsewhere], ids=["here", "elsewhere"])
@pytest.mark.parametrize("shown", [(), (Text("I think "),)], ids=["unshown", "shown"])
async def test_who_comes_while_a_reply_is_written_is_not_talked_over(
    tmp_path: Path,
    database_url: str,
    take: Callable[[str, str], Awaitable[object]],
    shown: Sequence[Step],
) -> None:
    go = asyncio.Event()
    claude = ScriptedBackend([*shown, go.wait, Text("that …")], "At your service again.")
    async with house(tmp_path, claude, database={"url": database_url}, engine=QUICK) as app:
        accepted = await app.engine.accept(says("Is anybody there?"))
        following = asyncio.create_task(_until_released(app, accepted.conversation))  # noqa: TID251
        await until(lambda: claude.running)
        await asyncio.sleep(0.1 * len(shown))
        await take(database_url, TO_A_PERSON)
        go.set()
        assert visible(await asyncio.wait_for(following, 60)) == ""
        assert [await count(database_url, table) for table in ("turns", "deliveries")] == [0, 0]
        assert await count(database_url, "messages") == 1

        await take(database_url, TO_THE_BOT)
        events = [e async for e in app.engine.follow(accepted.conversation, seq=accepted.seq)]
    assert isinstance(events[-1], Replied)
    assert events[-1].reply.text == "At your service again."


async def test_who_comes_while_a_model_is_silent_ends_its_answer(
    tmp_path: Path, database_url: str
) -> None:
    claude = ScriptedBackend([Text("Let me see "), asyncio.Event().wait])
    async with house(tmp_path, claude, database={"url": database_url}, engine=QUICK) as app:
        accepted = await app.engine.accept(says("Is anybody there?"))
        events: list[Event] = []
        async for event in app.engine.follow(accepted.conversation, seq=accepted.seq):
            events.append(event)
            if isinstance(event, Piece):
                await execute(database_url, TO_A_PERSON)
        assert isinstance(events[-1], Released)
        assert visible(events) == ""
        await until(lambda: not claude.running)
        assert await count(database_url, "deliveries") == 0


async def test_nothing_is_written_after_a_person_took_over(
    tmp_path: Path, database_url: str
) -> None:
    """Each takeover comes a little earlier or later, and so closer and closer to the commit."""
    chance, after = random.Random(1), 0.05
    claude = ScriptedBackend("That did not take me long.", delay=0.01)
    async with house(tmp_path, claude, database={"url": database_url}, engine=QUICK) as app:
        taken = {}
        for number in range(30):
            accepted = await app.engine.accept(says("Hello?", key=f"round {number}"))
            await asyncio.sleep(after)
            answered = await _take_over(database_url, accepted.conversation)
            taken[accepted.conversation] = answered
            after = max(0, after + chance.uniform(0, 0.02) * (-1 if answered else 1))
        await until_true(database_url, NOBODY_WORKS)
        kept = dict(await execute(database_url, "SELECT id, answered_seq FROM conversations"))
        assert kept == taken
        assert await count(database_url, "deliveries") == sum(taken.values())


async def _take_over(url: str, conversation: int) -> int:
    """Give the conversation to a person; returns up to where it was answered then."""
    [[answered]] = await execute(
        url, f"{TO_A_PERSON} WHERE id = {conversation} RETURNING answered_seq"
    )
    return int(answered)


async def _until_released(app: App, conversation: int) -> list[Event]:
    events: list[Event] = []
    async for event in app.engine.follow(conversation, seq=1):
        events.append(event)
        if isinstance(event, Released):
            break
    return events
