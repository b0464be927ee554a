"""What a person in Slack lives through: asked, answered, rated, stopped."""

import asyncio
from pathlib import Path

from bot.backends.scripted import ScriptedBackend
from bot.messages import Rating
from tests.house import until
from tests.servers.slack import Message
from tests.slack.halls import Visited, answered, comes, replies_of, visited

LONG = "Parcels take three days. " * 40


async def shown(hall: Visited, ts: str, *, channel: str = "D1") -> list[Message]:
    """Wait until a reply stands in a thread with all that belongs below it; return its parts."""
    await until(lambda: any(each.actions for each in hall.slack.answers(channel, ts)))
    return hall.slack.answers(channel, ts)


async def rating(hall: Visited, ts: str) -> Rating | None:
    """Return what was thought of the reply of a thread."""
    turn = replies_of(await hall.messages(ts))[0].turn
    assert turn
    return (await hall.app.archive.record(turn))[0].rating


async def test_an_answer_is_rated_by_the_buttons_below_it(tmp_path: Path) -> None:
    async with visited(tmp_path, ScriptedBackend(LONG), speaks=True) as hall:
        ts = await hall.slack.say("How long does it take?")
        last = (await shown(hall, ts))[-1]
        thumb = last.actions[0]
        good = thumb["positive_button"]["value"]
        bad = thumb["negative_button"]["value"]
        assert await hall.slack.click(last.ts, "frontdesk_feedback", good)
        assert await rating(hall, ts) is Rating.GOOD
        assert await hall.slack.click(last.ts, "frontdesk_feedback", bad)
        assert await rating(hall, ts) is Rating.BAD
        await until(lambda: len(hall.slack.ephemerals) == 2)


async def test_slacks_own_stop_button_ends_an_answer(tmp_path: Path) -> None:
    held = asyncio.Event()
    backend = ScriptedBackend([LONG, held.wait, "Never said."])
    async with visited(tmp_path, backend, speaks=True) as hall:
        ts = await hall.slack.say("How long does it take?")
        await until(lambda: any(each.streaming for each in hall.slack.answers("D1", ts)))
        await hall.slack.stop(ts)
        await answered(hall, ts)
        assert replies_of(await hall.messages(ts))[0].stopped
        await until(lambda: hall.slack.status("D1", ts) != "processing")
        assert "Never said" not in "".join(each.shown for each in hall.slack.answers("D1", ts))


async def test_our_stop_button_ends_an_answer_in_the_older_view(tmp_path: Path) -> None:
    held = asyncio.Event()
    backend = ScriptedBackend([LONG, held.wait, "Never said."])
    settings = {"view": "assistant"}
    async with visited(tmp_path, backend, speaks=True, slack_settings=settings) as hall:
        ts = await hall.slack.say("How long does it take?")
        await until(lambda: any(each.actions for each in hall.slack.ephemerals))
        button = next(each for each in hall.slack.ephemerals if each.actions)
        assert await hall.slack.click(button.ts, "frontdesk_stop")
        await answered(hall, ts)
        assert replies_of(await hall.messages(ts))[0].stopped


async def test_the_answer_to_a_command_stands_below_the_question(tmp_path: Path) -> None:
    async with visited(tmp_path, speaks=True) as hall:
        await hall.slack.command("Where is my parcel?")
        (visit,) = await comes(hall.conversations)
        channel, root = visit.conversation.key.split(":")[1:]
        (reply,) = await shown(hall, root, channel=channel)
        assert reply.shown.strip() == "It is on its way."
        assert "> Where is my parcel?" in hall.slack.message(root).shown
