"""Replies that come to Slack once, whoever began to show them and wherever that ended."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from bot.app import App
from bot.backends.scripted import ScriptedBackend, Step
from bot.settings import SlackSettings
from bot.store.base import Accepted
from channels.slack.errors import SlackBusy
from channels.slack.pace import Pace
from channels.slack.places import CHANNEL
from tests.house import until
from tests.servers.slack import FakeSlack, Moods, Rules
from tests.slack.shops import (
    Fault,
    FrailWire,
    hear,
    is_delivered,
    lost,
    place,
    refused,
    reply,
    shop,
)

QUESTION = "How long does shipping take?"
WHOLE = "Shipping takes three days at most."
ENGINE = {
    "lease_seconds": 0.5,
    "sweep_seconds": 0.1,
    "delivery_seconds": 3.0,
    "grace_seconds": 0.0,
}
LONG = "".join(f"Line {number} of a long story about parcels.\n" for number in range(700)).strip()
QUIET = SlackSettings(streaming=False)


class Killed(Exception):
    """Ends a process without its closing."""


def slowly(slack: FakeSlack) -> ScriptedBackend:
    """Return a backend that writes on once Slack shows what it wrote, or after a while."""

    def shown(method: str) -> Callable[[], Awaitable[None]]:
        before = len(slack.called(method))

        async def wait() -> None:
            with suppress(TimeoutError):
                await until(lambda: len(slack.called(method)) > before, seconds=3)

        return wait

    begun, grown = shown("chat.startStream"), shown("chat.appendStream")
    return ScriptedBackend(["Shipping takes ", "three ", begun, "days ", grown, "at most."])


BOUNDARIES = {
    "before it begins": Fault(method="chat.startStream"),
    "as it begins": Fault(method="chat.startStream", done=True),
    "before it grows": Fault(method="chat.appendStream"),
    "as it grows": Fault(method="chat.appendStream", done=True),
    "before it ends": Fault(method="chat.stopStream"),
    "as it ends": Fault(method="chat.stopStream", done=True),
}


def again(fault: Fault) -> Fault:
    return Fault(method=fault.method, done=fault.done, after=fault.after)


async def _until_delivery(app: App, accepted: Accepted, state: str) -> None:
    """Wait until the delivery of the conversation's reply is in ``state``."""
    async with asyncio.timeout(100):
        while True:
            turns = await app.archive.turns(accepted.conversation)
            records = await app.archive.record(turns[-1].id) if turns else ()
            if records and records[0].delivery == state:
                return
            await asyncio.sleep(0.01)


async def _left(app: App, slack: FakeSlack, thread: str) -> int:
    """Return how many messages are still noted as shown and not delivered."""
    return len(await app.posts.close(CHANNEL, place(slack, thread).key, but=()))


# --- Killed -----------------------------------------------------------------------------------


@pytest.mark.parametrize("boundary", BOUNDARIES)
async def test_an_answer_outlives_its_process_wherever_that_dies(
    tmp_path: Path, boundary: str
) -> None:
    fault = again(BOUNDARIES[boundary])
    async with FakeSlack() as slack:
        wire = FrailWire(fault, api_url=slack.api_url)
        with suppress(Killed):
            async with shop(tmp_path, slack, slowly(slack), wire=wire, engine=ENGINE) as app:
                thread, accepted = await hear(app, slack, QUESTION)
                await until(lambda: wire.dead)
                raise Killed
        async with shop(tmp_path, slack, slowly(slack), engine=ENGINE) as app:
            await _until_delivery(app, accepted, "sent")
            assert reply(slack, thread) == WHOLE
            assert len(slack.answers("D1", thread)) == 1
            assert await _left(app, slack, thread) == 0


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("part", [0, 1, 2])
async def test_a_reply_of_many_parts_goes_on_where_its_process_died(
    tmp_path: Path, part: int, *, done: bool
) -> None:
    fault = Fault(method="chat.postMessage", after=part, done=done)
    async with FakeSlack() as slack:
        wire = FrailWire(fault, api_url=slack.api_url)
        thread = ""
        with suppress(Killed):
            async with shop(
                tmp_path, slack, ScriptedBackend(LONG), wire=wire, settings=QUIET, engine=ENGINE
            ) as app:
                thread, _ = await hear(app, slack, QUESTION)
                await until(lambda: wire.dead)
                raise Killed
        async with shop(tmp_path, slack, ScriptedBackend(LONG), settings=QUIET, engine=ENGINE):
            await until(lambda: is_delivered(slack, thread))
            await asyncio.sleep(0.3)
        assert lines(slack, thread) == LONG.split("\n")
        assert len(slack.called("chat.postMessage")) == len(slack.answers("D1", thread)) > 2


