"""Answers that Slack shows while they are written."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.backends.base import Text
from bot.backends.scripted import ScriptedBackend, Step
from bot.errors import BackendBusy, BackendUnavailable
from bot.settings import SlackSettings
from channels.slack.pace import Pace
from tests.house import until
from tests.servers.slack import FakeSlack, Moods, Rules
from tests.servers.slack.rooms import Message
from tests.slack.shops import (
    PACE,
    Fault,
    busy,
    hear,
    is_delivered,
    lost,
    place,
    refused,
    reply,
    shop,
)

QUESTION = "How long does shipping take?"
TWO = ("Shipping takes ", "three days", " at most.")
WHOLE = "".join(TWO)


def paused(*steps: Step) -> tuple[ScriptedBackend, asyncio.Event]:
    """Return a backend that waits before its last step until the event."""
    more = asyncio.Event()
    return ScriptedBackend([*steps[:-1], more.wait, steps[-1]]), more


def parts(slack: FakeSlack, thread: str) -> list[tuple[int, bool]]:
    """Return which part of a reply each message says it is."""
    metadata = [message.metadata for message in slack.answers("D1", thread)]
    payloads = [each["event_payload"] for each in metadata if each]
    return [(each["part"], each["last"]) for each in payloads]


def first(slack: FakeSlack, thread: str) -> Message:
    return slack.answers("D1", thread)[0]


# --- While it is written ----------------------------------------------------------------------


async def test_the_first_text_comes_early_and_the_rest_as_it_is_written(tmp_path: Path) -> None:
    backend, more = paused(*TWO)
    async with FakeSlack() as slack, shop(tmp_path, slack, backend) as app:
        thread, _ = await hear(app, slack, QUESTION)
        await until(lambda: reply(slack, thread) == "Shipping takes three days")
        assert first(slack, thread).streaming
        more.set()
        await until(lambda: is_delivered(slack, thread))
        assert reply(slack, thread) == WHOLE
        assert len(slack.answers("D1", thread)) == 1
        assert not first(slack, thread).streaming
        assert not slack.called("chat.postMessage")


async def test_a_short_answer_comes_whole(tmp_path: Path) -> None:
    pace = Pace(first=5.0)
    backend = ScriptedBackend(WHOLE)
    async with FakeSlack() as slack, shop(tmp_path, slack, backend, pace=pace) as app:
        thread, _ = await hear(app, slack, QUESTION)
        await until(lambda: is_delivered(slack, thread))
        assert reply(slack, thread) == WHOLE
        assert parts(slack, thread) == [(1, True)]
        assert not slack.called("chat.startStream")


async def test_where_streaming_is_off_every_answer_comes_whole(tmp_path: Path) -> None:
    backend = ScriptedBackend(WHOLE, delay=0.05)
    settings = SlackSettings(streaming=False)
    async with FakeSlack() as slack, shop(tmp_path, slack, backend, settings=settings) as app:
        thread, _ = await hear(app, slack, QUESTION)
        await until(lambda: is_delivered(slack, thread))
        assert reply(slack, thread) == WHOLE
        assert not slack.called("chat.startStream")


async def test_in_a_channel_slack_is_told_who_asked(tmp_path: Path) -> None:
    backend, more = paused(*TWO)
    async with FakeSlack() as slack, shop(tmp_path, slack, backend) as app:
        thread, _ = await hear(app, slack, QUESTION, channel="C1", user="U7")
        await until(lambda: slack.called("chat.startStream"))
        call = slack.called("chat.startStream")[0]
        assert call.arguments["recipient_user_id"] == "U7"
        assert call.arguments["recipient_team_id"] == slack.team
        more.set()
        await until(lambda: is_delivered(slack, thread, channel="C1"))


async def test_the_reply_has_buttons_to_rate_it_and_says_which_it_is(tmp_path: Path) -> None:
    backend, more = paused(*TWO)
    async with FakeSlack() as slack, shop(tmp_path, slack, backend) as app:
        thread, accepted = await hear(app, slack, QUESTION)
        await until(lambda: slack.answers("D1", thread))
        more.set()
        await until(lambda: is_delivered(slack, thread))
        (turn,) = await app.archive.turns(accepted.conversation)
        assert parts(slack, thread) == [(1, True)]
        assert first(slack, thread).metadata["event_payload"]["turn"] == turn.id  # type: ignore[index]
        assert [each["action_id"] for each in first(slack, thread).actions] == [
            "frontdesk_feedback"
        ]


async def test_many_answers_at_once_share_what_a_workspace_may_append(tmp_path: Path) -> None:
    done = asyncio.Event()
    said: Sequence[Step] = [step for _ in range(40) for step in ("some words ", _pause)]
    backend = ScriptedBackend([*said, done.wait, "end."])
    pace = Pace(first=0.05, append=0.05, slowest=0.05, share=0.1)
    async with FakeSlack() as slack, shop(tmp_path, slack, backend, pace=pace) as app:
        threads = [(await hear(app, slack, QUESTION))[0] for _ in range(5)]
        await until(lambda: all(slack.answers("D1", thread) for thread in threads))
        begun, before = slack.world.clock.now(), len(slack.called("chat.appendStream"))
        await asyncio.sleep(0.8)
        calls = len(slack.called("chat.appendStream")) - before
        assert calls <= (slack.world.clock.now() - begun) / pace.share + len(threads)
        done.set()
        await until(lambda: all(is_delivered(slack, thread) for thread in threads))


async def _pause() -> None:
    await asyncio.sleep(0.03)


# --- Its status -------------------------------------------------------------------------------


async def test_that_it_works_is_shown_at_once_and_no_longer_than_that(tmp_path: Path) -> None:
    begun = asyncio.Event()
    backend = ScriptedBackend([begun.wait, *TWO])
    async with FakeSlack() as slack, shop(tmp_path, slack, backend) as app:
        thread, _ = await hear(app, slack, QUESTION)
        await until(lambda: slack.status("D1", thread) == "processing")
        assert slack.called("agents.sessions.setStatus")[0].arguments["title"] == QUESTION
        begun.set()
        await until(lambda: is_delivered(slack, thread))
        await until(lambda: slack.status("D1", thread) == "active")


async def test_an_assistants_status_is_renewed_until_text_shows(tmp_path: Path) -> None:
    begun = asyncio.Event()
    backend, more = paused(begun.wait, *TWO)
    pace = Pace(first=0.02, status=0.05)
    settings = SlackSettings(view="assistant")
    async with (
        FakeSlack() as slack,
        shop(tmp_path, slack, backend, pace=pace, settings=settings) as app,
    ):
        thread, _ = await hear(app, slack, QUESTION)
        await until(lambda: len(slack.called("assistant.threads.setStatus")) > 2)
        assert slack.status("D1", thread)
        begun.set()
        await until(lambda: slack.answers("D1", thread))
        await until(lambda: slack.ephemerals)
        button = slack.ephemerals[0]
        assert button.only_for == "U1"
        assert button.actions[0]["value"] == place(slack, thread).key
        # One may have been on its way when the text was there, but not when the button was.
        before = len(slack.called("assistant.threads.setStatus"))
        await asyncio.sleep(3 * pace.status)
        more.set()
        await until(lambda: is_delivered(slack, thread))
        assert reply(slack, thread) == WHOLE
        assert len(slack.called("assistant.threads.setStatus")) == before


@pytest.mark.parametrize("error", ["missing_scope", "internal_error", "unknown_method"])
async def test_a_status_that_fails_harms_no_answer(
    tmp_path: Path, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    backend, more = paused(*TWO)
    fault = refused("agents.sessions.setStatus", error, times=100)
    async with FakeSlack() as slack, shop(tmp_path, slack, backend, faults=[fault]) as app:
        thread, _ = await hear(app, slack, QUESTION)
        await until(lambda: slack.answers("D1", thread))
        more.set()
        await until(lambda: is_delivered(slack, thread))
        assert reply(slack, thread) == WHOLE
    warnings = [each for each in caplog.records if "status is not shown" in each.message]
    assert len(warnings) == 1


# --- Rotation ---------------------------------------------------------------------------------


async def test_a_long_answer_goes_on_in_another_message(tmp_path: Path) -> None:
    rows = "".join(f"| {number} | a parcel |\n" for number in range(1500))
    table = "Here:\n\n| No | What |\n|---|---|\n" + rows
    code = "\n```python\n" + "".join(f"print({number})\n" for number in range(1500)) + "```\n"
    backend, more = paused(table, code, "\nThat is all.")
    async with FakeSlack() as slack, shop(tmp_path, slack, backend) as app:
        thread, _ = await hear(app, slack, QUESTION)
        await until(lambda: "print(1400)" in reply(slack, thread))
        more.set()
        await until(lambda: is_delivered(slack, thread))
        shown = [message.shown for message in slack.answers("D1", thread)]
        numbers = range(1, len(shown) + 1)
        assert parts(slack, thread) == [(number, number == len(shown)) for number in numbers]
        for number in range(1500):
            assert sum(f"| {number} | a parcel |\n" in page for page in shown) == 1
            assert sum(f"print({number})\n" in page for page in shown) == 1
        assert all(page.count("```") % 2 == 0 for page in shown)
        tables = [page for page in shown if "a parcel" in page]
        assert len(tables) > 1
        assert all("| No | What |\n|---|---|\n" in page for page in tables)


async def test_a_message_ends_before_slack_ends_it(tmp_path: Path) -> None:
    said: Sequence[Step] = [step for number in range(80) for step in (f"Line {number}.\n", _pause)]
    rules = Rules(stream_seconds=20.0)
    pace = Pace(first=0.02, append=0.03, slowest=0.03, share=0.0, segment=0.9)
    async with (
        FakeSlack(rules=rules) as slack,
        shop(tmp_path, slack, ScriptedBackend([*said]), pace=pace) as app,
    ):
        thread, _ = await hear(app, slack, QUESTION)
        await until(lambda: is_delivered(slack, thread))
        assert len(slack.answers("D1", thread)) > 1
        assert not [call for call in slack.calls if call.error]
        lines = "".join(f"{page.shown}\n" for page in slack.answers("D1", thread)).split("\n")
        assert [line for line in lines if line] == [f"Line {number}." for number in range(80)]


async def test_a_message_whose_model_falls_silent_is_ended_and_marked(tmp_path: Path) -> None:
    backend, more = paused("Shipping takes three days.")
    pace = Pace(first=0.02, append=0.02, segment=0.2)
    backend = ScriptedBackend(["Shipping takes three days.", more.wait])
    async with FakeSlack() as slack, shop(tmp_path, slack, backend, pace=pace) as app:
        thread, _ = await hear(app, slack, QUESTION)
        await until(lambda: parts(slack, thread) == [(1, False)])
        assert not first(slack, thread).streaming
        more.set()
        await until(lambda: is_delivered(slack, thread))
        assert parts(slack, thread) == [(1, True)]
        assert reply(slack, thread) == "Shipping takes three days."
        assert first(slack, thread).actions


async def test_an_answer_of_twelve_minutes_arrives_whole(tmp_path: Path) -> None:
    """At a hundredth of Slack's times: 60,000 characters in 7.2 seconds."""
    blocks = [_block(number) for number in range(200)]
    whole = "".join(blocks).strip()
    assert len(whole) > 60_000
    pause = 7.2 / len(blocks)
    steps: list[Step] = []
    for block in blocks:
        middle = len(block) // 3
        steps += [block[:middle], block[middle:], lambda: asyncio.sleep(pause)]
    async with (
        FakeSlack(rules=Rules(speed=100.0)) as slack,
        shop(tmp_path, slack, ScriptedBackend(steps), pace=Pace().faster(100)) as app,
    ):
        thread, _ = await hear(app, slack, QUESTION)
        await until(lambda: is_delivered(slack, thread), seconds=60)
        shown = [message.shown for message in slack.answers("D1", thread)]
        for number in range(len(blocks)):
            said = [f"Step {number}.", f"code({number})", f"| {number} | row |"]
            for words in said:
                assert sum(page.count(words) for page in shown) == 1, words
        assert all(page.count("```") % 2 == 0 for page in shown)
        assert all("| No | Of |\n|---|---|\n" in page for page in shown if "| row |" in page)
        numbers = range(1, len(shown) + 1)
        assert parts(slack, thread) == [(number, number == len(shown)) for number in numbers]
        assert not slack.called("chat.delete")


