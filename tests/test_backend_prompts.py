"""What a provider is sent: the right fields, and a history that repeats to the byte."""

import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.backends.anthropic import AnthropicBackend
from bot.backends.base import Backend, Request, Said
from bot.backends.chat import to_body
from bot.backends.openai import OpenAIBackend
from bot.messages import ToolCall, ToolResult
from bot.settings import AnthropicSettings, OpenAISettings
from tests.servers.anthropic import AnthropicServer
from tests.servers.base import Heard
from tests.servers.openai import OpenAIServer

MARK = b',"cache_control":{"type":"ephemeral"}'
CALL = ToolCall(id="call_1", name="find_order", arguments='{"order": 7}')
TALK = (
    Said(role="user", text="Where is order 7?"),
    Said(role="assistant", text="Let me look.", calls=(CALL,)),
    Said(role="user", text="", results=(ToolResult(call_id="call_1", text="On its way"),)),
    Said(role="assistant", text="It is on its way."),
    Said(role="user", text="Thanks! And when?"),
)


def request(history: Sequence[Said], *, context: str = "[1] By Friday.", **more: Any) -> Request:
    return Request(
        system="Be kind.", history=tuple(history), context=context, question="When?", **more
    )


async def heard(
    kind: str, *requests: Request, base_url: str | None = None, **more: Any
) -> list[Heard]:
    """Ask ``requests`` over HTTP, and return what the server heard."""
    server = AnthropicServer() if kind == "anthropic" else OpenAIServer()
    async with server:
        backend: Backend
        if kind == "anthropic":
            claude = AnthropicSettings(kind="anthropic", base_url=base_url or server.url, **more)
            backend = AnthropicBackend(name="b", settings=claude, key="sk-ant-local")
        else:
            gpt = OpenAISettings(kind="openai", base_url=base_url or server.url, **more)
            backend = OpenAIBackend(name="b", settings=gpt, key="sk-local")
        for asked in requests:
            async for _ in backend.stream(asked):
                pass
        await backend.close()
    return server.heard


async def body(kind: str, asked: Request, **more: Any) -> dict[str, Any]:
    value = (await heard(kind, asked, **more))[0].json()
    assert isinstance(value, dict)
    return value


async def test_claude_reads_blocks_with_marks_before_what_changes() -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    sent = await body("anthropic", request(TALK))
    assert sent["system"] == [{"type": "text", "text": "Be kind.", **mark}]
    looked = {"type": "tool_use", "id": "call_1", "name": "find_order", "input": {"order": 7}}
    found = {
        "type": "tool_result",
        "tool_use_id": "call_1",
        "content": "On its way",
        "is_error": False,
    }
    assert sent["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "Where is order 7?"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "Let me look."}, looked]},
        {"role": "user", "content": [{**found, **mark}]},
        {"role": "assistant", "content": [{"type": "text", "text": "It is on its way."}]},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Thanks! And when?", **mark},
                {"type": "text", "text": "[1] By Friday."},
            ],
        },
    ]


async def test_chat_completions_read_strings_and_what_changes_comes_last() -> None:
    function = {"name": "find_order", "arguments": '{"order": 7}'}
    assert (await body("openai", request(TALK)))["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Where is order 7?"},
        {
            "role": "assistant",
            "content": "Let me look.",
            "tool_calls": [{"id": "call_1", "type": "function", "function": function}],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "On its way"},
        {"role": "assistant", "content": "It is on its way."},
        {"role": "user", "content": "Thanks! And when?\n\n[1] By Friday."},
    ]


@pytest.mark.parametrize("kind", ["anthropic", "openai"])
async def test_a_context_after_a_tools_result_stands_alone(kind: str) -> None:
    *_, newest = (await body(kind, request(TALK[:3])))["messages"]
    assert newest["role"] == "user"
    last = newest["content"] if kind == "openai" else newest["content"][-1]["text"]
    assert last == "[1] By Friday."


@pytest.mark.parametrize("kind", ["anthropic", "openai"])
async def test_blank_words_are_not_sent(kind: str) -> None:
    asked = Request(
        system=" ",
        history=(Said(role="user", text="Hi"), Said(role="assistant", text=" "), TALK[-1]),
        context="",
        question="",
    )
    sent = await body(kind, asked)
    assert [message["role"] for message in sent["messages"]] == ["user", "user"]
    assert "system" not in sent


async def test_broken_arguments_are_sent_to_claude_as_none() -> None:
    for arguments in ("{", "[1]", ""):
        call = ToolCall(id="1", name="find_order", arguments=arguments)
        sent = await body(
            "anthropic", request((TALK[0], Said(role="assistant", text="", calls=(call,))))
        )
        assert sent["messages"][1]["content"][0]["input"] == {}


@pytest.mark.parametrize(
    ("asked", "sent"), [(None, 2048), (300, 300), (9000, 2048)], ids=["own", "less", "more"]
)
@pytest.mark.parametrize("kind", ["anthropic", "openai"])
async def test_an_answer_is_no_longer_than_both_allow(
    kind: str, asked: int | None, sent: int
) -> None:
    assert (await body(kind, request(TALK, max_tokens=asked)))["max_tokens"] == sent


