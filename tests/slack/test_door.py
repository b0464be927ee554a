"""Slack's requests come in; whatever else knocks at the door stays outside, without a trace."""

import asyncio
import json
import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import pytest
from slack_bolt.async_app import AsyncApp

from bot.errors import StoreUnavailable
from bot.settings import WebSettings
from channels.slack.door import LONGEST
from channels.web import server
from channels.web.streams import Streams
from tests.house import until
from tests.slack.malformed import (
    EVENT,
    NOW,
    Request,
    door,
    knock,
    listening,
    many,
    signed,
)

FORM = "application/x-www-form-urlencoded"


def request(body: bytes, **how: Any) -> Request:
    return Request(headers=signed(body, **how), body=body, refused=0)


def hearing(heard: list[Any]) -> AsyncApp:
    """Return a Bolt app that notes what it hears, before it says so."""
    bolt = listening()

    @bolt.event("message")
    async def message(event: dict[str, Any]) -> None:
        heard.append(event["text"])

    @bolt.command("/ask")
    async def command(ack: Callable[..., Any], command: dict[str, str]) -> None:
        heard.append(command["text"])
        await ack("One moment.")

    return bolt


async def test_an_event_is_heard_and_answered() -> None:
    heard: list[Any] = []
    bolt = hearing(heard)
    assert await knock(door(bolt), request(EVENT)) == (200, b"")
    assert await knock(door(bolt), request(EVENT), step=7) == (200, b"")
    await until(lambda: len(heard) == 2)  # Bolt answers first
    assert heard == ["Hello?", "Hello?"]


async def test_a_command_gets_what_the_listener_says() -> None:
    heard: list[Any] = []
    body = urlencode({"command": "/ask", "text": "Is it ö?", "team_id": "T1"}).encode()
    status, said = await knock(door(hearing(heard)), request(body, kind=FORM))
    assert (status, said.decode(), heard) == (200, "One moment.", ["Is it ö?"])


async def test_what_nothing_listens_to_is_not_sent_again() -> None:
    body = EVENT.replace(b'"message"', b'"team_rename"')
    assert await knock(door(), request(body)) == (200, b"")


async def test_slack_may_try_the_address() -> None:
    body = b'{"type": "url_verification", "challenge": "3eZbrw1aB10FEMAGAZd4"}'
    status, said = await knock(door(), request(body))
    assert (status, json.loads(said)) == (200, {"challenge": "3eZbrw1aB10FEMAGAZd4"})
    body = b"ssl_check=1&token=x"
    assert await knock(door(), request(body, kind=FORM)) == (200, b"")
    unsigned = Request(headers=(), body=body, refused=0)
    assert await knock(door(), unsigned) == (200, b"")
    forged = Request(headers=signed(body, secret="another"), body=body, refused=401)
    assert (await knock(door(), forged))[0] == 401


async def test_a_request_is_good_for_five_minutes() -> None:
    for late in (-300, 300):
        assert (await knock(door(), request(EVENT, at=NOW + late)))[0] == 200
    for late in (-301, 301):
        assert (await knock(door(), request(EVENT, at=NOW + late)))[0] == 401