def _block(number: int) -> str:
    words = "words and words " * 11
    return (
        f"\nStep {number}. {words}\n\n```python\ncode({number})\n```\n\n"
        f"| No | Of |\n|---|---|\n| {number} | row |\n\n{words[:60]}\n"
    )


# --- What goes wrong --------------------------------------------------------------------------


async def test_while_slack_is_asked_too_often_the_text_gathers(tmp_path: Path) -> None:
    moods = Moods(limited=0.5, retry_after=0, spared=frozenset({"agents.sessions.setStatus"}))
    said: Sequence[Step] = [step for number in range(30) for step in (f"{number} ", _pause)]
    async with (
        FakeSlack(moods=moods) as slack,
        shop(tmp_path, slack, ScriptedBackend([*said, "end."])) as app,
    ):
        thread, _ = await hear(app, slack, QUESTION)
        await until(lambda: is_delivered(slack, thread))
        assert reply(slack, thread) == " ".join(map(str, range(30))) + " end."
        assert [call for call in slack.calls if call.error == "ratelimited"]


async def test_a_beginning_that_waits_for_too_long_leaves_it_whole(tmp_path: Path) -> None:
    backend, more = paused(*TWO)
    fault = busy("chat.startStream", 60.0)
    async with FakeSlack() as slack, shop(tmp_path, slack, backend, faults=[fault]) as app:
        thread, _ = await hear(app, slack, QUESTION)
        await until(lambda: fault.met)
        more.set()
        await until(lambda: is_delivered(slack, thread))
        assert reply(slack, thread) == WHOLE
        assert len(slack.called("chat.postMessage")) == 1
        assert not slack.called("conversations.replies")


