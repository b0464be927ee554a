"""Calls to Slack: what is sent, how long is waited, and what is told where it goes wrong."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.errors import FrontdeskError, SetupError
from channels.slack import introduction
from channels.slack.calls import Calls
from channels.slack.errors import SlackBusy, SlackGone, SlackRefused
from channels.slack.wire import Wire
from channels.slack.workspaces import NotInstalled, Workspace
from tests.clocks import Clock

SAID = "the customer's own words"
Act = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Two:
    """Two workspaces, each with a token."""

    async def find(self, install: str) -> Workspace:
        if install not in {"T1", "T2"}:
            raise NotInstalled(f"Not installed in {install}.")
        return Workspace(
            install=install,
            token=SecretStr(f"xoxb-{install}"),
            team="A team",
            bot_user="UB",
            bot_id="B1",
            app_id="A1",
            scopes=frozenset(),
        )

    async def newer(self, workspace: Workspace) -> Workspace | None:  # noqa: ARG002 - the promise
        return None

    async def forget(self, install: str, *, at: float) -> None:
        """Both stay."""


@asynccontextmanager
async def wired(act: Act, *, seconds: float = 20.0) -> AsyncIterator[Wire]:
    """Open a wire to a Slack that does ``act``."""
    app = web.Application()
    app.router.add_route("*", "/api/{method}", act)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    wire = Wire(api_url=f"http://{host}:{port}/api/", seconds=seconds)
    try:
        yield wire
    finally:
        await wire.close()
        await runner.cleanup()


@asynccontextmanager
async def calling(act: Act, *, seconds: float = 20.0, **keywords: Any) -> AsyncIterator[Calls]:
    """Open calls to a Slack that does ``act``."""
    async with wired(act, seconds=seconds) as wire:
        yield Calls(workspaces=Two(), wire=wire, **keywords)


def answering(*answers: web.Response) -> Act:
    """Give each answer once, then say that all is well."""
    left = list(answers)

    async def act(_request: web.Request) -> web.Response:
        return left.pop(0) if left else web.json_response({"ok": True})

    return act


def too_many(seconds: str) -> web.Response:
    answer = {"ok": False, "error": "ratelimited"}
    return web.json_response(answer, status=429, headers={"Retry-After": seconds})


async def test_each_workspace_is_spoken_to_with_its_own_token() -> None:
    tokens = []

    async def act(request: web.Request) -> web.Response:
        tokens.append(request.headers["Authorization"])
        return web.json_response({"ok": True, "ts": "1.1"})

    async with calling(act) as calls:
        heard = await calls("T1", "chat.postMessage", channel="C1", text="a")
        await calls("T2", "chat.delete", channel="C1", ts="1.1")
    assert heard["ts"] == "1.1"
    assert tokens == ["Bearer xoxb-T1", "Bearer xoxb-T2"]


async def test_arguments_go_in_the_shape_that_the_method_wants() -> None:
    bodies = {}

    async def act(request: web.Request) -> web.Response:
        body = await request.text()
        bodies[request.path] = (request.method, request.query_string, body)
        return web.json_response({"ok": True})

    async with calling(act) as calls:
        await calls("T1", "chat.postMessage", channel="C1", blocks=[{"type": "x"}], metadata=None)
        await calls("T1", "conversations.replies", channel="C1", limit=15, inclusive=True)
        await calls("T1", "chat.delete", channel="C1", ts="1.1")
    method, _, body = bodies["/api/chat.postMessage"]
    assert method == "POST"
    assert json.loads(body) == {"channel": "C1", "blocks": [{"type": "x"}]}
    assert bodies["/api/conversations.replies"] == ("GET", "channel=C1&limit=15&inclusive=true", "")
    assert bodies["/api/chat.delete"] == ("POST", "", "channel=C1&ts=1.1")


async def test_half_a_surrogate_pair_is_no_reason_to_fail() -> None:
    texts = []

    async def act(request: web.Request) -> web.Response:
        data = await request.json() if request.method == "POST" else request.query
        texts.append(data["text"])
        return web.json_response({"ok": True})

    async with calling(act) as calls:
        await calls("T1", "chat.postMessage", text="a \ud83d b \ud83d\ude00")
        await calls("T1", "users.info", text="a \ud83d b")
    assert texts == ["a \ufffd b 😀", "a \ufffd b"]


async def test_a_call_waits_as_long_as_slack_says() -> None:
    clock = Clock()
    async with calling(
        answering(too_many("7"), too_many("5")), clock=clock, sleep=clock.sleep
    ) as calls:
        begun = clock()
        await calls("T1", "chat.postMessage", channel="C1", text="a")
    assert clock() - begun == 12.0


async def test_a_call_that_would_wait_too_long_says_so_at_once() -> None:
    clock = Clock()
    async with calling(answering(too_many("70")), clock=clock, sleep=clock.sleep) as calls:
        begun = clock()
        with pytest.raises(SlackBusy) as busy:
            await calls("T1", "chat.postMessage", channel="C1", text=SAID, patience=60.0)
    assert clock() == begun
    assert busy.value.retry_after == 70.0
    assert not busy.value.uncertain


async def test_everyone_waits_where_one_was_told_to_and_nobody_elsewhere() -> None:
    clock = Clock()
    async with calling(answering(too_many("30")), clock=clock, sleep=clock.sleep) as calls:
        with pytest.raises(SlackBusy):
            await calls("T1", "chat.appendStream", channel="C1", patience=0.0)
        with pytest.raises(SlackBusy):
            await calls("T1", "chat.appendStream", channel="C2", patience=0.0)
        await calls("T2", "chat.appendStream", channel="C1", patience=0.0)
        await calls("T1", "chat.stopStream", channel="C1", patience=0.0)


async def test_posting_is_limited_by_channel() -> None:
    async with calling(answering(too_many("30"))) as calls:
        with pytest.raises(SlackBusy):
            await calls("T1", "chat.postMessage", channel="C1", patience=0.0)
        with pytest.raises(SlackBusy):
            await calls("T1", "chat.postMessage", channel="C1", patience=0.0)
        await calls("T1", "chat.postMessage", channel="C2", patience=0.0)


@pytest.mark.parametrize("odd", ["soon", "-5", "nan", ""])
async def test_an_odd_time_to_wait_is_a_second(odd: str) -> None:
    async with calling(answering(too_many(odd))) as calls:
        with pytest.raises(SlackBusy) as busy:
            await calls("T1", "chat.postMessage", channel="C1", patience=0.0)
    assert busy.value.retry_after == pytest.approx(1.0, abs=0.5)


async def test_a_refusal_tells_slacks_code_and_no_words() -> None:
    said = {"ok": False, "error": "invalid_blocks", "response_metadata": {"messages": [SAID]}}
    async with calling(answering(web.json_response(said))) as calls:
        with pytest.raises(SlackRefused) as refused:
            await calls("T1", "chat.postMessage", channel="C1", text=SAID)
    assert not isinstance(refused.value, SlackGone)
    assert refused.value.error == "invalid_blocks"
    assert str(refused.value) == "Slack refused chat.postMessage in T1, channel C1: invalid_blocks."
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None


async def test_a_missing_scope_is_named_with_its_cure() -> None:
    said = {"ok": False, "error": "missing_scope", "needed": "chat:write", "provided": "a:b"}
    async with calling(answering(web.json_response(said))) as calls:
        with pytest.raises(SlackGone, match=r"chat:write is missing: .*'bot slack manifest'"):
            await calls("T1", "chat.postMessage", channel="C1")


@pytest.mark.parametrize("code", ["is_archived", "token_revoked", "channel_not_found"])
async def test_what_will_never_work_is_told_as_that(code: str) -> None:
    async with calling(answering(web.json_response({"ok": False, "error": code}))) as calls:
        with pytest.raises(SlackGone):
            await calls("T1", "chat.postMessage", channel="C1")


BROKEN: dict[str, Callable[[], web.Response]] = {
    "a fault": lambda: web.Response(text=f"<html>{SAID}</html>", status=502),
    "no JSON": lambda: web.Response(text=f"<html>{SAID}", content_type="application/json"),
    "no text": lambda: web.Response(body=b"\xff\xfe", content_type="application/json"),
    "a list": lambda: web.json_response([SAID]),
    "no code": lambda: web.json_response({"ok": False, "error": SAID}),
    "an inner fault": lambda: web.json_response({"ok": False, "error": "internal_error"}),
    "nothing": lambda: web.json_response({}),
}


@pytest.mark.parametrize("kind", BROKEN)
async def test_an_answer_that_cannot_be_read_leaves_open_whether_it_was_done(kind: str) -> None:
    async with calling(answering(BROKEN[kind]())) as calls:
        with pytest.raises(SlackBusy) as busy:
            await calls("T1", "chat.postMessage", channel="C1", text=SAID)
    assert busy.value.uncertain
    assert SAID not in str(busy.value)


async def test_a_cut_line_leaves_open_whether_it_was_done() -> None:
    async def cut(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with calling(cut) as calls:
        with pytest.raises(SlackBusy) as busy:
            await calls("T1", "chat.postMessage", channel="C1")
    assert busy.value.uncertain


async def test_silence_leaves_open_whether_it_was_done() -> None:
    async def sleep(_request: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    async with calling(sleep, seconds=0.1) as calls:
        with pytest.raises(SlackBusy, match=r"within 0\.1 s") as busy:
            await calls("T1", "chat.postMessage", channel="C1")
    assert busy.value.uncertain


async def test_where_nobody_listens_nothing_was_done() -> None:
    calls = Calls(workspaces=Two(), wire=Wire(api_url="http://127.0.0.1:9/api/"))
    with pytest.raises(SlackBusy) as busy:
        await calls("T1", "chat.postMessage", channel="C1")
    assert not busy.value.uncertain
    await calls.close()


async def test_without_a_token_nothing_is_asked() -> None:
    async with calling(answering()) as calls:
        with pytest.raises(NotInstalled):
            await calls("T9", "chat.postMessage", channel="C1")


async def test_no_call_is_made_twice_behind_our_back() -> None:
    asked = []

    async def act(request: web.Request) -> web.Response:
        asked.append(request.path)
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with calling(act) as calls:
        with pytest.raises(FrontdeskError):
            await calls("T1", "chat.postMessage", channel="C1")
    assert len(asked) == 1


async def test_at_the_start_slack_is_asked_once_more_where_it_says_when() -> None:
    token = SecretStr("xoxb-1")
    async with wired(answering(too_many("0"))) as wire:
        await introduction.asked(token, wire=wire, where="here")
    for waits in (["0", "7"], ["3600"]):
        async with wired(answering(*map(too_many, waits))) as wire:
            with pytest.raises(SetupError) as error:
                await introduction.introduced(token, wire=wire, place="here")
        assert "Slack is asked too often for auth.test in here." in str(error.value)
        assert f"Try again in {waits[-1]} seconds." in str(error.value)
        assert "network" not in str(error.value)


@pytest.mark.parametrize("status", [200, 404])
async def test_a_page_tells_that_this_is_no_slack(status: int) -> None:
    page = web.Response(text=f"<p>{SAID}</p>", status=status, content_type="text/html")
    async with wired(answering(page)) as wire:
        with pytest.raises(SetupError) as error:
            await introduction.introduced(SecretStr("xoxb-1"), wire=wire, place="here")
    assert "[slack] api_url names is no Slack API" in str(error.value)
    assert f"(HTTP {status})" in str(error.value)
    assert SAID not in str(error.value)