@pytest.mark.parametrize("done", [False, True])
async def test_a_long_answer_whose_end_was_posted_is_not_there_twice(
    tmp_path: Path, *, done: bool
) -> None:
    """The first part grew, the others were posted when the reply was there."""
    fault = Fault(method="chat.postMessage", after=1, done=done)
    backend = ScriptedBackend(["Once upon a time.\n\n", lambda: asyncio.sleep(0.15), LONG])
    async with FakeSlack() as slack:
        wire = FrailWire(fault, api_url=slack.api_url)
        pace = Pace(first=0.02, append=60.0)
        thread = ""
        with suppress(Killed):
            async with shop(tmp_path, slack, backend, wire=wire, pace=pace, engine=ENGINE) as app:
                thread, accepted = await hear(app, slack, QUESTION)
                await until(lambda: wire.dead)
                raise Killed
        async with shop(tmp_path, slack, backend, engine=ENGINE) as app:
            await _until_delivery(app, accepted, "sent")
            assert lines(slack, thread) == ["Once upon a time.", *LONG.split("\n")]
            assert await _left(app, slack, thread) == 0


def lines(slack: FakeSlack, thread: str) -> list[str]:
    shown = "\n".join(message.shown for message in slack.answers("D1", thread))
    return [line for line in shown.split("\n") if line]


async def test_what_is_left_is_removed_even_where_removing_was_broken_off(tmp_path: Path) -> None:
    async with FakeSlack() as slack:
        thread = ""
        for fault in (
            Fault(method="chat.stopStream"),
            Fault(method="chat.delete"),
            Fault(method="chat.postMessage"),
        ):
            wire = FrailWire(fault, api_url=slack.api_url)
            with suppress(Killed):
                async with shop(tmp_path, slack, slowly(slack), wire=wire, engine=ENGINE) as app:
                    if not thread:
                        thread, _ = await hear(app, slack, QUESTION)
                    await until(lambda wire=wire: wire.dead)  # type: ignore[misc]
                    raise Killed
        async with shop(tmp_path, slack, slowly(slack), engine=ENGINE):
            await until(lambda: is_delivered(slack, thread))
            assert reply(slack, thread) == WHOLE


async def test_what_begins_after_another_process_took_over_disappears(tmp_path: Path) -> None:
    woken = asyncio.Event()
    fault = Fault(method="chat.startStream", held=woken)
    async with FakeSlack() as slack, shop(tmp_path, slack, slowly(slack), faults=[fault]) as app:
        thread, _ = await hear(app, slack, QUESTION)
        await until(lambda: fault.met)
        await app.posts.close(CHANNEL, place(slack, thread).key, but=())
        woken.set()
        await until(lambda: is_delivered(slack, thread))
        assert reply(slack, thread) == WHOLE
        assert len(slack.called("chat.startStream")) == 1
        assert len(slack.called("chat.delete")) >= 1


# --- Refused and busy -------------------------------------------------------------------------


@pytest.mark.parametrize("error", ["is_archived", "channel_not_found", "token_revoked"])
async def test_what_slack_will_never_take_is_given_up_at_once(tmp_path: Path, error: str) -> None:
    fault = refused("chat.postMessage", error, times=100)
    backend = ScriptedBackend(WHOLE)
    async with FakeSlack() as slack:
        async with shop(tmp_path, slack, backend, faults=[fault], settings=QUIET) as app:
            _, accepted = await hear(app, slack, QUESTION)
            await _until_delivery(app, accepted, "failed")
        assert fault.met == 1