@pytest.mark.parametrize("error", ["unknown_method", "missing_scope", "feature_not_enabled"])
async def test_where_no_message_can_grow_none_is_tried_again(tmp_path: Path, error: str) -> None:
    backend = ScriptedBackend([*TWO[:2], _long_pause, TWO[2]])
    fault = refused("chat.startStream", error, times=100)
    async with FakeSlack() as slack, shop(tmp_path, slack, backend, faults=[fault]) as app:
        for _ in range(2):
            thread, _ = await hear(app, slack, QUESTION)
            await until(lambda thread=thread: is_delivered(slack, thread))  # type: ignore[misc]
            assert reply(slack, thread) == WHOLE
        assert fault.met == 1


async def _long_pause() -> None:
    await asyncio.sleep(0.2)


FAULTS = {
    "a beginning that is lost": lost("chat.startStream"),
    "a beginning whose answer is lost": lost("chat.startStream", done=True),
    "an append that is lost": lost("chat.appendStream"),
    "an append whose answer is lost": lost("chat.appendStream", done=True),
    "an end that is lost": lost("chat.stopStream"),
    "an end whose answer is lost": lost("chat.stopStream", done=True),
    "an append that is limited": busy("chat.appendStream", 0.3),
    "an end that is limited": busy("chat.stopStream", 0.3),
    "a message that is too long": refused("chat.appendStream", "msg_blocks_too_long"),
    "an end that is too long": refused("chat.stopStream", "msg_blocks_too_long"),
    "odd blocks at the end": refused("chat.stopStream", "invalid_blocks"),
    "an append to what is gone": refused("chat.appendStream", "message_not_found"),
    "an end of what is gone": refused("chat.stopStream", "message_not_found"),
    "a stream that is no more": refused("chat.appendStream", "message_not_in_streaming_state"),
}


