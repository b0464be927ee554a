"""The fake Slack, driven by Slack's own clients: they know nothing of us."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from tests.house import until
from tests.servers.slack import FakeSlack, Moods, Rules
from tests.servers.slack.control import ControlledSlack

Heard = list[SocketModeRequest]


def client(slack: FakeSlack, *, token: str | None = None) -> AsyncWebClient:
    """Return Slack's own client."""
    return AsyncWebClient(token=token or slack.bot_token, base_url=slack.api_url)


@asynccontextmanager
async def listening(slack: FakeSlack, *, deaf: int = 0) -> AsyncIterator[Heard]:
    """Connect Slack's own Socket Mode client, which acknowledges all but the first ``deaf``."""
    heard: Heard = []

    async def hear(line: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        heard.append(request)
        if len(heard) > deaf:
            await line.send_socket_mode_response(
                SocketModeResponse(envelope_id=request.envelope_id)
            )

    line = SocketModeClient(app_token=slack.app_token, web_client=client(slack))
    line.socket_mode_request_listeners.append(hear)
    await line.connect()  # type: ignore[no-untyped-call]
    try:
        await slack.linked()
        yield heard
    finally:
        await line.close()  # type: ignore[no-untyped-call]


def events(heard: Heard) -> list[dict[str, Any]]:
    """Return the events of what was heard."""
    return [request.payload["event"] for request in heard]


async def refusal(call: Coroutine[Any, Any, Any]) -> str:
    """Return the error that Slack's client raises."""
    with pytest.raises(SlackApiError) as raised:
        await call
    return str(raised.value.response["error"])


async def test_a_bot_learns_who_it_is_and_what_it_may() -> None:
    async with FakeSlack() as slack:
        found = await client(slack).auth_test()
        assert (found["team_id"], found["user_id"]) == (slack.team, slack.bot_user)
        assert "chat:write" in found.headers["x-oauth-scopes"].split(",")


async def test_strange_and_ended_tokens_are_refused() -> None:
    async with FakeSlack() as slack:
        assert await refusal(client(slack, token="xoxb-no").auth_test()) == "invalid_auth"
        slack.revoke()
        assert await refusal(client(slack).auth_test()) == "token_revoked"


async def test_a_missing_scope_is_named() -> None:
    async with FakeSlack() as slack:
        slack.installed().scopes.remove("chat:write")
        with pytest.raises(SlackApiError) as raised:
            await client(slack).chat_postMessage(channel="D1", text="Hi")
        assert raised.value.response["needed"] == "chat:write"
        assert "im:history" in raised.value.response["provided"]


async def test_a_message_goes_back_and_forth() -> None:
    async with FakeSlack() as slack, listening(slack) as heard:
        ts = await slack.say("5 < 6?")
        await until(lambda: heard)
        event = events(heard)[0]
        assert (event["text"], event["channel_type"], event["ts"]) == ("5 &lt; 6?", "im", ts)
        assert event["blocks"][0]["elements"][0]["elements"][0]["text"] == "5 < 6?"
        await client(slack).chat_postMessage(channel="D1", thread_ts=ts, text="Yes.")
        assert [message.shown for message in slack.thread("D1", ts)] == ["5 &lt; 6?", "Yes."]
        await until(lambda: len(heard) == 2)
        own = events(heard)[1]
        assert (own["bot_id"], own["thread_ts"], own["parent_user_id"]) == (slack.bot_id, ts, "U1")
        await until(lambda: slack.idle)
        assert len(slack.acks) == 2


async def test_a_mention_in_a_channel_comes_as_two_events() -> None:
    async with FakeSlack() as slack, listening(slack) as heard:
        await slack.say("Hello", channel="C1", mention=True)
        await until(lambda: len(heard) == 2)
        assert {event["type"] for event in events(heard)} == {"message", "app_mention"}
        assert len({event["ts"] for event in events(heard)}) == 1
        assert len({request.payload["event_id"] for request in heard}) == 2


async def test_an_answer_streams_through_slacks_own_helper() -> None:
    async with FakeSlack() as slack:
        ts = await slack.say("Tell me more.")
        stream = await client(slack).chat_stream(channel="D1", thread_ts=ts, buffer_size=4)
        await stream.append(markdown_text="It takes ")
        assert slack.answers("D1", ts)[0].streaming
        assert slack.status("D1", ts) == "processing"
        metadata = {"event_type": "frontdesk_reply", "event_payload": {"turn": "t1"}}
        await stream.stop(markdown_text="3 days.", metadata=metadata, session_status="active")
        answer = slack.answers("D1", ts)[0]
        assert (answer.shown, answer.streaming) == ("It takes 3 days.", False)
        found = await client(slack).conversations_replies(
            channel="D1", ts=ts, include_all_metadata=True
        )
        assert found["messages"][1]["metadata"] == metadata
        assert slack.status("D1", ts) == "active"


async def test_a_stream_in_a_channel_says_for_whom() -> None:
    async with FakeSlack() as slack:
        ts = await slack.say("Hello", channel="C1", mention=True, of="T9")
        api = client(slack)
        place: dict[str, Any] = {"channel": "C1", "thread_ts": ts}
        assert await refusal(api.chat_startStream(**place)) == "missing_recipient_team_id"
        user: dict[str, Any] = {"recipient_user_id": "U1"}
        wrong = api.chat_startStream(**place, **user, recipient_team_id="T1")
        assert await refusal(wrong) == "team_not_found"
        await api.chat_startStream(**place, **user, recipient_team_id="T9")


async def test_a_stream_dies_of_age_and_of_length() -> None:
    async with FakeSlack(rules=Rules(speed=1000)) as slack:
        ts = await slack.say("Tell me more.")
        api = client(slack)
        long = await api.chat_startStream(channel="D1", thread_ts=ts)
        place = {"channel": "D1", "ts": long["ts"]}
        await asyncio.sleep(0.31)
        late = api.chat_appendStream(**place, markdown_text="late")
        assert await refusal(late) == "message_not_in_streaming_state"
        assert await refusal(api.chat_stopStream(**place)) == "message_not_in_streaming_state"
        await api.chat_update(**place, text="repaired")
        assert slack.answers("D1", ts)[0].history[-2].deed == "expired"
    async with FakeSlack() as slack:
        ts = await slack.say("Tell me more.")
        api = client(slack)
        grown = await api.chat_startStream(channel="D1", thread_ts=ts, markdown_text="x" * 12_000)
        more = api.chat_appendStream(channel="D1", ts=grown["ts"], markdown_text="x" * 1_201)
        assert await refusal(more) == "msg_blocks_too_long"


async def test_the_stop_button_ends_the_stream_and_says_so() -> None:
    async with FakeSlack() as slack, listening(slack) as heard:
        ts = await slack.say("Tell me more.")
        with pytest.raises(LookupError):
            await slack.stop(ts)
        api = client(slack)
        stream = await api.chat_startStream(channel="D1", thread_ts=ts, markdown_text="Well")
        assert await slack.stop(ts) == [stream["ts"]]
        await until(lambda: "agent_session_stopped" in {e["type"] for e in events(heard)})
        more = api.chat_appendStream(channel="D1", ts=stream["ts"], markdown_text=", so")
        assert await refusal(more) == "stopped_by_user"
        assert slack.status("D1", ts) == "processing"


async def test_what_is_not_acknowledged_comes_again() -> None:
    rules = Rules(ack_seconds=0.2, retries=(0.0, 0.0))
    async with FakeSlack(rules=rules) as slack, listening(slack, deaf=2) as heard:
        await slack.say("Hello?")
        await until(lambda: len(heard) == 3)
        assert [request.retry_attempt for request in heard] == [0, 1, 2]
        assert [request.retry_reason for request in heard] == ["", "timeout", "timeout"]
        assert len({request.payload["event_id"] for request in heard}) == 1
        await until(lambda: slack.idle)


async def test_an_event_waits_for_a_connection() -> None:
    async with FakeSlack() as slack:
        await slack.say("Is anybody there?")
        async with listening(slack) as heard:
            await until(lambda: heard)
            await until(lambda: slack.idle)


async def test_each_event_comes_as_often_as_asked() -> None:
    async with FakeSlack() as slack, listening(slack) as heard:
        await slack.say("Hello", deliveries=3)
        await until(lambda: slack.idle)
        assert len(heard) == 3
        assert len({request.payload["event_id"] for request in heard}) == 1


async def test_bad_calls_get_slacks_errors() -> None:
    async with FakeSlack() as slack:
        api, ts = client(slack), await slack.say("Hello")
        post = api.chat_postMessage
        assert await refusal(post(channel="C404", text="Hi")) == "channel_not_found"
        assert await refusal(post(channel="D1", thread_ts="1.0", text="Hi")) == "thread_not_found"
        assert await refusal(api.api_call("chat.postMessage", json={"channel": "D1"})) == "no_text"
        assert (
            await refusal(api.chat_update(channel="D1", ts=ts, text="x")) == "cant_update_message"
        )
        assert await refusal(api.chat_delete(channel="D1", ts=ts)) == "cant_delete_message"
        assert await refusal(api.chat_delete(channel="D1", ts="1.0")) == "message_not_found"
        assert await refusal(api.api_call("chat.shout")) == "unknown_method"
        await slack.say("Hello", channel="C1")
        slack.kick("C1")
        assert await refusal(post(channel="C1", text="Hi")) == "not_in_channel"
        slack.archive("C1")
        assert await refusal(post(channel="C1", text="Hi")) == "is_archived"
        slack.deactivate("U1")
        assert await refusal(post(channel="D1", text="Hi")) == "user_disabled"


async def test_bolts_own_app_hears_and_answers() -> None:
    async with FakeSlack() as slack:
        app = AsyncApp(client=client(slack))

        @app.event("message")
        async def answer(event: dict[str, Any], say: Callable[..., Any]) -> None:
            if "bot_id" not in event:
                await say(text=f"You said: {event['text']}", thread_ts=event["ts"])

        @app.command("/ask")
        async def ask(ack: Callable[..., Any]) -> None:
            await ack("At once.")

        handler = AsyncSocketModeHandler(app, slack.app_token, web_client=client(slack))
        await handler.connect_async()  # type: ignore[no-untyped-call]
        try:
            await slack.linked()
            ts = await slack.say("Hello")
            await until(lambda: slack.answers("D1", ts))
            assert slack.answers("D1", ts)[0].text == "You said: Hello"
            acked = await slack.command("what is new?")
            assert acked is not None
            assert acked.payload == {"text": "At once."}
            assert slack.ephemerals[0].text == "At once."
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call]