async def test_a_post_whose_answer_was_lost_is_found_and_not_made_again(tmp_path: Path) -> None:
    fault = lost("chat.postMessage", done=True)
    async with FakeSlack() as slack:
        async with shop(
            tmp_path, slack, ScriptedBackend(WHOLE), faults=[fault], settings=QUIET
        ) as app:
            thread, accepted = await hear(app, slack, QUESTION)
            await _until_delivery(app, accepted, "sent")
        assert reply(slack, thread) == WHOLE
        assert len(slack.called("chat.postMessage")) == 1


async def test_a_post_that_was_lost_is_made_again(tmp_path: Path) -> None:
    fault = lost("chat.postMessage")
    async with FakeSlack() as slack:
        async with shop(
            tmp_path, slack, ScriptedBackend(WHOLE), faults=[fault], settings=QUIET
        ) as app:
            thread, _ = await hear(app, slack, QUESTION)
            await until(lambda: is_delivered(slack, thread))
        assert len(slack.called("conversations.replies")) == 1


async def test_slack_is_not_searched_for_what_surely_is_not_there(tmp_path: Path) -> None:
    away = SlackBusy("Slack cannot be reached.")
    fault = Fault(method="chat.postMessage", error=away)
    async with FakeSlack() as slack:
        async with shop(
            tmp_path, slack, ScriptedBackend(WHOLE), faults=[fault], settings=QUIET, engine=ENGINE
        ) as app:
            thread, _ = await hear(app, slack, QUESTION)
            await until(lambda: is_delivered(slack, thread))
        assert reply(slack, thread) == WHOLE
        assert not slack.called("conversations.replies")


async def test_blocks_that_slack_refuses_come_as_plain_words(tmp_path: Path) -> None:
    fault = refused("chat.postMessage", "invalid_blocks")
    async with FakeSlack() as slack:
        async with shop(
            tmp_path, slack, ScriptedBackend(WHOLE), faults=[fault], settings=QUIET
        ) as app:
            thread, _ = await hear(app, slack, QUESTION)
            await until(lambda: is_delivered(slack, thread))
        assert reply(slack, thread) == WHOLE


async def test_a_reply_names_its_sources(tmp_path: Path) -> None:
    backend = ScriptedBackend("Parcels arrive within 3 working days [1].")
    async with FakeSlack() as slack:
        async with shop(tmp_path, slack, backend, settings=QUIET) as app:
            thread, _ = await hear(app, slack, QUESTION)
            await until(lambda: is_delivered(slack, thread))
        blocks = slack.answers("D1", thread)[0].blocks
        assert [block["type"] for block in blocks] == ["markdown", "context", "context_actions"]
        post = slack.called("chat.postMessage")[0].arguments
        assert post["unfurl_links"] is False
        assert post["unfurl_media"] is False


# --- All at once ------------------------------------------------------------------------------


async def test_in_a_storm_every_reply_comes_once(tmp_path: Path) -> None:
    """One call in ten is refused or cut, before the deed or after it, and messages end early."""
    count = 8
    moods = Moods(
        seed=5,
        limited=0.05,
        retry_after=0,
        broken=0.03,
        broken_after=0.03,
        cut=0.03,
        cut_after=0.03,
    )
    pace = Pace(first=0.05, append=0.05, share=0.0, segment=0.5, doubt=0.1, pause=0.1)

    async def nap() -> None:
        await asyncio.sleep(0.1)

    steps: list[Step] = [step for number in range(12) for step in (f"Step {number}.\n\n", nap)]
    whole = "".join(f"Step{number}." for number in range(12))
    engine = {"delivery_seconds": 30.0}
    async with (
        FakeSlack(moods=moods, rules=Rules(stream_seconds=0.8)) as slack,
        shop(tmp_path, slack, ScriptedBackend(steps), pace=pace, engine=engine) as app,
    ):
        heard = [await hear(app, slack, QUESTION) for _ in range(count)]
        for thread, accepted in heard:
            await _until_delivery(app, accepted, "sent")
            # Where a message ends in mid-line, a sign that shows nothing may stand.
            assert "".join(reply(slack, thread).replace("\u2060", "").split()) == whole
            assert not any(message.streaming for message in slack.answers("D1", thread))