@pytest.mark.parametrize("kind", FAULTS)
async def test_whatever_goes_wrong_the_reply_is_there_once(tmp_path: Path, kind: str) -> None:
    given = FAULTS[kind]
    fault = Fault(method=given.method, error=given.error, done=given.done)
    again = asyncio.Event()
    backend = ScriptedBackend([*TWO[:2], again.wait, " at ", _long_pause, "most."])
    async with FakeSlack() as slack, shop(tmp_path, slack, backend, faults=[fault]) as app:
        thread, _ = await hear(app, slack, QUESTION)
        await until(lambda: slack.called("chat.startStream") or fault.met)
        again.set()
        await until(lambda: is_delivered(slack, thread))
        assert fault.met == 1
        await until(lambda: _solid(reply(slack, thread)) == _solid(WHOLE))
        assert parts(slack, thread)[-1][1]
        assert not any(message.streaming for message in slack.answers("D1", thread))


async def test_a_message_of_which_an_append_may_be_lost_is_written_anew(tmp_path: Path) -> None:
    fault = lost("chat.appendStream", done=True)
    backend = ScriptedBackend(["One.\n\n", _long_pause, "Two.\n\n", _long_pause, "Three."])
    async with FakeSlack() as slack, shop(tmp_path, slack, backend, faults=[fault]) as app:
        thread, _ = await hear(app, slack, QUESTION)
        await until(lambda: is_delivered(slack, thread))
        assert _solid(reply(slack, thread)) == "One.Two.Three."
        assert parts(slack, thread) == [(1, False), (2, True)]
        assert not slack.called("chat.delete")


