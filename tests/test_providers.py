"""Whatever a provider does, over real HTTP: decent words to the customer, the question kept."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.app import App
from bot.backends.base import Request, Said
from bot.messages import Author, Outcome, ToolCall, Withdrawn
from bot.settings import Settings
from channels.cli.backends import opened
from channels.cli.variables import SENT
from tests.house import ask, house, told, visible
from tests.servers.acts import Act, Answer, Fault, Refusal
from tests.servers.anthropic import AnthropicServer
from tests.servers.base import ModelServer
from tests.servers.openai import OpenAIServer

PASSWORD = "I need help with resetting my password."
HELLO = Request(
    system="Be kind.", history=(Said(role="user", text="Hello"),), context="", question="Hello"
)
GOOD = Answer(text="Choose Forgot password [1].")
SERVERS: Mapping[str, type[ModelServer]] = {"anthropic": AnthropicServer, "openai": OpenAIServer}

BEFORE_THE_FIRST_PIECE: dict[str, Act] = {
    **{str(status): Refusal(status=status) for status in (400, 401, 403, 404, 408, 413)},
    **{str(status): Refusal(status=status) for status in (429, 500, 502, 503, 504, 529)},
    "429 with a long wait": Refusal(status=429, headers={"retry-after": "3600"}),
    "not JSON": Refusal(status=500, body=b"<html>Bad gateway</html>"),
    "silence": Answer(text="Never said.", fault=Fault.SILENCE, after=0),
    "cut at once": Answer(text="Never said.", fault=Fault.CUT, after=0),
    "error event at once": Answer(text="Never said.", fault=Fault.ERROR, after=1),
    "bad JSON at once": Answer(text="Never said.", fault=Fault.GARBAGE, after=1),
    "empty": Answer(text=""),
    "an unasked tool call": Answer(calls=[ToolCall(id="c", name="refund_all", arguments="{}")]),
}
IN_MID_ANSWER = {
    fault.name.lower(): Answer(text="Half of an answer that breaks off", fault=fault, after=7)
    for fault in Fault
}


def backends(**servers: ModelServer) -> dict[str, Any]:
    """Return the part of ``bot.toml`` that asks ``servers``, in their order."""
    sections = {
        name: {
            "kind": "anthropic" if isinstance(server, AnthropicServer) else "openai",
            "base_url": server.url,
            "first_piece_seconds": 3.0,  # the first one loads the SDK
            "silence_seconds": 0.5,
        }
        for name, server in servers.items()
    }
    return {"backends": sections, "router": {"tries": 2, "longest_wait": 0.5}}


async def _is_kept(app: App, question: str) -> bool:
    conversation = await app.archive.find("terminal", "one")
    assert conversation is not None
    messages = await app.archive.messages(conversation.id)
    authors = [message.author for message in messages]
    return messages[0].text == question and authors == [Author.CUSTOMER, Author.BOT]


@pytest.mark.parametrize("act", BEFORE_THE_FIRST_PIECE.values(), ids=BEFORE_THE_FIRST_PIECE)
@pytest.mark.parametrize(("first", "second"), [("anthropic", "openai"), ("openai", "anthropic")])
async def test_before_the_first_piece_another_answers_and_nobody_notices(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, first: str, second: str, act: Act
) -> None:
    caplog.set_level(logging.DEBUG)
    async with (
        SERVERS[first](act) as broken,
        SERVERS[second](GOOD) as sound,
        house(tmp_path, **backends(broken=broken, sound=sound)) as app,
    ):
        events = await told(app, PASSWORD)
        assert await _is_kept(app, PASSWORD)
    assert visible(events) == "Choose Forgot password [1]."
    assert not any(isinstance(event, Withdrawn) for event in events)
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize("act", IN_MID_ANSWER.values(), ids=IN_MID_ANSWER)
@pytest.mark.parametrize(("first", "second"), [("anthropic", "openai"), ("openai", "anthropic")])
async def test_after_the_first_piece_the_text_is_withdrawn_and_replaced(
    tmp_path: Path, first: str, second: str, act: Act
) -> None:
    async with (
        SERVERS[first](act) as broken,
        SERVERS[second](GOOD) as sound,
        house(tmp_path, **backends(broken=broken, sound=sound)) as app,
    ):
        events = await told(app, PASSWORD)
        assert await _is_kept(app, PASSWORD)
    assert visible(events) == "Choose Forgot password [1]."
    assert [type(event).__name__ for event in events].count("Withdrawn") == 1


async def test_where_both_are_dead_the_help_centre_is_quoted_and_said_so(tmp_path: Path) -> None:
    async with (
        AnthropicServer(Refusal(status=529)) as claude,
        OpenAIServer(Refusal(status=401)) as gpt,
    ):
        settings = backends(claude=claude, gpt=gpt)
        settings["backends"]["quotes"] = {"kind": "extractive"}
        async with house(tmp_path, **settings) as app:
            reply = await ask(app, PASSWORD)
            [record] = await app.archive.record(reply.turn)
    assert "help centre says" in reply.text
    assert "choose Forgot password" in reply.text
    assert reply.citations[0].title == "Reset your password"
    assert [attempt.backend for attempt in record.turn.attempts][-1] == "quotes"


async def test_where_nobody_is_left_the_customer_is_told_and_the_question_is_kept(
    tmp_path: Path,
) -> None:
    async with (
        AnthropicServer(Refusal(status=500)) as claude,
        house(tmp_path, **backends(claude=claude)) as app,
    ):
        reply = await ask(app, PASSWORD)
        assert await _is_kept(app, PASSWORD)
        unanswered = await app.archive.unanswered(limit=5)
    assert reply.outcome is Outcome.FAILED
    assert "500" not in reply.text
    assert [each.question for each in unanswered] == [PASSWORD]


async def test_a_short_wait_that_was_asked_for_is_waited(tmp_path: Path) -> None:
    busy = Refusal(status=429, headers={"retry-after": "0.1"})
    async with AnthropicServer(busy, GOOD) as claude:
        async with house(tmp_path, **backends(claude=claude)) as app:
            assert (await ask(app, PASSWORD)).outcome is Outcome.ANSWERED
        assert len(claude.heard) == 2


@pytest.mark.parametrize(
    ("kind", "stop"), [("anthropic", "max_tokens"), ("openai", "length")], ids=["claude", "gpt"]
)
async def test_an_answer_cut_at_the_token_limit_is_kept_and_says_so(
    tmp_path: Path, kind: str, stop: str
) -> None:
    async with (
        SERVERS[kind](Answer(text="A long answ", stop=stop)) as server,
        house(tmp_path, **backends(only=server)) as app,
    ):
        reply = await ask(app, PASSWORD)
    assert reply.text.startswith("A long answ")
    assert "too long" in reply.text


@pytest.mark.parametrize(
    ("kind", "stop"),
    [("anthropic", "refusal"), ("openai", "content_filter")],
    ids=["claude", "gpt"],
)
async def test_a_refusal_is_told_in_decent_words(tmp_path: Path, kind: str, stop: str) -> None:
    async with (
        SERVERS[kind](Answer(text="I will", stop=stop)) as server,
        house(tmp_path, **backends(only=server)) as app,
    ):
        events = await told(app, "something unpleasant")
    assert "I will" not in visible(events)
    assert "can't help with that" in visible(events)


@pytest.mark.parametrize("kind", SERVERS)
async def test_ten_turns_are_streamed_and_each_reads_the_ones_before(
    tmp_path: Path, kind: str
) -> None:
    async with (
        SERVERS[kind](Answer(text="Choose Forgot password [1], then wait.")) as server,
        house(tmp_path, **backends(only=server)) as app,
    ):
        for number in range(10):
            events = await told(app, f"Question {number} about my password")
            assert len(events) > 4
        last = server.heard[-1].body.decode()
    assert all(f"Question {number} about" in last for number in range(10))


@pytest.mark.parametrize("kind", SERVERS)
async def test_an_sdk_sends_the_variables_that_the_doctor_names_and_no_others(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    named = {name for _, names in SENT.values() for name in names}
    known = {f"OPENAI_{name}" for name in ("CUSTOM_HEADERS", "ORG_ID", "PROJECT_ID", "ADMIN_KEY")}
    known |= {f"ANTHROPIC_{name}" for name in ("CUSTOM_HEADERS", "AUTH_TOKEN", "API_KEY")}
    for name in named | known:
        monkeypatch.setenv(name, f"x-{name}: of {name}")
    async with SERVERS[kind](GOOD) as server:
        backend = opened("own", Settings.model_validate(backends(own=server)))
        assert [output async for output in backend.stream(HELLO)]
        await backend.close()
    headers = server.heard[0].headers.values()
    sent = {name for name in named | known if any(f"of {name}" in value for value in headers)}
    assert sent == {name for name in named if name.startswith(kind.upper())}
