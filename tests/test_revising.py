"""What customers edit is answered as it stands then; what they delete is nobody's question."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.app import App
from bot.backends.base import Request, Text
from bot.backends.scripted import ScriptedBackend
from bot.errors import InboundRefused
from bot.messages import Author, Outcome, Released, Withdrawn
from bot.window import count_tokens
from tests.house import ask, house, says, until, visible
from tests.sql import execute, until_true
from tests.test_bursts import two
from tests.test_showing import Stage, joining, shows_at_once

CALM = "SELECT count(*) = 0 FROM conversations WHERE lease_owner IS NOT NULL"


def _asked(request: Request) -> str:
    return "\n".join(step.text for step in request.history if step.role == "user")


async def _replies(app: App) -> list[str]:
    return [m.text for m in await app.archive.messages(1) if m.author is Author.BOT]


def _url(app: App) -> str:
    return app.settings.database.url.get_secret_value()


async def _edit(app: App, external_id: str, text: str | None) -> bool:
    return await app.engine.revise("terminal", external_id, text)


async def test_an_edited_question_is_answered_in_its_new_words(tmp_path: Path) -> None:
    claude = ScriptedBackend([asyncio.Event().wait], "Order 7 is on its way.")
    async with house(tmp_path, claude) as app:
        accepted = await app.engine.accept(says("Where is order 1?", external_id="first"))
        await until(lambda: claude.running)
        assert await _edit(app, "first", " Where is order 7? ")
        await until_true(_url(app), CALM)
        [question, reply] = await app.archive.messages(accepted.conversation)
    assert reply.text == "Order 7 is on its way."
    assert question.text == "Where is order 7?"
    assert question.tokens == count_tokens("Where is order 7?")
    assert "order 7" in claude.requests[-1].question
    assert "order 1" not in _asked(claude.requests[-1])


async def test_an_edit_that_comes_before_its_turn_has_begun_is_read(tmp_path: Path) -> None:
    claude = ScriptedBackend("Here.")
    async with house(tmp_path, claude) as app:
        await app.engine.accept(says("Where is order 1?", external_id="first"))
        assert not claude.requests
        assert await _edit(app, "first", "Where is order 7?")
        await until_true(_url(app), CALM)
        assert await _replies(app) == ["Here."]
    assert "order 1" not in _asked(claude.requests[-1])


async def test_an_edit_that_another_process_hears_is_answered(
    tmp_path: Path, database_url: str
) -> None:
    go = asyncio.Event()
    claude, idle = ScriptedBackend([go.wait, "First."], "Second."), ScriptedBackend("Not asked.")
    async with two(tmp_path, database_url, claude, idle) as (one, other):
        accepted = await one.engine.accept(says("Where is order 1?", external_id="first"))
        following = one.engine.follow(accepted.conversation, seq=accepted.seq)
        await until(lambda: claude.running)
        assert await _edit(other, "first", "Where is order 7?")
        go.set()
        events = [event async for event in following]
        assert await _replies(one) == ["Second."]
    assert visible(events) == "Second."
    assert not any(isinstance(event, Withdrawn) for event in events)
    assert "order 7" in claude.requests[-1].question
    assert not idle.requests


async def test_an_answer_that_is_shown_is_finished_though_its_question_is_edited(
    tmp_path: Path,
) -> None:
    go = asyncio.Event()
    stage = Stage(hears=shows_at_once)
    claude = ScriptedBackend([Text("Order 1 "), go.wait, Text("is on its way.")])
    async with house(tmp_path, claude, joins=[joining(stage)]) as app:
        await app.engine.accept(says("Where is order 1?", external_id="first"))
        await until(lambda: "Piece" in stage.kinds)
        assert await _edit(app, "first", "Where is order 7?")
        go.set()
        await until_true(_url(app), CALM)
        assert await _replies(app) == ["Order 1 is on its way."]
    assert len(claude.requests) == 1


async def test_an_edit_while_the_reply_is_kept_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claude = ScriptedBackend("First.", "Second.")
    async with house(tmp_path, claude) as app:
        finish, edited = app.conversations.finish, list[bool]()

        async def finishing(*given: Any, **named: Any) -> Any:
            if not edited:
                edited.append(await _edit(app, "first", "Where is order 7?"))
            return await finish(*given, **named)

        monkeypatch.setattr(app.conversations, "finish", finishing)
        await app.engine.accept(says("Where is order 1?", external_id="first"))
        await until_true(_url(app), CALM)
        assert await _replies(app) == ["Second."]
    assert "order 7" in claude.requests[-1].question


# --- Deleted ----------------------------------------------------------------------------------


async def test_a_deleted_question_gets_no_answer(tmp_path: Path) -> None:
    stage = Stage()
    claude = ScriptedBackend([Text("Well, "), asyncio.Event().wait], "Never.")
    quick = {"sweep_seconds": 0.05}
    async with house(tmp_path, claude, joins=[joining(stage)], engine=quick) as app:
        accepted = await app.engine.accept(says("hello?", external_id="first"))
        await until(lambda: "Piece" in stage.kinds)
        assert await _edit(app, "first", None)
        await until_true(_url(app), CALM)
        await asyncio.sleep(0.3)  # the sweeper looks several times
        [message] = await app.archive.messages(accepted.conversation)
    assert message.text == ""
    assert claude.running == 0
    assert len(claude.requests) == 1
    assert stage.kinds == ["Working", "Piece", "Withdrawn", "Released"]


async def test_a_question_that_is_deleted_before_anybody_took_it_gets_no_answer(
    tmp_path: Path,
) -> None:
    claude = ScriptedBackend("Never.")
    async with house(tmp_path, claude, engine={"sweep_seconds": 0.05}) as app:
        accepted = await app.conversations.accept(
            says("hello?", external_id="first"), tokens=1, holder="dead", seconds=60
        )
        assert await _edit(app, "first", None)
        await execute(_url(app), "UPDATE conversations SET lease_until = 0")
        await asyncio.sleep(0.3)
        assert len(await app.archive.messages(accepted.conversation)) == 1
        assert (await ask(app, "something else")).text == "Never."
    assert len(claude.requests) == 1


async def test_a_deletion_that_another_process_hears_leaves_nothing_to_answer(
    tmp_path: Path, database_url: str
) -> None:
    go = asyncio.Event()
    claude, idle = ScriptedBackend([go.wait, "Never."]), ScriptedBackend("Not asked.")
    async with two(tmp_path, database_url, claude, idle) as (one, other):
        await one.engine.accept(says("hello?", external_id="first"))
        await until(lambda: claude.running)
        assert await _edit(other, "first", None)
        go.set()
        await until_true(database_url, CALM)
        assert await _replies(one) == []


@pytest.mark.parametrize(("deleted", "left"), [("first", "Where is B?"), ("second", "Where is A?")])
async def test_of_two_questions_the_one_that_is_left_is_answered(
    tmp_path: Path, deleted: str, left: str
) -> None:
    claude = ScriptedBackend([asyncio.Event().wait], [asyncio.Event().wait], "Here.", "Again.")
    async with house(tmp_path, claude) as app:
        await app.engine.accept(says("Where is A?", external_id="first"))
        await until(lambda: claude.running)
        await app.engine.accept(says("Where is B?", external_id="second"))
        await until(lambda: len(claude.requests) == 2)
        assert await _edit(app, deleted, None)
        await until_true(_url(app), CALM)
        assert await _replies(app) == ["Here."]
        assert claude.requests[-1].question == left
        assert (await ask(app, "And C?")).text == "Again."
    assert len(claude.requests) == 4


async def test_what_is_deleted_while_an_answer_is_shown_gets_no_turn_of_its_own(
    tmp_path: Path,
) -> None:
    go = asyncio.Event()
    stage = Stage(hears=shows_at_once)
    claude = ScriptedBackend([Text("First "), go.wait, Text("answer.")], "Never.")
    async with house(tmp_path, claude, joins=[joining(stage)]) as app:
        await app.engine.accept(says("one", external_id="first"))
        await until(lambda: "Piece" in stage.kinds)
        await app.engine.accept(says("two", external_id="second"))
        assert await _edit(app, "second", None)
        go.set()
        await until_true(_url(app), CALM)
        assert await _replies(app) == ["First answer."]
    assert len(claude.requests) == 1


async def test_who_follows_a_question_that_is_deleted_is_told_so(tmp_path: Path) -> None:
    claude = ScriptedBackend([Text("Well, "), asyncio.Event().wait])
    async with house(tmp_path, claude) as app:
        accepted = await app.engine.accept(says("hello?", external_id="first"))
        await until(lambda: claude.running)
        assert await _edit(app, "first", None)
        async with asyncio.timeout(60):
            following = app.engine.follow(accepted.conversation, seq=accepted.seq)
            events = [event async for event in following]
    assert events[-1] == Released()
    assert visible(events) == ""


# --- Afterwards -------------------------------------------------------------------------------


async def test_an_edit_after_the_answer_asks_nothing(tmp_path: Path) -> None:
    claude = ScriptedBackend("It is on its way.", "Next.")
    async with house(tmp_path, claude, engine={"sweep_seconds": 0.05}) as app:
        accepted = await app.engine.accept(says("Where is order 1?", external_id="first"))
        await until_true(_url(app), CALM)
        assert await _edit(app, "first", "Where is order 7?")
        await asyncio.sleep(0.2)
        assert len(claude.requests) == 1
        await ask(app, "And now?")
        [question, *_] = await app.archive.messages(accepted.conversation)
    assert question.text == "Where is order 7?"
    assert "order 7" in _asked(claude.requests[1])
    assert "order 1" not in _asked(claude.requests[1])


async def test_what_was_deleted_after_its_answer_is_read_by_no_model(tmp_path: Path) -> None:
    claude = ScriptedBackend("Noted.", "Next.")
    async with house(tmp_path, claude) as app:
        await app.engine.accept(says("My PIN is 1234", external_id="first"))
        await until_true(_url(app), CALM)
        assert await _edit(app, "first", None)
        await ask(app, "How long is a refund?")
        [question, *_] = await app.archive.messages(1)
    assert question.text == ""
    assert "PIN is 1234" not in str(claude.requests[1])
    assert claude.requests[1].history[-1].role == "user"
    assert claude.requests[1].history[0].role == "user"


async def test_a_message_that_was_never_kept_cannot_be_revised(tmp_path: Path) -> None:
    async with house(tmp_path, ScriptedBackend("Never.")) as app:
        assert not await _edit(app, "first", "Hello")
        assert not await _edit(app, "first", None)


@pytest.mark.parametrize("text", ["", "  \n ", "\x00\x07", "x" * 20_001])
async def test_an_edit_that_cannot_be_taken_changes_nothing(tmp_path: Path, text: str) -> None:
    async with house(tmp_path, ScriptedBackend("Hello.")) as app:
        accepted = await app.engine.accept(says("hello", external_id="first"))
        with pytest.raises(InboundRefused):
            await _edit(app, "first", text)
        await until_true(_url(app), CALM)
        [question, reply] = await app.archive.messages(accepted.conversation)
    assert (question.text, reply.text) == ("hello", "Hello.")


async def test_a_stop_outlives_an_edit(tmp_path: Path) -> None:
    claude = ScriptedBackend([asyncio.Event().wait], "Never.")
    async with house(tmp_path, claude) as app:
        accepted = await app.engine.accept(says("hello", external_id="first"))
        await until(lambda: claude.running)
        await app.engine.stop(accepted.conversation)
        assert await _edit(app, "first", "hello there")
        await until_true(_url(app), CALM)
        [turn] = await app.archive.turns(accepted.conversation)
    assert turn.reply.outcome is Outcome.STOPPED
    assert len(claude.requests) == 1