def _solid(text: str) -> str:
    """Return ``text`` without its blanks: one message ends, another begins."""
    return "".join(text.split())


async def test_what_slack_ended_goes_on_in_another_message(tmp_path: Path) -> None:
    rules = Rules(stream_seconds=0.4)
    backend, more = paused("One.\n\n", _long_pause, _long_pause, _long_pause, "Two.\n", "Three.")
    async with FakeSlack(rules=rules) as slack, shop(tmp_path, slack, backend) as app:
        thread, _ = await hear(app, slack, QUESTION)
        await until(lambda: "Two." in reply(slack, thread))
        assert parts(slack, thread)[0] == (1, False)
        more.set()
        await until(lambda: is_delivered(slack, thread))
        assert _solid(reply(slack, thread)) == "One.Two.Three."


async def test_what_a_person_stopped_ends_with_what_was_said(tmp_path: Path) -> None:
    backend, _ = paused(*TWO)
    async with FakeSlack() as slack, shop(tmp_path, slack, backend) as app:
        thread, accepted = await hear(app, slack, QUESTION)
        await until(lambda: reply(slack, thread) == "Shipping takes three days")
        slack.streams.halt("D1", thread, "U1")
        await app.engine.stop(accepted.conversation)
        await until(lambda: is_delivered(slack, thread))
        assert reply(slack, thread) == "Shipping takes three days"
        assert len(slack.answers("D1", thread)) == 1
        assert first(slack, thread).actions


async def test_what_a_person_deleted_comes_again_whole(tmp_path: Path) -> None:
    backend, more = paused(*TWO)
    async with FakeSlack() as slack, shop(tmp_path, slack, backend) as app:
        thread, _ = await hear(app, slack, QUESTION)
        await until(lambda: slack.answers("D1", thread))
        await slack.delete(first(slack, thread).ts)
        more.set()
        await until(lambda: is_delivered(slack, thread))
        assert reply(slack, thread) == WHOLE


# --- What is withdrawn ------------------------------------------------------------------------


async def test_what_a_fallback_withdraws_disappears(tmp_path: Path) -> None:
    fails, goes_on = asyncio.Event(), asyncio.Event()
    broken = ScriptedBackend(
        ["Wrong and ", "wrong.", fails.wait, BackendBusy("It broke.", backend="first")],
        name="first",
    )
    second = ScriptedBackend([*TWO[:2], goes_on.wait, TWO[2]], name="second")
    async with FakeSlack() as slack, shop(tmp_path, slack, broken, second) as app:
        thread, _ = await hear(app, slack, QUESTION)
        await until(lambda: "Wrong" in reply(slack, thread))
        fails.set()
        await until(lambda: reply(slack, thread) == "Shipping takes three days")
        goes_on.set()
        await until(lambda: is_delivered(slack, thread))
        assert reply(slack, thread) == WHOLE
        assert parts(slack, thread) == [(1, True)]


async def test_what_cannot_be_deleted_is_emptied(tmp_path: Path) -> None:
    fails = asyncio.Event()
    broken = ScriptedBackend(
        ["Wrong.", fails.wait, BackendUnavailable("It broke.", backend="first")], name="first"
    )
    fault = refused("chat.delete", "cant_delete_message", times=100)
    async with (
        FakeSlack() as slack,
        shop(tmp_path, slack, broken, ScriptedBackend(WHOLE, name="b"), faults=[fault]) as app,
    ):
        thread, _ = await hear(app, slack, QUESTION)
        await until(lambda: "Wrong" in reply(slack, thread))
        fails.set()
        await until(lambda: is_delivered(slack, thread))
        assert "Wrong" not in reply(slack, thread)
        assert reply(slack, thread) == "…" + WHOLE


