"""Over a socket nothing that Slack says is lost, however often the line ends."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp

from bot.errors import SetupError, StoreUnavailable
from channels.slack.introduction import SlackUnreachable
from channels.slack.socket import Patience, open_socket
from channels.slack.wire import Wire
from tests.house import until
from tests.servers.slack import FakeSlack, Moods, Rules
from tests.slack.malformed import listening

IMPATIENT = Rules(speed=10.0, retries=(0.0, 2.0, 4.0, 8.0, 16.0))
SWIFT = Patience(again=0.05, longest=0.2, farewell=1.0)


def noting(heard: list[str]) -> AsyncApp:
    """Return a Bolt app that notes what it hears; all of it is done before it is acknowledged."""
    bolt = listening()

    @bolt.middleware
    async def note(body: dict[str, Any], next: Any) -> None:  # noqa: A002 - Bolt's name for it
        event = body.get("event", {})
        if "user" in event and "text" in event:
            heard.append(event["text"])
        await next()

    return bolt


@asynccontextmanager
async def connected(slack: FakeSlack, bolt: AsyncApp) -> AsyncIterator[asyncio.Event]:
    """Hear ``slack`` until the block ends; what is in hand then is finished."""
    wire, stop = Wire(api_url=slack.api_url), asyncio.Event()
    try:
        async with (
            open_socket(
                bolt=bolt,
                token=SecretStr(slack.app_token),
                wire=wire,
                place="SLACK_APP_TOKEN",
                patience=SWIFT,
            ) as socket,
            asyncio.TaskGroup() as tasks,
        ):
            tasks.create_task(socket.serve(stop))
            yield stop
            stop.set()
    finally:
        await wire.close()


async def test_what_is_said_is_heard_and_acknowledged() -> None:
    heard: list[str] = []
    async with FakeSlack() as slack, connected(slack, noting(heard)):
        await slack.say("Is anybody there?")
        await until(lambda: slack.acks)
    assert heard == ["Is anybody there?"]
    assert not slack.sockets.odd


@pytest.mark.parametrize("at_once", [False, True])
async def test_a_line_that_slack_renews_loses_nothing(at_once: bool) -> None:  # noqa: FBT001
    heard: list[str] = []
    async with FakeSlack(rules=IMPATIENT) as slack, connected(slack, noting(heard)):
        for number in range(30):
            await slack.say(str(number))
            if number % 10 == 5:
                await slack.refresh("warning")
                await slack.refresh(at_once=at_once)
        await until(lambda: len(set(heard)) == 30)
        await until(lambda: slack.sockets.opened >= 2)


async def test_a_server_that_cuts_every_line_is_asked_again_with_pauses() -> None:
    heard: list[str] = []
    async with FakeSlack(rules=IMPATIENT) as slack, connected(slack, noting(heard)):
        for count in (1, 2, 3):
            await slack.linked()
            await slack.sockets.close()
            await until(lambda count=count: slack.sockets.opened > count)  # type: ignore[misc]
        await slack.say("Still there?")
        await until(lambda: heard)


async def test_slack_may_be_away_for_a_while(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[str] = []
    async with FakeSlack() as slack, connected(slack, noting(heard)):
        await slack.refresh("link_disabled", at_once=True)
        await until(lambda: slack.sockets.opened > 1)
        await slack.say("Back again?")
        await until(lambda: heard)
    assert slack.app_token not in caplog.text


async def test_the_end_of_an_outage_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async with FakeSlack() as slack, connected(slack, noting([])):
        await slack.linked()
        slack.world.moods = Moods(broken=1.0)
        await slack.sockets.close()
        await until(lambda: "Slack is not connected now: " in caplog.text)
        slack.world.moods = Moods()
        await until(lambda: "Slack is connected again." in caplog.messages)
    assert caplog.messages.count("Slack is connected again.") == 1


async def test_what_is_not_kept_is_not_acknowledged_and_comes_again() -> None:
    tries: list[str] = []
    bolt = listening()

    @bolt.middleware
    async def fail_once(body: dict[str, Any], next: Any) -> None:  # noqa: A002 - Bolt's name for it
        if body.get("event", {}).get("user"):
            tries.append(body["event"]["text"])
            if len(tries) == 1:
                raise StoreUnavailable("The database is locked.")
        await next()

    async with FakeSlack(rules=IMPATIENT) as slack, connected(slack, bolt):
        await slack.say("Hello?")
        await until(lambda: slack.acks)
    assert tries == ["Hello?", "Hello?"]


async def test_what_is_in_hand_when_it_stops_is_still_acknowledged() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    bolt = listening()

    @bolt.middleware
    async def slow(body: dict[str, Any], next: Any) -> None:  # noqa: A002 - Bolt's name for it
        if body.get("event", {}).get("user"):
            begun.set()
            await go_on.wait()
        await next()

    async with FakeSlack() as slack:
        async with connected(slack, bolt) as stop:
            await slack.say("One last thing?")
            await begun.wait()
            stop.set()
            await asyncio.sleep(0.1)
            assert not slack.acks
            go_on.set()
        await until(lambda: slack.acks)


async def test_a_command_over_the_socket_is_answered_with_its_ack() -> None:
    bolt = listening()

    @bolt.command("/ask")
    async def ask(ack: Any) -> None:
        await ack("One moment.")

    async with FakeSlack() as slack, connected(slack, bolt):
        await slack.command("How long?")
        await until(lambda: slack.ephemerals)
        assert slack.ephemerals[0].text == "One moment."


async def test_envelopes_in_odd_shapes_harm_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="channels")
    heard: list[str] = []
    odd = (
        *("", "{", "[]", "null", '{"envelope_id": 5}', '{"envelope_id": "x"}'),
        '{"envelope_id": "y", "payload": []}',
        '{"envelope_id": "z", "payload": {"type": "event_callback", "event": 5}}',
        '{"type": "odd", "envelope_id": "v", "payload": {"event": {"type": null}}}',
    )
    async with FakeSlack() as slack, connected(slack, noting(heard)):
        await slack.linked()
        for each in odd:
            await slack.sockets.lines[0].line.send_str(each)
        await slack.say("And a real one?")
        await until(lambda: heard)
    assert "Traceback" not in caplog.text


async def refused(api_url: str, *, token: str) -> SetupError:
    """Return why no line is opened at the start."""
    wire = Wire(api_url=api_url)
    with pytest.raises(SetupError) as error:
        async with open_socket(
            bolt=listening(), token=SecretStr(token), wire=wire, place="SLACK_APP_TOKEN"
        ):
            pass
    await wire.close()
    return error.value


async def test_a_token_that_opens_nothing_is_told() -> None:
    async with FakeSlack() as slack:
        error = await refused(slack.api_url, token="xapp-1-A1-wrong")
    assert "SLACK_APP_TOKEN is refused: Slack does not know it." in str(error)
    assert "connections:write" in str(error)


async def test_a_slack_that_does_not_answer_at_the_start_is_told() -> None:
    async with FakeSlack() as slack:
        pass
    error = await refused(slack.api_url, token="xapp-1-A1-x")
    assert isinstance(error, SlackUnreachable)
    assert "cannot be reached" in str(error)
