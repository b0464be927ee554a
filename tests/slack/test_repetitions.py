"""What Slack tells more than once, late, or of two workspaces at a time, happens once."""

import asyncio
import json
from pathlib import Path
from typing import Any

from bot.backends.scripted import ScriptedBackend
from tests.house import until
from tests.servers.slack import FakeSlack
from tests.slack.bodies import command, envelope, in_channel
from tests.slack.halls import answered, comes, dispatched, replies_of, to_workspace, visited


def granted(install: str) -> list[dict[str, Any]]:
    return [{"enterprise_id": None, "team_id": install, "is_enterprise_install": False}]


async def test_a_message_that_is_told_of_to_two_workspaces_is_answered_once(tmp_path: Path) -> None:
    async with FakeSlack() as slack:
        slack.install("T2")
        yours = to_workspace(slack, "T2")
        async with visited(tmp_path, slack=slack, install=[yours]) as hall:
            words = f"<@{yours.bot_user}> Where is my parcel?"
            mention = in_channel(words, type="app_mention")
            for event, install in ((mention, "T1"), (in_channel(words), "T2")):
                body = envelope(event, authorizations=granted(install), is_ext_shared_channel=True)
                assert (await dispatched(hall.bolt, body)).status == 200
            (visit,) = await comes(lambda: hall.app.visits.of("slack", "T1:UADA", limit=9))
            assert not await hall.app.visits.of("slack", "T2:UADA", limit=9)
            assert visit.conversation.key.startswith("T1:")


async def test_a_stop_that_is_told_again_stops_no_later_answer(tmp_path: Path) -> None:
    held, more = asyncio.Event(), asyncio.Event()
    backend = ScriptedBackend(["It ", held.wait, "is."], ["Tomorrow", more.wait, "."])
    async with visited(tmp_path, backend) as hall:
        ts = await hall.slack.say("Where is my parcel?")
        await until(lambda: backend.running)
        event = {
            "type": "agent_session_stopped",
            "channel": "D1",
            "thread_ts": ts,
            "user": "U1",
            "event_ts": "1700000099.000100",
        }
        await dispatched(hall.bolt, envelope(event))
        await answered(hall, ts)
        await hall.slack.say("And when?", thread=ts)
        await until(lambda: backend.running)
        await dispatched(hall.bolt, envelope(event))
        more.set()
        texts = await answered(hall, ts, replies=2)
        assert texts[-1] == "Tomorrow."
        assert [each.stopped for each in replies_of(await hall.messages(ts))] == [True, False]


async def test_a_command_that_is_told_again_is_not_said_to_have_failed(tmp_path: Path) -> None:
    async with visited(tmp_path) as hall:
        body = command("Where is my parcel?")
        hall.slack.world.people.person(body["user_id"], team="T1")
        first = await dispatched(hall.bolt, body)
        assert "direct messages" in json.loads(first.body)["text"]
        again = await dispatched(hall.bolt, body)
        assert again.status == 200
        assert not again.body
        assert len(await hall.conversations(body["user_id"])) == 1