async def test_a_hook_gets_signed_requests() -> None:
    valid, headers = [], []
    async with FakeSlack(rules=Rules(retries=(0.0,), hourly=False)) as slack:
        verifier = SignatureVerifier(slack.signing_secret)

        async def hear(request: web.Request) -> web.Response:
            body = await request.text()
            valid.append(verifier.is_valid_request(body, dict(request.headers)))
            headers.append(request.headers)
            return web.Response(status=503 if len(headers) == 1 else 200)

        app = web.Application()
        app.router.add_post("/slack/events", hear)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            slack.send_to(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
            await slack.say("Hello")
            await until(lambda: slack.idle)
        finally:
            await runner.cleanup()
        assert valid == [True, True]
        assert headers[1]["X-Slack-Retry-Num"] == "1"
        assert headers[1]["X-Slack-Retry-Reason"] == "http_error"


async def test_moods_come_again_with_their_seed() -> None:
    async def errors(seed: int) -> list[str | None]:
        moods = Moods(seed=seed, limited=0.3, broken=0.2)
        async with FakeSlack(moods=moods) as slack:
            api = client(slack)
            for _ in range(12):
                await asyncio.gather(api.auth_test(), return_exceptions=True)
            return [call.error for call in slack.calls]

    first = await errors(7)
    assert await errors(7) == first
    assert {"ratelimited", "service_unavailable", None} == set(first)


async def test_a_deed_is_done_although_the_line_is_cut() -> None:
    async with FakeSlack(moods=Moods(broken_after=1.0)) as slack:
        ts = await slack.say("Hello")
        post = client(slack).chat_postMessage(channel="D1", thread_ts=ts, text="Hi")
        assert await refusal(post) == "service_unavailable"
        assert [answer.text for answer in slack.answers("D1", ts)] == ["Hi"]


async def test_an_app_connects_anew_when_it_is_asked_to() -> None:
    async with FakeSlack(rules=Rules(speed=20)) as slack, listening(slack) as heard:
        await slack.refresh()
        await until(lambda: slack.sockets.opened == 2)
        await slack.say("Still there?")
        await until(lambda: heard)
        await until(lambda: slack.idle)


async def test_a_stranger_in_a_shared_channel_is_of_another_team() -> None:
    async with FakeSlack() as slack, listening(slack) as heard:
        await slack.say("Hello", channel="C1", user="U9", of="T9")
        await until(lambda: heard)
        payload = heard[0].payload
        assert payload["is_ext_shared_channel"]
        assert payload["authorizations"][0]["team_id"] == slack.team
        event = payload["event"]
        assert (event["user_team"], event["source_team"]) == ("T9", "T9")


async def test_an_organisation_has_one_install_for_its_teams() -> None:
    async with FakeSlack() as slack, listening(slack) as heard:
        org = slack.install(enterprise="E1")
        slack.belongs("T5", enterprise="E1")
        await slack.say("Hello", channel="D5", user="U5", team="T5")
        await until(lambda: heard)
        payload = heard[0].payload
        assert (payload["team_id"], payload["enterprise_id"]) == ("T5", "E1")
        assert payload["authorizations"][0]["is_enterprise_install"]
        assert payload["authorizations"][0]["team_id"] is None
        await client(slack, token=org.token).chat_postMessage(channel="D5", text="Hi")
        refused = client(slack).chat_postMessage(channel="D5", text="Hi")
        assert await refusal(refused) == "channel_not_found"


@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated")  # in Slack's own client
async def test_a_code_buys_a_token_once() -> None:
    async with FakeSlack() as slack:
        asked = "&".join(
            [
                f"client_id={slack.client_id}",
                "scope=chat:write,commands",
                "state=s1",
                "team=T7",
                f"redirect_uri={slack.url}/api/api.test",
            ]
        )
        _, body = await slack.browse(f"{slack.url}/oauth/v2/authorize?{asked}")
        back = json.loads(body)["args"]
        assert back["state"] == "s1"
        facts = {
            "client_id": slack.client_id,
            "client_secret": slack.client_secret,
            "code": back["code"],
            "redirect_uri": f"{slack.url}/api/api.test",
        }
        got = await client(slack).oauth_v2_access(**facts)
        assert (got["team"]["id"], got["scope"]) == ("T7", "chat:write,commands")
        assert (await client(slack, token=got["access_token"]).auth_test())["team_id"] == "T7"
        assert await refusal(client(slack).oauth_v2_access(**facts)) == "invalid_code"


async def test_an_app_hears_that_it_is_gone() -> None:
    async with FakeSlack() as slack, listening(slack) as heard:
        await slack.uninstall()
        await until(lambda: len(heard) == 2)
        assert {event["type"] for event in events(heard)} == {"app_uninstalled", "tokens_revoked"}
        assert await refusal(client(slack).auth_test()) == "account_inactive"


async def test_edits_and_deletions_are_told() -> None:
    async with FakeSlack() as slack, listening(slack) as heard:
        ts = await slack.say("Hello")
        await slack.edit(ts, "Hello?")
        await slack.delete(ts)
        await until(lambda: len(heard) == 3)
        told = {event.get("subtype"): event for event in events(heard)}
        assert told["message_changed"]["message"]["text"] == "Hello?"
        assert told["message_changed"]["previous_message"]["text"] == "Hello"
        assert told["message_deleted"]["deleted_ts"] == ts
        assert slack.thread("D1", ts) == []


async def test_tiers_are_counted_in_slacks_minutes() -> None:
    async with FakeSlack(rules=Rules(tiers=True, speed=10)) as slack:
        ts = await slack.say("Hello")
        api = client(slack)
        for _ in range(20):
            await api.chat_startStream(channel="D1", thread_ts=ts)
        with pytest.raises(SlackApiError) as raised:
            await api.chat_startStream(channel="D1", thread_ts=ts)
        assert raised.value.response.status_code == 429
        wait = int(raised.value.response.headers["Retry-After"])
        assert 1 <= wait <= 6
        await asyncio.sleep(wait)
        await api.chat_startStream(channel="D1", thread_ts=ts)


async def test_events_overtake_each_other() -> None:
    async with FakeSlack(moods=Moods(late=0.2, seed=1)) as slack, listening(slack) as heard:
        said = [await slack.say(f"Number {number}") for number in range(8)]
        await until(lambda: len(heard) == 8)
        order = [event["ts"] for event in events(heard)]
        assert sorted(order) == said
        assert order != said


async def test_an_assistants_status_fades() -> None:
    async with FakeSlack(rules=Rules(speed=40)) as slack:
        ts = await slack.say("Hello")
        await client(slack).assistant_threads_setStatus(
            channel_id="D1", thread_ts=ts, status="is thinking"
        )
        assert slack.status("D1", ts) == "is thinking"
        await until(lambda: slack.status("D1", ts) == "")


async def test_a_person_clicks_what_the_bot_posted() -> None:
    async with FakeSlack() as slack, listening(slack) as heard:
        await slack.say("Hello")
        button = {
            "type": "button",
            "action_id": "yes",
            "value": "1",
            "text": {"type": "plain_text", "text": "Yes"},
        }
        blocks = [{"type": "actions", "elements": [button]}]
        posted = await client(slack).chat_postEphemeral(
            channel="D1", user="U1", text="?", blocks=blocks
        )
        acked = await slack.click(posted["message_ts"], "yes")
        assert acked is not None
        payload = heard[-1].payload
        assert payload["actions"][0]["value"] == "1"
        assert payload["container"]["is_ephemeral"]
        async with aiohttp.ClientSession() as session:
            await session.post(payload["response_url"], json={"text": "Thanks."})
        assert slack.ephemerals[-1].text == "Thanks."
        with pytest.raises(LookupError):
            await slack.click(posted["message_ts"], "no")


async def test_a_person_without_python_moves_it_by_http() -> None:
    async with ControlledSlack() as slack, aiohttp.ClientSession(slack.url) as session:
        said = await session.post("/_control/say", json={"text": "Hello"})
        ts = (await said.json())["result"]
        await client(slack).chat_postMessage(channel="D1", thread_ts=ts, text="Hi")
        shown = await (await session.get("/_control/threads")).text()
        assert shown == f"D1 {ts}\n    U1: Hello\n    bot: Hi\n"
        wrong = await session.post("/_control/say", json={"txt": "Hello"})
        assert wrong.status == 400
        books = await (await session.get("/_control/books")).json()
        assert [call["method"] for call in books["calls"]] == ["chat.postMessage"]


@pytest.fixture
def recorded(slack_events: Path | None) -> list[dict[str, Any]]:
    """Return real payloads, where there are some."""
    if slack_events is None:
        pytest.skip("FRONTDESK_SLACK_EVENTS names no file")
    return [json.loads(line) for line in slack_events.read_text().splitlines()]


async def test_events_have_what_recorded_ones_have(recorded: list[dict[str, Any]]) -> None:
    ours: dict[str, dict[str, Any]] = {}
    async with FakeSlack() as slack, listening(slack) as heard:
        install = slack.installed()
        install.enterprise = "E1"
        root = await slack.say("Hey", channel="C1", mention=True, files=["image.png"])
        await slack.say("And?", channel="C1", thread=root)
        await slack.say("Hey")
        label = {"type": "plain_text", "text": "A"}
        button = {"type": "button", "action_id": "a", "value": "1", "text": label}
        posted = await client(slack).chat_postMessage(
            channel="C1",
            thread_ts=root,
            text="Choose",
            blocks=[{"type": "actions", "elements": [button]}],
        )
        await until(lambda: len(heard) == 5)
        await slack.click(posted["ts"], "a")
        for request in heard:
            event = request.payload.get("event", {})
            kind = event.get("type") or request.payload["type"]
            merged = ours.setdefault(kind, {"event": {}})
            merged |= {**request.payload, "event": merged["event"] | event}
    for case in recorded:
        kind = case["kind"].removeprefix("event:").split(".")[0]
        if case["nature"] == "recorded" and kind in ours:
            payload = case["payload"]
            assert payload.keys() <= ours[kind].keys(), case["id"]
            assert payload.get("event", {}).keys() <= ours[kind]["event"].keys(), case["id"]