async def test_openai_itself_is_asked_for_completion_tokens() -> None:
    for address, limit in (
        (None, "max_completion_tokens"),
        ("https://eu.api.openai.com/v1", "max_completion_tokens"),
        ("https://shop.openai.azure.com/openai/v1", "max_completion_tokens"),
        ("https://api.groq.com/openai/v1", "max_tokens"),
        ("http://api.openai.com.example/v1", "max_tokens"),
    ):
        here = OpenAISettings(kind="openai", base_url=address)
        assert to_body(request(TALK), settings=here)[limit] == 2048


async def test_claude_thinks_only_when_told_to() -> None:
    sent = await body("anthropic", request(TALK), effort="low")
    assert sent["thinking"] == {"type": "adaptive", "display": "summarized"}
    assert sent["output_config"] == {"effort": "low"}
    for model, thinking in (
        ("claude-sonnet-5-5", {"type": "between_tools"}),
        ("claude-sonnet-5-20260101", {"type": "disabled"}),
        ("claude-haiku-4-5", None),
    ):
        quiet = await body("anthropic", request(TALK), model=model)
        assert quiet.get("thinking") == thinking
        assert "output_config" not in quiet


@pytest.mark.parametrize("kind", ["anthropic", "openai"])
async def test_what_is_set_is_sent_and_nothing_else(kind: str) -> None:
    bare = await body(kind, request(TALK), model="m")
    full = await body(kind, request(TALK, stop=("Customer:",)), model="m", temperature=0.0)
    stop = "stop_sequences" if kind == "anthropic" else "stop"
    assert full == {**bare, "temperature": 0.0, stop: ["Customer:"]}


@pytest.mark.parametrize("kind", ["anthropic", "openai"])
async def test_a_request_may_ask_for_a_temperature_of_its_own(kind: str) -> None:
    sent = await body(kind, request(TALK, temperature=0.8), model="m", temperature=0.0)
    assert sent["temperature"] == 0.8


async def test_a_model_that_thinks_is_asked_for_no_temperature() -> None:
    sent = await body("anthropic", request(TALK, temperature=0.8), effort="low")
    assert "temperature" not in sent


# --- The prefix ---------------------------------------------------------------------------------

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(str.strip)
turns = st.lists(st.tuples(texts, texts, st.booleans()), min_size=2, max_size=6)


def talk(turns: Sequence[tuple[str, str, bool]]) -> list[Request]:
    """Make one request of each turn: a question, a context, and perhaps a tool on the way."""
    history: list[Said] = []
    requests = []
    for number, (question, answer, tool) in enumerate(turns):
        history.append(Said(role="user", text=question))
        requests.append(request(history, context=f"<<context {number}>>"))
        if tool:
            result = ToolResult(call_id="call_1", text=answer)
            history.append(Said(role="assistant", text="", calls=(CALL,)))
            history.append(Said(role="user", text="", results=(result,)))
        history.append(Said(role="assistant", text=answer))
    return requests


def until_the_newest_words(sent: Heard, number: int) -> bytes:
    """Return the messages' bytes up to the customer's newest words, without the cache marks."""
    plain = sent.body.replace(MARK, b"")
    start = plain.index(b'"messages":[')
    return plain[start : plain.rindex(f"<<context {number}>>".encode())]


@settings(max_examples=25, deadline=None)
@given(turns=turns)
@pytest.mark.parametrize("kind", ["anthropic", "openai"])
async def test_a_request_begins_with_the_bytes_of_the_one_before(
    kind: str, turns: list[tuple[str, str, bool]]
) -> None:
    sent = await heard(kind, *talk(turns))
    between = b'"},{"type":"text","text":"' if kind == "anthropic" else rb"\n\n"
    for number, (before, after) in enumerate(pairwise(sent)):
        stable = until_the_newest_words(before, number)
        assert stable.endswith(between)
        assert until_the_newest_words(after, number + 1).startswith(stable.removesuffix(between))
        assert before.json().get("system") == after.json().get("system")


@settings(max_examples=25, deadline=None)
@given(turns=turns)
async def test_claude_is_sent_at_most_four_marks(turns: list[tuple[str, str, bool]]) -> None:
    for sent in await heard("anthropic", *talk(turns)):
        assert 2 <= sent.body.count(MARK) <= 4


# --- The start ----------------------------------------------------------------------------------


def test_no_sdk_is_imported_before_the_first_question() -> None:
    program = (
        "import sys; from bot.backends import anthropic, openai, prices, scripted; "
        "sys.exit(bool({'anthropic', 'openai', 'httpx2', 'genai_prices'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_what_the_first_answer_needs_is_loaded_while_nobody_asks(tmp_path: Path) -> None:
    program = """
import asyncio, sys
from pathlib import Path
from tests.house import house, until

async def wait(folder):
    claude = {"kind": "anthropic", "base_url": "http://127.0.0.1:9"}
    async with house(folder, backends={"claude": claude}):
        assert not {"anthropic", "genai_prices"} & set(sys.modules)
        await until(lambda: {"anthropic", "genai_prices"} <= set(sys.modules), seconds=60)

asyncio.run(wait(Path(sys.argv[1])))
"""
    subprocess.run([sys.executable, "-c", program, tmp_path], check=True)
