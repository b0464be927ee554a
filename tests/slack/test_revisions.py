"""What becomes of a question that is edited or deleted in Slack."""

import asyncio
from pathlib import Path

from bot.backends.scripted import ScriptedBackend
from tests.house import until
from tests.slack.bodies import changed, message
from tests.slack.halls import answered, heard, replies_of, visited


def years_later() -> float:
    """Return a time at which the threads of a test are long known."""
    return 4e9


async def test_an_edit_before_the_answer_is_what_is_answered(tmp_path: Path) -> None:
    held = asyncio.Event()
    backend = ScriptedBackend([held.wait, "Neither."], "They are.")
    async with visited(tmp_path, backend) as hall:
        ts = await hall.slack.say("Where is my parcel?")
        await until(lambda: backend.running)
        await hall.slack.edit(ts, "Where are my boots?")
        await heard(hall)
        assert await answered(hall, ts) == ["Where are my boots?", "They are."]


async def test_an_edit_after_the_answer_changes_what_is_remembered(tmp_path: Path) -> None:
    backend = ScriptedBackend("It is on its way.")
    async with visited(tmp_path, backend) as hall:
        ts = await hall.slack.say("Where is my parcel?")
        await answered(hall, ts)
        await hall.slack.edit(ts, "Where are my boots?")
        await heard(hall)
        assert await hall.texts(ts) == ["Where are my boots?", "It is on its way."]
        assert len(backend.requests) == 1


async def test_a_deleted_question_gets_no_answer(tmp_path: Path) -> None:
    held = asyncio.Event()
    backend = ScriptedBackend([held.wait, "It is."])
    async with visited(tmp_path, backend) as hall:
        ts = await hall.slack.say("Where is my parcel?")
        await until(lambda: backend.running)
        await hall.slack.delete(ts)
        await heard(hall)
        await until(lambda: not backend.running)
        assert replies_of(await hall.messages(ts)) == []


async def test_a_question_that_was_too_long_may_be_shortened(tmp_path: Path) -> None:
    async with visited(tmp_path) as hall:
        ts = await hall.slack.say("x" * 40_000)
        await heard(hall)
        await hall.slack.edit(ts, "Where is my parcel?")
        assert (await answered(hall, ts))[0] == "Where is my parcel?"


async def test_an_old_message_of_a_thread_may_be_edited_in_peace(tmp_path: Path) -> None:
    async with visited(tmp_path, clock=years_later) as hall:
        root = await hall.slack.say("Lunch?", channel="C1")
        old = await hall.slack.say("Shure.", channel="C1", thread=root, user="U2")
        await heard(hall)
        await hall.slack.say("what is open?", channel="C1", thread=root, mention=True)
        await answered(hall, root, channel="C1")
        await hall.slack.edit(old, "Sure.")
        await heard(hall)
        assert len(await hall.texts(root, channel="C1")) == 2


async def test_what_strangers_edit_gets_no_word_of_the_bot(tmp_path: Path) -> None:
    async with visited(tmp_path, clock=years_later) as hall:
        root = await hall.slack.say("Lunch?", channel="C1")
        await hall.slack.say("Sure.", channel="C1", thread=root, user="U2")
        await hall.slack.edit(root, "x" * 40_000)
        mine = await hall.slack.say("Where is my parcel?")
        await answered(hall, mine)
        await hall.slack.edit(mine, "x" * 40_000)
        await heard(hall)
        await until(hall.notices)
        assert [each.channel for each in hall.slack.messages if each.is_ours] == ["D1"]
        assert (await hall.texts(mine))[0] == "Where is my parcel?"


async def test_an_edit_may_be_the_first_that_is_heard_of_a_message(tmp_path: Path) -> None:
    async with visited(tmp_path) as hall:
        now = message("Where are my boots?", ts="1700000000.000100")
        await hall.slack.say("Hello?")  # there is such a place
        await hall.slack.deliver(changed(now, message("Where?")))
        await heard(hall)
        await hall.slack.deliver(message("Where?", ts="1700000000.000100"))
        await heard(hall)
        assert (await answered(hall, "1700000000.000100"))[0] == "Where are my boots?"
