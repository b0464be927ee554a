"""What the bot does about what it hears, through the fake's own sockets."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import lists

from bot.backends.scripted import ScriptedBackend
from bot.messages import Rating
from bot.store.base import Visit
from tests.house import until
from tests.servers.slack import FakeSlack, Moods, Rules
from tests.slack.bodies import TS, click, command, envelope, message
from tests.slack.halls import (
    Visited,
    answered,
    comes,
    dispatched,
    heard,
    locked,
    replies_of,
    to_workspace,
    visited,
)
from tests.slack.mutilations import mutilated

# --- Messages -----------------------------------------------------------------------------------


async def test_a_direct_message_is_answered(tmp_path: Path) -> None:
    async with visited(tmp_path) as hall:
        ts = await hall.slack.say("Where is my parcel?")
        assert await answered(hall, ts) == ["Where is my parcel?", "It is on its way."]


async def test_a_mention_that_arrives_as_two_events_is_one_message(tmp_path: Path) -> None:
    async with visited(tmp_path) as hall:
        ts = await hall.slack.say("where is my parcel?", channel="C1", mention=True)
        assert await answered(hall, ts, channel="C1") == [
            "where is my parcel?",
            "It is on its way.",
        ]
        await heard(hall)
        assert len(await hall.texts(ts, channel="C1")) == 2
        assert len(hall.slack.deliveries) == 2


async def test_three_deliveries_are_one_message(tmp_path: Path) -> None:
    async with visited(tmp_path) as hall:
        ts = await hall.slack.say("Where is my parcel?", deliveries=3)
        await answered(hall, ts)
        await heard(hall)
        assert len(hall.slack.acks) == 3
        assert len(await hall.texts(ts)) == 2


async def test_a_thread_that_the_bot_is_in_needs_no_mention(tmp_path: Path) -> None:
    async with visited(tmp_path) as hall:
        ts = await hall.slack.say("where is my parcel?", channel="C1", mention=True)
        await answered(hall, ts, channel="C1")
        await hall.slack.say("And abroad?", channel="C1", thread=ts, user="U2")
        texts = await answered(hall, ts, replies=2, channel="C1")
        assert texts[2] == "And abroad?"


async def test_a_follow_up_may_overtake_its_mention(tmp_path: Path) -> None:
    async with FakeSlack() as slack, visited(tmp_path, slack=slack) as hall:
        ts = slack.world.clock.ts()
        late = {"channel": "C1", "channel_type": "channel", "user": "U1"}
        follow_up = message("And abroad?", ts=slack.world.clock.ts(), thread_ts=ts, **late)
        await slack.deliver(follow_up)
        await until(lambda: slack.deliveries)
        await asyncio.sleep(0.1)
        root = message(f"<@{slack.bot_user}> and at home?", ts=ts, **late)
        await slack.deliver(root)
        await comes(lambda: _said(hall, ts, "And abroad?"))


async def test_a_follow_up_is_told_again_until_its_mention_is_there(tmp_path: Path) -> None:
    rules = Rules(ack_seconds=1.5, retries=(0.0,) * 20, hourly=False)
    async with FakeSlack(rules=rules) as slack, visited(tmp_path, slack=slack) as hall:
        ts = slack.world.clock.ts()
        late = {"channel": "C1", "channel_type": "channel", "user": "U1"}
        follow_up = message("And abroad?", ts=slack.world.clock.ts(), thread_ts=ts, **late)
        await slack.deliver(follow_up)
        await until(lambda: slack.deliveries and slack.deliveries[0].failure)
        await slack.deliver(message(f"<@{slack.bot_user}> and at home?", ts=ts, **late))
        await comes(lambda: _said(hall, ts, "And abroad?"))
        await heard(hall)


async def test_what_people_said_before_the_mention_stays_among_them(tmp_path: Path) -> None:
    rules = Rules(ack_seconds=1.5, retries=(0.0,) * 20, hourly=False)
    async with FakeSlack(rules=rules) as slack, visited(tmp_path, slack=slack) as hall:
        ts, late = slack.world.clock.ts(), {"channel": "C1", "channel_type": "channel"}
        reply = message("Sure.", ts=slack.world.clock.ts(), thread_ts=ts, user="U2", **late)
        await slack.deliver(reply)
        await until(lambda: slack.deliveries and slack.deliveries[0].failure)
        words = f"<@{slack.bot_user}> what is for lunch?"
        asks = message(words, ts=slack.world.clock.ts(), thread_ts=ts, user="U1", **late)
        await slack.deliver(asks)
        await comes(lambda: _said(hall, ts, "what is for lunch?"))
        await heard(hall)
        assert "Sure." not in await hall.texts(ts, channel="C1")


async def _said(hall: Visited, ts: str, text: str) -> bool:
    return text in await hall.texts(ts, channel="C1")


@pytest.mark.parametrize("text", ["<@U2> do you know?", "<!here> lunch?"])
async def test_who_speaks_to_someone_else_is_left_alone(tmp_path: Path, text: str) -> None:
    async with visited(tmp_path) as hall:
        ts = await hall.slack.say("where is my parcel?", channel="C1", mention=True)
        await answered(hall, ts, channel="C1")
        await hall.slack.say(text, channel="C1", thread=ts, user="U3")
        await heard(hall)
        assert len(await hall.texts(ts, channel="C1")) == 2


async def test_a_thread_of_strangers_is_left_alone(tmp_path: Path) -> None:
    years_later = 4e9
    async with visited(tmp_path, clock=lambda: years_later) as hall:
        ts = await hall.slack.say("Lunch?", channel="C1")
        await hall.slack.say("Sure.", channel="C1", thread=ts, user="U2")
        await heard(hall)
        assert await hall.conversation(ts, channel="C1") is None
        assert len(hall.slack.acks) == 2


async def test_people_of_other_organisations_are_answered_unless_told_otherwise(
    tmp_path: Path,
) -> None:
    async with visited(tmp_path) as hall:
        ts = await hall.slack.say("hello", channel="C1", mention=True, user="U9", of="T9")
        await answered(hall, ts, channel="C1")
        found = await hall.conversation(ts, channel="C1")
        assert found is not None
        assert found.conversation.attributes == {"team": "T9"}
    async with visited(tmp_path, slack_settings={"strangers": False}) as hall:
        ts = await hall.slack.say("hello", channel="C1", mention=True, user="U9", of="T9")
        await heard(hall)
        assert await hall.conversation(ts, channel="C1") is None


async def test_a_file_alone_is_a_message(tmp_path: Path) -> None:
    async with visited(tmp_path) as hall:
        ts = await hall.slack.say("", files=["broken.png"])
        assert "broken.png" in (await answered(hall, ts))[0]


async def test_blocks_alone_are_a_message(tmp_path: Path) -> None:
    section = {
        "type": "rich_text_section",
        "elements": [{"type": "text", "text": "Where is my parcel?"}],
    }
    async with visited(tmp_path) as hall:
        blocks = [{"type": "rich_text", "block_id": "b", "elements": [section]}]
        ts = await hall.slack.say("", blocks=blocks)
        assert (await answered(hall, ts))[0] == "Where is my parcel?"


async def test_a_message_that_is_too_long_is_refused_once(tmp_path: Path) -> None:
    async with visited(tmp_path) as hall:
        ts = await hall.slack.say("x" * 40_000, deliveries=3)
        await heard(hall)
        await until(hall.notices)
        assert await hall.conversation(ts) is None
        assert len(hall.notices()) == 1
        assert "too long" in hall.notices()[0]
        assert hall.slack.thread("D1", ts)[-1].text.startswith("That message is too long")


async def test_who_only_names_the_bot_is_asked_what_they_want(tmp_path: Path) -> None:
    async with visited(tmp_path) as hall:
        ts = await hall.slack.say("", channel="C1", mention=True)
        await heard(hall)
        await until(hall.notices)
        assert await hall.conversation(ts, channel="C1") is None
        assert hall.notices() == ["Your message arrived empty. What can I help you with?"]


async def test_a_picture_among_people_in_a_thread_is_left_alone(tmp_path: Path) -> None:
    async with visited(tmp_path) as hall:
        ts = await hall.slack.say("where is my parcel?", channel="C1", mention=True)
        await answered(hall, ts, channel="C1")
        image = {"type": "image", "image_url": "https://x.example/a.gif", "alt_text": ""}
        await hall.slack.say("", channel="C1", thread=ts, user="U2", blocks=[image])
        await heard(hall)
        await hall.slack.say("", channel="C1", user="U2", mention=True)
        await until(hall.notices)
        assert len(hall.notices()) == 1


async def test_other_bots_and_the_bot_itself_are_left_alone(tmp_path: Path) -> None:
    async with visited(tmp_path) as hall:
        mine = hall.slack.bot_user
        await hall.slack.deliver(message("hello", bot_id="B9", user="UB9", ts="1.1"))
        await hall.slack.deliver(message("hello", user=mine, bot_id=hall.slack.bot_id, ts="1.2"))
        await hall.slack.deliver(message("joined", subtype="channel_join", ts="1.3"))
        await heard(hall)
        assert len(hall.slack.acks) == 3
        assert [await hall.conversation(ts) for ts in ("1.1", "1.2", "1.3")] == [None] * 3


# --- Clicks -------------------------------------------------------------------------------------


def feedback(ts: str, value: str, **more: Any) -> dict[str, Any]:
    """Return a click on a reply in the thread ``ts``."""
    container = {"type": "message", "message_ts": "9.9", "channel_id": "D1", "thread_ts": ts}
    action = {"type": "feedback_buttons", "action_id": "frontdesk_feedback", "value": value}
    return {"type": "block_actions", "container": container, "actions": [action]} | more


async def _rating(hall: Visited, turn: str) -> Rating | None:
    return (await hall.app.archive.record(turn))[0].rating


async def test_a_rating_is_stored_and_can_be_changed(tmp_path: Path) -> None:
    async with visited(tmp_path) as hall:
        ts = await hall.slack.say("Where is my parcel?")
        await answered(hall, ts)
        turn = replies_of(await hall.messages(ts))[0].turn
        assert turn
        await hall.slack.interact(feedback(ts, f"good:{turn}"), user="U1", channel="D1")
        assert await _rating(hall, turn) is Rating.GOOD
        await hall.slack.interact(feedback(ts, f"bad:{turn}"), user="U1", channel="D1")
        assert await _rating(hall, turn) is Rating.BAD
        await until(lambda: len(hall.slack.ephemerals) == 2)
        assert [each.only_for for each in hall.slack.ephemerals] == ["U1", "U1"]
        assert {each.thread for each in hall.slack.ephemerals} == {ts}


async def test_a_rating_counts_in_its_own_thread_alone(tmp_path: Path) -> None:
    async with visited(tmp_path) as hall:
        mine = await hall.slack.say("Where is my parcel?")
        yours = await hall.slack.say("And mine?", channel="D2", user="U2")
        await answered(hall, mine)
        await answered(hall, yours, channel="D2")
        turn = replies_of(await hall.messages(yours, channel="D2"))[0].turn
        assert turn
        await hall.slack.interact(feedback(mine, f"good:{turn}"), user="U1", channel="D1")
        assert await _rating(hall, turn) is None
        assert not hall.slack.ephemerals


async def test_stop_ends_the_answer(tmp_path: Path) -> None:
    held = asyncio.Event()
    backend = ScriptedBackend(["It ", held.wait, "is."])
    async with visited(tmp_path, backend) as hall:
        ts = await hall.slack.say("Where is my parcel?")
        await until(lambda: backend.running)
        stopped = {"type": "agent_session_stopped", "channel": "D1", "thread_ts": ts, "user": "U1"}
        await hall.slack.deliver(stopped)
        await answered(hall, ts)
        assert replies_of(await hall.messages(ts))[0].stopped


async def test_the_stop_button_ends_the_answer(tmp_path: Path) -> None:
    held = asyncio.Event()
    backend = ScriptedBackend(["It ", held.wait, "is."])
    async with visited(tmp_path, backend) as hall:
        ts = await hall.slack.say("Where is my parcel?")
        await until(lambda: backend.running)
        action = {"type": "button", "action_id": "frontdesk_stop", "value": f"T1:D1:{ts}"}
        body = {"type": "block_actions", "actions": [action], "channel": {"id": "D1"}}
        assert await hall.slack.interact(body, user="U1", channel="D1")
        await answered(hall, ts)
        assert replies_of(await hall.messages(ts))[0].stopped


async def test_who_is_of_another_workspace_can_stop_their_answer(tmp_path: Path) -> None:
    """Of a message that one person alone sees Slack tells nothing but their own workspace."""
    held = asyncio.Event()
    backend = ScriptedBackend(["It ", held.wait, "is."])
    async with visited(tmp_path, backend) as hall:
        ts = await hall.slack.say("Where is my parcel?", channel="C1", mention=True)
        await until(lambda: backend.running)
        container = {"type": "message", "is_ephemeral": True, "channel_id": "C1"}
        pressed = click(
            "frontdesk_stop",
            f"T1:C1:{ts}",
            team={"id": "T9"},
            user={"id": "U9", "team_id": "T9"},
            channel={"id": "C1"},
            container=container,
        )
        del pressed["message"]
        await dispatched(hall.bolt, pressed)
        await answered(hall, ts, channel="C1")
        assert replies_of(await hall.messages(ts, channel="C1"))[0].stopped


# --- Questions by other means -------------------------------------------------------------------


async def test_a_command_is_answered_in_private(tmp_path: Path) -> None:
    async with visited(tmp_path) as hall:
        ack = await hall.slack.command("Where is my parcel?")
        assert ack
        assert ack.payload
        assert ack.payload["response_type"] == "ephemeral"
        assert "direct messages" in ack.payload["text"]
        (visit,) = await hall.conversations()
        channel, root = visit.conversation.key.split(":")[1:]
        assert channel.startswith("D")
        assert "> Where is my parcel?" in hall.slack.message(root).shown
        assert await answered(hall, root, channel=channel) == [
            "Where is my parcel?",
            "It is on its way.",
        ]


async def test_a_command_without_words_explains_itself(tmp_path: Path) -> None:
    async with visited(tmp_path) as hall:
        ack = await hall.slack.command("  ")
        assert ack
        assert ack.payload
        assert "`/ask" in ack.payload["text"]
        assert await hall.conversations() == []


async def test_a_command_that_cannot_be_answered_in_private_says_so(tmp_path: Path) -> None:
    async with visited(tmp_path) as hall:
        hall.slack.deactivate("U1")
        ack = await hall.slack.command("Where is my parcel?")
        assert ack
        assert ack.payload
        assert "Mention me in a channel" in ack.payload["text"]


async def test_a_slow_slack_does_not_lose_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.slack.asking._PATIENCE", 0.0)
    moods = Moods(slow=1.0, spared=frozenset({"apps.connections.open"}))
    async with FakeSlack(moods=moods) as slack, visited(tmp_path, slack=slack) as hall:
        for _ in range(3):
            ack = await slack.command("Where is my parcel?")
            assert ack
            assert ack.payload
            assert "One moment" in ack.payload["text"]
        assert len(await comes(lambda: _three(hall))) == 3
        await until(lambda: len(_whispers(hall)) == 3)


def _whispers(hall: Visited) -> list[str]:
    """Return what was said to one person alone, but for what answered a command at once."""
    return [each.text for each in hall.slack.ephemerals if "on it" in each.text]


async def _three(hall: Visited) -> list[Visit]:
    found = await hall.conversations()
    return found if len(found) == 3 else []


async def test_a_command_that_comes_twice_is_one_question(tmp_path: Path) -> None:
    async with visited(tmp_path) as hall:
        body = command("Where is my parcel?")
        hall.slack.world.people.person(body["user_id"], team="T1")
        for _ in range(2):
            assert (await dispatched(hall.bolt, body)).status == 200
        assert len(hall.notices()) == 1
        assert len(await hall.conversations(body["user_id"])) == 1


async def test_a_shortcut_asks_what_the_message_says(tmp_path: Path) -> None:
    async with visited(tmp_path) as hall:
        ts = await hall.slack.say("How long does shipping take?", channel="C1", user="U2")
        assert await hall.slack.shortcut(ts)
        visits = await comes(hall.conversations)
        channel, root = visits[0].conversation.key.split(":")[1:]
        assert (await answered(hall, root, channel=channel))[0] == "How long does shipping take?"
        await until(lambda: hall.slack.ephemerals)
        assert hall.slack.ephemerals[0].only_for == "U1"


async def test_a_suggestion_is_asked_by_a_click(tmp_path: Path) -> None:
    async with visited(tmp_path) as hall:
        await hall.slack.open_home()
        await heard(hall)
        action = {"type": "button", "action_id": "frontdesk_suggest", "value": "What can you do?"}
        body = {"type": "block_actions", "actions": [action], "container": {"type": "view"}}
        assert await hall.slack.interact(body, user="U1")
        visits = await comes(hall.conversations)
        channel, root = visits[0].conversation.key.split(":")[1:]
        assert (await answered(hall, root, channel=channel))[0] == "What can you do?"


# --- Before anything is asked -------------------------------------------------------------------

SUGGESTIONS = {"suggestions": ["Where is my parcel?", "How do I return it?"]}


async def test_the_home_tab_shows_what_a_person_has_asked(tmp_path: Path) -> None:
    async with visited(tmp_path, slack_settings=SUGGESTIONS) as hall:
        ts = await hall.slack.say("Where are my boots?")
        await answered(hall, ts)
        await hall.slack.open_home()
        await until(lambda: "U1" in hall.slack.world.homes)
        shown = str(hall.slack.world.homes["U1"])
        assert "Where are my boots?" in shown
        assert "How do I return it?" in shown
        assert "frontdesk_suggest" in shown


async def test_suggestions_come_once_a_day(tmp_path: Path) -> None:
    now = [1_700_000_000.0]
    async with visited(tmp_path, slack_settings=SUGGESTIONS, clock=lambda: now[0]) as hall:
        for day in (0, 0, 1):
            now[0] = 1_700_000_000.0 + day * 86_400
            await hall.slack.open_home(tab="messages")
            await heard(hall)
        await until(lambda: len(hall.slack.called("assistant.threads.setSuggestedPrompts")) == 2)
        assert [each["title"] for each in next(iter(hall.slack.world.prompts.values()))] == (
            SUGGESTIONS["suggestions"]
        )


async def test_an_assistants_thread_is_greeted_and_gets_its_question_as_title(
    tmp_path: Path,
) -> None:
    settings = SUGGESTIONS | {"view": "assistant", "greeting": "Welcome to the shop!"}
    async with visited(tmp_path, slack_settings=settings) as hall:
        root = await hall.slack.open_assistant()
        await until(lambda: hall.slack.world.prompts)
        assert hall.slack.thread("D1", root)[-1].shown == "Welcome to the shop!"
        await hall.slack.say("Where is\nmy parcel?", thread=root)
        await until(lambda: hall.slack.world.titles)
        assert hall.slack.world.titles["D1", root] == "Where is my parcel?"


# --- Workspaces ---------------------------------------------------------------------------------


async def test_a_workspace_that_leaves_is_forgotten(tmp_path: Path) -> None:
    async with visited(tmp_path) as hall:
        await hall.slack.uninstall()
        await until(lambda: len(hall.slack.acks) == 2)
        assert [name for name, _ in hall.workspaces.left] == ["T1"]
        ts = await hall.slack.say("Where is my parcel?")
        await heard(hall)
        assert await hall.conversation(ts) is None


async def test_two_workspaces_never_mix(tmp_path: Path) -> None:
    async with FakeSlack() as slack:
        slack.install("T2")
        async with visited(tmp_path, slack=slack, install=[to_workspace(slack, "T2")]) as hall:
            mine = await slack.say("Where is my parcel?")
            yours = await slack.say("And mine?", channel="D2", user="U2", team="T2")
            await answered(hall, mine)
            assert await comes(lambda: hall.texts(yours, channel="D2", install="T2"))
            assert await hall.texts(yours, channel="D2", install="T1") == []


async def test_a_token_of_another_workspace_is_told_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with visited(tmp_path) as hall:
        for _ in range(2):
            await dispatched(hall.bolt, {"type": "shortcut", "team": {"id": "T9"}})
        assert [each.getMessage() for each in caplog.records if "no token" in each.message] == [
            "Slack tells of a place that the bot has no token for. T9"
        ]


# --- Whatever arrives ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        envelope({"type": "of_tomorrow"}),
        envelope({"type": "reaction_added", "user": "U1"}),
        {"type": "view_submission", "team": {"id": "T1"}, "view": {}},
        {"type": "block_suggestion", "team": {"id": "T1"}, "value": "x"},
        {"type": "shortcut", "team": {"id": "T1"}, "callback_id": "x"},
        {"type": "something new"},
        {},
    ],
)
async def test_what_nobody_needs_is_acknowledged(tmp_path: Path, body: dict[str, Any]) -> None:
    async with visited(tmp_path) as hall:
        assert (await dispatched(hall.bolt, body)).status == 200


@given(lists(mutilated(), min_size=100, max_size=100))
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
async def test_whatever_arrives_is_taken(tmp_path: Path, bodies: list[Any]) -> None:
    async with visited(tmp_path) as hall:
        for body in bodies:
            if isinstance(body, dict):
                assert (await dispatched(hall.bolt, body)).status in {200, 400}


async def test_what_cannot_be_kept_is_not_acknowledged(tmp_path: Path) -> None:
    async with visited(tmp_path) as hall:
        body = envelope(message())
        with locked(tmp_path):
            assert (await dispatched(hall.bolt, body)).status == 503
        assert (await dispatched(hall.bolt, body)).status == 200
        assert (await answered(hall, TS))[0] == "Where is my parcel?"


async def test_what_slack_sends_again_is_kept_then(tmp_path: Path) -> None:
    rules = Rules(retries=(1.0,), hourly=False)
    async with FakeSlack(rules=rules) as slack, visited(tmp_path, slack=slack) as hall:
        with locked(tmp_path):
            ts = await slack.say("Where is my parcel?")
            await until(lambda: any(each.failure for each in slack.deliveries))
        assert (await answered(hall, ts))[0] == "Where is my parcel?"
        assert slack.world.deliverer.lost == []


async def test_bolt_takes_nothing_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BOT_TOKEN", "SIGNING_SECRET", "CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.setenv(f"SLACK_{name}", "xoxb-from-elsewhere")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    async with visited(tmp_path) as hall:
        ts = await hall.slack.say("Where is my parcel?")
        await answered(hall, ts)
        await hall.slack.say("x" * 40_000)
        await until(hall.notices)
        assert {call.install for call in hall.slack.called("chat.postMessage")} == {"T1"}
        assert hall.bolt.client.token is None
        assert not (tmp_path / "home").exists()