async def test_the_text_of_an_answer_that_ends_with_its_process_disappears(tmp_path: Path) -> None:
    backend, _ = paused(*TWO)
    engine = {"grace_seconds": 0}
    async with FakeSlack() as slack:
        async with shop(tmp_path, slack, backend, engine=engine) as app:
            thread, _ = await hear(app, slack, QUESTION)
            await until(lambda: slack.answers("D1", thread))
        assert not slack.answers("D1", thread)
        assert slack.status("D1", thread) == "active"
        async with shop(tmp_path, slack, ScriptedBackend(WHOLE), engine=engine):
            await until(lambda: is_delivered(slack, thread))
        assert reply(slack, thread) == WHOLE


# --- Several messages in one thread -----------------------------------------------------------


async def test_a_newer_message_joins_an_answer_of_which_nothing_is_shown(tmp_path: Path) -> None:
    begun = asyncio.Event()
    backend = ScriptedBackend([begun.wait, WHOLE])
    async with FakeSlack() as slack, shop(tmp_path, slack, backend) as app:
        thread, accepted = await hear(app, slack, QUESTION)
        await until(lambda: backend.requests)
        await hear(app, slack, "To Norway, I mean.", thread=thread)
        await until(lambda: len(backend.requests) == 2)
        begun.set()
        await until(lambda: is_delivered(slack, thread))
        assert len(await app.archive.turns(accepted.conversation)) == 1
        assert reply(slack, thread) == WHOLE


async def test_a_newer_message_waits_for_an_answer_that_is_shown(tmp_path: Path) -> None:
    backend, more = paused(*TWO)
    async with FakeSlack() as slack, shop(tmp_path, slack, backend) as app:
        thread, accepted = await hear(app, slack, QUESTION)
        await until(lambda: slack.answers("D1", thread))
        await hear(app, slack, "And to Norway?", thread=thread)
        more.set()
        await until(lambda: parts(slack, thread) == [(1, True), (1, True)])
        turns = await app.archive.turns(accepted.conversation)
        assert [turn.first for turn in turns] == [1, 2]
        assert reply(slack, thread) == WHOLE * 2
        assert all("And to Norway?" not in request.question for request in backend.requests[:1])


async def test_an_answer_begins_below_the_one_before_it(tmp_path: Path) -> None:
    fault = busy("chat.stopStream", 0.6)
    backend = ScriptedBackend(
        [*TWO[:2], _long_pause, TWO[2]], ["Norway takes ", _long_pause, "longer."]
    )
    async with FakeSlack() as slack, shop(tmp_path, slack, backend, faults=[fault]) as app:
        thread, _ = await hear(app, slack, QUESTION)
        await until(lambda: slack.answers("D1", thread))
        await hear(app, slack, "And to Norway?", thread=thread)
        await until(lambda: len(parts(slack, thread)) == 2)
        assert reply(slack, thread) == WHOLE + "Norway takes longer."
        second = slack.called("chat.startStream")[1:] or slack.called("chat.postMessage")
        assert second[0].at >= slack.called("chat.stopStream")[0].at


# --- What nobody sees -------------------------------------------------------------------------


async def test_no_words_reach_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "Mrs Featherstonehaugh"
    backend = ScriptedBackend([Text(secret), _long_pause, Text(" lives in Bath.")])
    faults = [
        refused("chat.appendStream", "msg_blocks_too_long", times=2),
        lost("chat.stopStream", times=2),
    ]
    async with FakeSlack() as slack, shop(tmp_path, slack, backend, faults=faults) as app:
        thread, _ = await hear(app, slack, f"Where does {secret} live?")
        await until(lambda: is_delivered(slack, thread))
    assert secret not in "".join(
        record.getMessage()
        for record in caplog.records
        if record.name.startswith(("channels", "slack"))
    )


async def test_no_customer_sees_an_exception(tmp_path: Path) -> None:
    backend = ScriptedBackend(["Shipping ", _long_pause, RuntimeError("the secret inside")])
    async with FakeSlack() as slack, shop(tmp_path, slack, backend, pace=PACE) as app:
        thread, _ = await hear(app, slack, QUESTION)
        await until(lambda: is_delivered(slack, thread))
        assert "secret" not in reply(slack, thread)
        assert "Shipping" not in reply(slack, thread)
        assert reply(slack, thread)
