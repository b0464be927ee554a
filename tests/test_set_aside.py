"""A message that breaks every turn, or kills its process, is set aside; nobody is left waiting."""

import logging
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.backends.scripted import ScriptedBackend
from bot.errors import StoreError
from bot.messages import Outcome
from bot.store.conversations import SqlConversations
from bot.store.database import Database
from tests.house import ask, house, says, until
from tests.sql import execute, until_true


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.engine._FIRST_PAUSE", 0.01)


def _refuse(monkeypatch: pytest.MonkeyPatch, *, times: int) -> list[int]:
    """Let the store refuse what is not an apology, ``times`` times; returns each try's number."""
    finish, tries = SqlConversations.finish, list[int]()

    async def refusing(self: SqlConversations, lease: Any, turn: Any, **rest: Any) -> Any:
        if len(tries) < times and turn.reply.outcome is not Outcome.SET_ASIDE:
            tries.append(lease.tries)
            raise StoreError(f"refused: {_WORDS}")
        return await finish(self, lease, turn, **rest)

    monkeypatch.setattr(SqlConversations, "finish", refusing)
    return tries


_WORDS = "my card is 4111"
ENGINE = {"sweep_seconds": 0.02, "tries": 3}


async def test_a_turn_that_breaks_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = _refuse(monkeypatch, times=2)
    async with house(tmp_path, ScriptedBackend("Here."), engine=ENGINE) as app:
        assert (await ask(app, "Where is my order?")).text == "Here."
        assert tries == [1, 2]
        tries.clear()
        await ask(app, "And the other one?")  # what was answered begins to count anew
        assert tries == [1, 2]


async def test_what_always_breaks_is_set_aside_and_the_customer_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries = _refuse(monkeypatch, times=99)
    bot = {"contact": "help@larkmoor.example"}
    async with house(tmp_path, ScriptedBackend("Never."), engine=ENGINE, bot=bot) as app:
        reply = await ask(app, _WORDS)
        [record] = await app.archive.record(reply.turn)
        [listed] = await app.archive.unanswered(limit=9)
        assert (await app.conversations.owed(record.conversation)).after == 1
        assert await app.outbox.take(channels=["terminal"], holder=app.holder, seconds=9)
    assert tries == [1, 2, 3]
    assert reply.outcome is Outcome.SET_ASIDE
    assert "help@larkmoor.example" in reply.text
    assert [question.text for question in record.questions] == [_WORDS]
    assert record.turn.trouble.startswith("tried 3 times; the last time: StoreError at test_set_")
    assert listed.turn == reply.turn
    [told] = [each for each in caplog.records if "set aside" in each.getMessage()]
    assert told.levelno == logging.ERROR
    assert _WORDS not in caplog.text


async def test_what_kills_its_process_each_time_is_set_aside(tmp_path: Path) -> None:
    database = await Database.open(f"sqlite:///{tmp_path / 'frontdesk.db'}", clock=lambda: 1e9)
    dying = SqlConversations(database)
    accepted = await dying.accept(says("boom"), tokens=1, holder="dead 1", seconds=0.0)
    for number in (2, 3):
        await dying.claim(channels=["terminal"], holder=f"dead {number}", seconds=0.0, limit=1)
    await database.close()

    claude = ScriptedBackend("Never asked.")
    async with house(tmp_path, claude, engine=ENGINE) as app:
        events = [event async for event in app.engine.follow(accepted.conversation, seq=1)]
        [turn] = await app.archive.turns(accepted.conversation)
        assert (await ask(app, "And now?")).outcome is Outcome.ANSWERED
    assert turn.reply.outcome is Outcome.SET_ASIDE
    assert turn.reply == events[-1].reply  # type: ignore[union-attr]  # Replied is the last one
    assert "its process ended" in turn.trouble
    assert len(claude.requests) == 1


async def test_what_others_are_to_take_up_counts_as_no_try(tmp_path: Path) -> None:
    stuck = {"grace_seconds": 0.0, **ENGINE}
    waiting = ScriptedBackend([_for_ever])
    async with house(tmp_path, waiting, engine=stuck) as app:
        accepted = await app.engine.accept(says("hello"))
    for number in range(1, 5):
        async with house(tmp_path, waiting, engine=stuck):
            await until(partial(_asked, waiting, times=number))
    async with house(tmp_path, ScriptedBackend("At last."), engine=ENGINE) as app:
        *_, last = [event async for event in app.engine.follow(accepted.conversation, seq=1)]
    assert last.reply.text == "At last."  # type: ignore[union-attr]  # Replied is the last one


def _asked(backend: ScriptedBackend, *, times: int) -> bool:
    return len(backend.requests) >= times


async def _for_ever() -> None:
    await until(lambda: False, seconds=60)


async def test_what_cannot_even_be_set_aside_ends_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refusing(*_: Any, **__: Any) -> Any:
        raise StoreError("refused")

    url = f"sqlite:///{tmp_path / 'frontdesk.db'}"
    async with house(tmp_path, ScriptedBackend([_for_ever]), engine={"grace_seconds": 0}) as app:
        await app.engine.accept(says("boom", key="poison"))
    await execute(url, "UPDATE conversations SET tries = 2000")
    monkeypatch.setattr(SqlConversations, "finish", refusing)
    async with house(tmp_path, ScriptedBackend("Still here."), engine=ENGINE) as app:
        await until_true(url, "SELECT trouble IS NOT NULL FROM conversations")
        monkeypatch.undo()
        assert (await ask(app, "hello", key="another")).text == "Still here."