async def test_a_wrong_signing_secret_is_told_once_a_minute(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = [float(NOW)]
    at = door(clock=lambda: now[0])
    for later in (0, 1, 59, 60, 61):
        now[0] = NOW + later
        assert (await knock(at, request(EVENT, at=NOW, secret="another")))[0] == 401
    assert (await knock(at, request(EVENT)))[0] == 200
    first, second = (each.getMessage() for each in caplog.records)
    assert first.startswith("1 request at /slack/events was not signed with SLACK_SIGNING_SECRET")
    assert second.startswith("3 requests at /slack/events were not signed with SLACK_SIGNING")
    assert "Basic Information → Signing Secret" in first
    assert {each.levelname for each in caplog.records} == {"WARNING"}
    assert "v0=" not in caplog.text
    assert "Hello?" not in caplog.text


async def test_half_a_character_reaches_the_listeners_as_a_mark() -> None:
    heard: list[Any] = []
    body = EVENT.replace(b"Hello?", b"Hello \\ud83d")
    assert (await knock(door(hearing(heard)), request(body)))[0] == 200
    await until(lambda: heard)  # Bolt answers first
    assert heard == ["Hello \ufffd"]


@pytest.mark.parametrize("error", [StoreUnavailable("It is locked."), RuntimeError("Hello?")])
async def test_what_cannot_be_kept_now_is_sent_again(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    bolt = listening()

    @bolt.middleware
    async def fail() -> None:
        raise error

    @bolt.error
    async def again(error: Exception) -> None:
        raise error

    status, said = await knock(door(bolt), request(EVENT))
    assert (status, said) == (503, b"Service Unavailable\n")
    assert "Hello?" not in caplog.text


async def test_the_door_refuses_what_slack_never_sends(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    at = door()
    for number, each in enumerate(many(500, seed=7)):
        status, said = await knock(at, each)
        assert status == each.refused, f"request {number}"
        assert b"Traceback" not in said
    assert "Traceback" not in caplog.text
    assert "Hello?" not in caplog.text


async def test_size_is_looked_at_before_the_signature_and_that_before_the_body() -> None:
    large = Request(headers=(), body=b"x" * (LONGEST + 1), refused=413)
    assert (await knock(door(), large))[0] == 413
    assert (await knock(door(), large, step=65_536))[0] == 413
    for odd, status in ((b"\xb2", 401), (b"9" * 5_000, 413)):
        sized = Request(headers=((b"content-length", odd),), body=b"", refused=status)
        assert (await knock(door(), sized))[0] == status
    just = request(b" " * (LONGEST - len(EVENT)) + EVENT)
    assert (await knock(door(), just))[0] == 200
    unsigned = Request(headers=(), body=b"\xff", refused=401)
    assert (await knock(door(), unsigned))[0] == 401


async def test_only_posts_are_events_and_everything_else_goes_on() -> None:
    assert (await knock(door(), request(EVENT), method="GET"))[0] == 405
    for path in ("/", "/slack", "/slack/events/", "/slack/install", "/chat"):
        assert await knock(door(), request(EVENT), path=path) == (299, b"elsewhere")


# --- Over a real line --------------------------------------------------------------------------


@asynccontextmanager
async def serving() -> AsyncIterator[int]:
    """Serve the door on a port, as 'bot serve' does."""
    stop = asyncio.Event()
    with server.listening("127.0.0.1", 0) as on:
        async with asyncio.TaskGroup() as tasks:
            served = tasks.create_task(
                server.serve(
                    door(), on=on, streams=Streams(), settings=WebSettings(), stop=stop, grace=5
                )
            )
            try:
                yield on.getsockname()[1]
            finally:  # before its socket is closed
                stop.set()
                await served


@asynccontextmanager
async def _line(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


def written(request: Request, *, chunked: bool) -> bytes:
    lines = [b"POST /slack/events HTTP/1.1", b"Host: bot.shop.example"]
    lines += [name + b": " + value for name, value in request.headers if b"\n" not in value]
    if chunked:
        size = b"%x" % len(request.body)
        body = size + b"\r\n" + request.body + b"\r\n0\r\n\r\n" if request.body else b"0\r\n\r\n"
        lines.append(b"Transfer-Encoding: chunked")
    else:
        body = request.body
        if not any(name == b"content-length" for name, _ in request.headers):
            lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([*lines, b"", body])


async def test_raw_requests_are_refused_without_a_trace(caplog: pytest.LogCaptureFixture) -> None:
    luck = random.Random(11)
    async with serving() as port:
        for each in many(150, seed=11):
            async with _line(port) as (reader, writer), asyncio.timeout(20):
                writer.write(written(each, chunked=luck.random() < 0.5))
                head = await reader.readuntil(b"\r\n\r\n")
            assert int(head.split()[1]) in {each.refused, 400}, head
    assert "Traceback" not in caplog.text


async def test_a_body_without_an_end_is_not_read_to_its_end() -> None:
    async with serving() as port, _line(port) as (reader, writer):
        head = written(request(EVENT), chunked=True).partition(b"\r\n\r\n")[0]
        writer.write(head + b"\r\n\r\n")
        # More is not sent: what nobody reads would let the line be reset under the answer.
        for size in (*(LONGEST // 16,) * 16, 1):
            writer.write(f"{size:x}".encode() + b"\r\n" + b"x" * size + b"\r\n")
            await writer.drain()
        async with asyncio.timeout(20):
            answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 413")
        assert b"connection: close" in answer.lower()
