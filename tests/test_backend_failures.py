"""Every way in which a provider fails, over real HTTP, becomes the error of who must act."""

import asyncio
import gc
import json
import logging
import socket
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from dataclasses import replace

import pytest
from pydantic import ValidationError

from bot.backends.anthropic import AnthropicBackend
from bot.backends.base import (
    Backend,
    Called,
    Finished,
    Output,
    Request,
    Said,
    StopReason,
    Text,
    Warmed,
)
from bot.backends.openai import OpenAIBackend
from bot.errors import (
    BackendBusy,
    BackendError,
    BackendMisconfigured,
    BackendUnavailable,
    SettingsError,
)
from bot.messages import ToolCall
from bot.settings import AnthropicSettings, OpenAISettings
from tests.house import until
from tests.servers.acts import Act, Answer, Fault, Recording, Refusal
from tests.servers.base import ModelServer
from tests.servers.openai import OpenAIServer
from tests.ways import WAYS

KEY = "sk-ant-api03-locallocallocal"
CLAUDES = {"anthropic", "bedrock", "vertex"}
QUESTION = "My e-mail is ada@example.org and my parrot ate the invoice"
REQUEST = Request(
    system="Be kind.",
    history=(Said(role="user", text=QUESTION),),
    context="Answer in English.",
    question=QUESTION,
)


def at(kind: str, url: str) -> Backend:
    return WAYS[kind].open("first", url, KEY)


@asynccontextmanager
async def asking(kind: str, *script: Act) -> AsyncIterator[tuple[Backend, ModelServer]]:
    async with WAYS[kind].server(*script) as server:
        backend = at(kind, server.url)
        try:
            yield backend, server
        finally:
            await backend.close()


async def outputs(backend: Backend) -> list[Output]:
    return [output async for output in backend.stream(REQUEST)]


async def failure(kind: str, act: Act) -> BackendError:
    async with asking(kind, act) as (backend, _):
        with pytest.raises(BackendError) as caught:
            await outputs(backend)
    return caught.value


@pytest.fixture(params=WAYS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, BackendUnavailable),
        (401, BackendMisconfigured),
        (402, BackendMisconfigured),
        (403, BackendMisconfigured),
        (404, BackendMisconfigured),
        (408, BackendBusy),
        (409, BackendBusy),
        (413, BackendUnavailable),
        (418, BackendUnavailable),
        (429, BackendBusy),
        (500, BackendBusy),
        (502, BackendBusy),
        (503, BackendBusy),
        (504, BackendBusy),
        (529, BackendBusy),
    ],
)
async def test_a_status_says_who_must_act(
    kind: str, status: int, error: type[BackendError]
) -> None:
    caught = await failure(kind, Refusal(status=status, headers={"request-id": "req_7"}))
    assert type(caught) is error
    assert caught.backend == "first"
    for fact in ("'first'", str(status), "req_local" if kind == "anthropic" else "req_7"):
        assert fact in str(caught)


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("prompt is too long: 210000 tokens > 200000 maximum", BackendUnavailable),
        ("This model's maximum context length is 8192 tokens.", BackendUnavailable),
        ("adaptive thinking is not supported on this model", BackendMisconfigured),
        ("Unsupported parameter: 'max_tokens'", BackendMisconfigured),
        ("`temperature` is deprecated for this model", BackendMisconfigured),
        ("Your credit balance is too low to access the API.", BackendMisconfigured),
        ("messages.0: something else", BackendUnavailable),
    ],
)
async def test_a_bad_request_says_whose_fault_it_is(
    kind: str, message: str, error: type[BackendError]
) -> None:
    body = b'{"error": {"type": "invalid_request_error", "message": "%b"}}' % message.encode()
    caught = await failure(kind, Refusal(status=400, body=body))
    assert type(caught) is error
    assert message in str(caught)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        (
            {
                "retry-after": "Sun, 22 Nov 2026 10:00:30 GMT",
                "date": "Sun, 22 Nov 2026 10:00:00 GMT",
            },
            30.0,
        ),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, 0.0),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1m2.5s"}, 62.5),
        ({"x-ratelimit-remaining-tokens": "9", "x-ratelimit-reset-tokens": "1m"}, None),
    ],
)
async def test_a_rate_limit_says_how_long_to_wait(
    kind: str, headers: dict[str, str], seconds: float | None
) -> None:
    caught = await failure(kind, Refusal(status=429, headers=headers))
    assert isinstance(caught, BackendBusy)
    assert caught.retry_after == seconds


async def test_a_wait_may_stand_in_the_message_alone() -> None:
    body = b'{"error": {"message": "Rate limit reached. Please try again in 1m18.6s."}}'
    caught = await failure("openai", Refusal(status=429, body=body))
    assert isinstance(caught, BackendBusy)
    assert caught.retry_after == pytest.approx(78.6)


async def test_an_empty_account_is_not_asked_again() -> None:
    body = b'{"error": {"message": "You exceeded it.", "code": "insufficient_quota"}}'
    caught = await failure("openai", Refusal(status=429, body=body))
    assert isinstance(caught, BackendMisconfigured)
    assert "billing" in str(caught)


@pytest.mark.parametrize("body", [b"", b"<html><title>502 Bad Gateway</title>", b"[]", b'"no"'])
async def test_an_error_answer_of_any_form_is_understood(kind: str, body: bytes) -> None:
    assert isinstance(await failure(kind, Refusal(status=502, body=body)), BackendBusy)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.CUT, BackendBusy),
        (Fault.SHORT, BackendBusy),
        (Fault.ERROR, BackendBusy),
        (Fault.GARBAGE, BackendUnavailable),
        (Fault.STRANGE, BackendUnavailable),
    ],
)
@pytest.mark.parametrize("after", [0, 1, 4])
async def test_an_answer_that_breaks_off_is_never_taken_for_whole(
    kind: str, fault: Fault, error: type[BackendError], after: int
) -> None:
    act = Answer(text="One two three four five six", fault=fault, after=after)
    assert type(await failure(kind, act)) is error


async def test_what_came_before_a_fault_was_given(kind: str) -> None:
    act = Answer(text="One two three four five six", fault=Fault.CUT, after=5)
    async with asking(kind, act) as (backend, _):
        seen: list[Output] = []
        with suppress(BackendBusy):
            async for output in backend.stream(REQUEST):
                seen.append(output)  # noqa: PERF401 - what came before the error counts
    assert Text("One ") in seen


async def test_silence_can_be_ended_by_who_waits(kind: str) -> None:
    act = Answer(text="One two three", fault=Fault.SILENCE, after=4)
    async with asking(kind, act) as (backend, server):
        assert isinstance(backend, Warmed)
        await asyncio.to_thread(backend.warm)
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(outputs(backend))
            await until(lambda: server.silent)
            waiting.cancel()
        assert waiting.cancelled()
        await server.idle()
        assert server.abandoned == 1


async def test_closing_the_answer_hangs_up(kind: str) -> None:
    async with WAYS[kind].server(Answer(text="word " * 500), pace=0.01) as server:
        backend = at(kind, server.url)
        async with aclosing(backend.stream(REQUEST)) as stream:
            await anext(stream)
        await server.idle()
        assert server.abandoned == 1
        await backend.close()


@contextmanager
def forgotten() -> Iterator[list[str]]:
    """Yield the names of the async generators that are left to the garbage collector."""
    names: list[str] = []
    collecting = False
    before = sys.get_asyncgen_hooks()

    def drop(generator: AsyncGenerator[object]) -> None:
        if collecting:
            names.append(repr(generator))
        elif before.finalizer:
            before.finalizer(generator)

    sys.set_asyncgen_hooks(before.firstiter, drop)
    gc.disable()
    try:
        yield names
        collecting = True
        gc.collect()
    finally:
        gc.enable()
        sys.set_asyncgen_hooks(*before)


@pytest.mark.parametrize("fault", [None, Fault.ERROR, Fault.GARBAGE, Fault.CUT])
async def test_an_answer_leaves_nothing_to_be_closed_later(kind: str, fault: Fault | None) -> None:
    act = Answer(text="One two three four five six", fault=fault, after=4 if fault else 0)
    async with asking(kind, act, Answer(text="word " * 50)) as (backend, _):
        with forgotten() as names:
            with suppress(BackendError):
                await outputs(backend)
            async with aclosing(backend.stream(REQUEST)) as stream:
                await anext(stream)
    assert names == []


async def test_whole_answers_share_one_line(kind: str) -> None:
    async with asking(kind, Answer(text="Hello.")) as (backend, server):
        for _ in range(3):
            await outputs(backend)
        assert len({heard.client for heard in server.heard}) == 1


async def test_nobody_listens(kind: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        backend = at(kind, f"http://ada:secret@127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(BackendBusy, match="cannot be reached at http://127"):
            await outputs(backend)
        await backend.close()


async def test_half_a_character_cannot_be_sent(kind: str) -> None:
    asked = Request(
        system="", history=(Said(role="user", text="h\ud800i"),), context="", question=""
    )
    async with asking(kind, Answer(text="Hello.")) as (backend, server):
        if kind == "text_generation":  # a template writes its prompt, and mends what it is given
            await anext(backend.stream(asked))
            assert "h\ufffdi" in server.heard[0].json()["inputs"]
            return
        with pytest.raises(BackendUnavailable, match="half a character"):
            await anext(backend.stream(asked))
    assert server.heard == []


async def test_a_page_instead_of_a_stream_is_no_answer(kind: str) -> None:
    body = b'{"id": "x", "choices": []}'
    act = Recording(pieces=[body], headers={"content-type": "application/json"})
    assert isinstance(await failure(kind, act), BackendUnavailable)


async def test_a_web_page_is_no_answer_that_broke_off(kind: str) -> None:
    act = Recording(pieces=[b"<html>Sign in</html>"], headers={"content-type": "text/html"})
    caught = await failure(kind, act)
    assert isinstance(caught, BackendUnavailable)
    assert "base_url" in str(caught)


@pytest.mark.parametrize("speaker", ["huggingface", "text_generation", "replicate"])
async def test_an_address_that_leads_elsewhere_must_be_changed(speaker: str) -> None:
    act = Refusal(status=308, headers={"location": "https://elsewhere.example/v1"}, body=b"")
    caught = await failure(speaker, act)
    assert isinstance(caught, BackendMisconfigured)
    assert "base_url" in str(caught)


async def test_an_error_with_a_good_status_is_an_error() -> None:
    body = b'{"error": {"code": 502, "message": "Upstream is down"}}'
    act = Recording(pieces=[body], headers={"content-type": "application/json"})
    caught = await failure("openai", act)
    assert isinstance(caught, BackendBusy)
    assert "Upstream is down" in str(caught)


# --- Answers that are whole, and yet not what one hopes for ---------------------------------------


async def last(kind: str, answer: Answer) -> tuple[list[Output], Finished]:
    async with asking(kind, answer) as (backend, _):
        *before, end = await outputs(backend)
    assert isinstance(end, Finished)
    return before, end


async def test_an_empty_answer_is_an_end_without_text(kind: str) -> None:
    before, end = await last(kind, Answer(text=""))
    assert (before, end.reason) == ([], StopReason.END)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"anthropic": "refusal", "": "content_filter"}, StopReason.REFUSAL),
        ({"anthropic": "max_tokens", "": "length"}, StopReason.LENGTH),
        ({"anthropic": "model_context_window_exceeded", "": "length"}, StopReason.LENGTH),
        ({"anthropic": "stop_sequence", "": "stop"}, StopReason.END),
        ({"anthropic": "a_new_word", "": "a_new_word"}, StopReason.END),
    ],
)
async def test_why_it_stopped_is_told(kind: str, words: dict[str, str], reason: StopReason) -> None:
    if reason is StopReason.REFUSAL and not WAYS[kind].calls:
        pytest.skip("a model that goes on with a text declines nothing")
    _, end = await last(
        kind, Answer(text="Well,", stop=words["anthropic" if kind in CLAUDES else ""])
    )
    assert end.reason is reason


async def test_a_question_that_is_found_too_long_in_mid_stream_is_not_asked_again() -> None:
    error = {"code": "context_length_exceeded", "message": "Your input exceeds the context window"}
    failed = {"type": "response.failed", "response": {"status": "failed", "error": error}}
    caught = await failure(
        "responses", Recording(pieces=[f"data: {json.dumps(failed)}\n\n".encode()])
    )
    assert isinstance(caught, BackendUnavailable)
    assert "reads more" in str(caught)


@pytest.mark.parametrize("details", [None, {"reason": "max_tool_calls"}])
@pytest.mark.parametrize("event", ["response.incomplete", "response.completed"])
async def test_an_incomplete_response_is_a_cut_one(
    event: str, details: dict[str, str] | None
) -> None:
    response = {"status": "incomplete", "incomplete_details": details}
    ended = json.dumps({"type": event, "response": response})
    async with asking("responses", Recording(pieces=[f"data: {ended}\n\n".encode()])) as (
        backend,
        _,
    ):
        [end] = await outputs(backend)
    assert isinstance(end, Finished)
    assert end.reason is StopReason.LENGTH


async def test_a_response_that_failed_is_not_complete() -> None:
    response = {"status": "failed", "error": {"code": "server_error", "message": "It broke"}}
    ended = json.dumps({"type": "response.completed", "response": response})
    caught = await failure("responses", Recording(pieces=[f"data: {ended}\n\n".encode()]))
    assert isinstance(caught, BackendBusy)
    assert "It broke" in str(caught)


def ended(stop: str, native: object = None) -> Recording:
    """Return an answer whose end is told in its server's and in its model's words."""
    choice = {"index": 0, "delta": {"content": "Within 30"}, "finish_reason": stop}
    chunk = json.dumps({"choices": [{**choice, "native_finish_reason": native}]})
    return Recording(pieces=[f"data: {chunk}\n\ndata: [DONE]\n\n".encode()])


@pytest.mark.parametrize(
    ("stop", "native", "reason"),
    [
        ("SAFETY", None, StopReason.REFUSAL),
        ("recitation", None, StopReason.REFUSAL),
        ("content_filter: PROHIBITED_CONTENT", None, StopReason.REFUSAL),
        ("stop", "SAFETY", StopReason.REFUSAL),
        ("stop", "refusal", StopReason.REFUSAL),
        ("length", "SPII", StopReason.REFUSAL),
        ("MAX_TOKENS", None, StopReason.LENGTH),
        ("stop", "MAX_TOKENS", StopReason.LENGTH),
        ("length", "completed", StopReason.LENGTH),
        ("tool_calls", "STOP", StopReason.TOOL),
        ("stop", "STOP", StopReason.END),
        ("STOP", None, StopReason.END),
        ("stop", "end_turn", StopReason.END),
        ("stop", 7, StopReason.END),
        ("eos", None, StopReason.END),
    ],
)
async def test_why_a_model_stopped_is_read_in_the_words_of_its_maker_too(
    stop: str, native: object, reason: StopReason
) -> None:
    async with asking("openai", ended(stop, native)) as (backend, _):
        *_, end = await outputs(backend)
    assert isinstance(end, Finished)
    assert end.reason is reason


@pytest.mark.parametrize(
    ("stop", "native"),
    [
        ("function_call_filter: MALFORMED_FUNCTION_CALL", None),
        ("OTHER", None),
        ("stop", "MALFORMED_FUNCTION_CALL"),
        ("stop", "ERROR"),
    ],
)
async def test_an_answer_that_its_model_gave_up_is_never_taken_for_whole(
    stop: str, native: str | None
) -> None:
    caught = await failure("openai", ended(stop, native))
    assert isinstance(caught, BackendBusy)
    assert (native or stop) in str(caught)


@pytest.mark.parametrize("why", ["error", "abort", "insufficient_system_resource"])
@pytest.mark.parametrize("speaker", ["openai", "azure", "huggingface"])
async def test_an_answer_that_its_server_gave_up_is_never_taken_for_whole(
    speaker: str, why: str
) -> None:
    caught = await failure(speaker, Answer(text="Within 30", stop=why))
    assert isinstance(caught, BackendBusy)
    assert why in str(caught)


@pytest.mark.parametrize("kind", [name for name, way in WAYS.items() if way.calls])
async def test_a_tool_call_nobody_asked_for_is_told_whole(kind: str) -> None:
    calls = (
        ToolCall(id="call_1", name="refund", arguments='{"order": 7, "why": "late parcel"}'),
        ToolCall(id="call_2", name="noop", arguments="{}"),
    )
    before, end = await last(kind, Answer(text="Let me see.", calls=calls))
    assert [output.call for output in before if isinstance(output, Called)] == list(calls)
    assert end.reason is StopReason.TOOL


# --- What nobody may read -----------------------------------------------------------------------


async def test_an_error_holds_neither_the_key_nor_the_customers_words(kind: str) -> None:
    echo = f"Incorrect key {KEY}, sk-proj-abcdefabcdef1234; input was: {QUESTION}."
    body = f'{{"error": {{"message": "{echo}"}}}}'.encode()
    text = str(await failure(kind, Refusal(status=401, body=body)))
    for secret in (KEY, "abcdefabcdef", "ada@example.org", "parrot ate the"):
        assert secret not in text
    assert "Incorrect key ***" in text


async def test_an_error_holds_no_words_of_the_summary(kind: str) -> None:
    told = "Ada Lovelace waits for order LM-4711 since May"
    request = replace(REQUEST, system=f"Be kind. Earlier: {told}.")
    body = f'{{"error": {{"message": "cannot read: {told}"}}}}'.encode()
    async with asking(kind, Refusal(status=400, body=body)) as (backend, _):
        with pytest.raises(BackendError) as caught:
            await anext(backend.stream(request))
    assert "Lovelace" not in str(caught.value)
    assert "LM-4711" not in str(caught.value)


async def test_no_log_holds_the_customers_words(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        async with asking(kind, Answer(text="Hello.")) as (backend, _):
            await outputs(backend)
    assert "parrot" not in caplog.text
    assert KEY not in caplog.text


@pytest.mark.parametrize("message", ["invalid key", "invalid key.", ""])
async def test_what_the_provider_said_and_the_cure_are_two_sentences(
    kind: str, message: str
) -> None:
    body = f'{{"error": {{"message": "{message}"}}}}'.encode()
    error = await failure(kind, Refusal(status=401, body=body))
    said = "invalid key" if message else "no reason given"
    assert f"{said}. Check the key in" in str(error)


async def test_a_long_message_is_shortened(kind: str) -> None:
    body = b'{"error": {"message": "%b"}}' % (b"All work and no play. " * 100)
    assert len(str(await failure(kind, Refusal(status=500, body=body)))) < 500


@pytest.mark.parametrize("key", ["sk-ä", "sk-1\nsk-2"])
async def test_a_key_that_no_header_can_carry_is_refused_at_once(key: str) -> None:
    settings = AnthropicSettings(kind="anthropic")
    with pytest.raises(SettingsError, match="ANTHROPIC_API_KEY holds signs that no key") as caught:
        AnthropicBackend(name="first", settings=settings, key=key)
    assert key not in str(caught.value)


@pytest.mark.parametrize("url", ["localhost:8000/v1", "http://", "http://[::1", "http://a:b/"])
async def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValidationError, match="must be a server's address"):
        OpenAISettings(kind="openai", base_url=url)


async def test_a_line_break_behind_a_key_does_no_harm() -> None:
    async with OpenAIServer() as server:
        settings = OpenAISettings(kind="openai", base_url=server.url)
        backend = OpenAIBackend(name="first", settings=settings, key="sk-local\n")
        await outputs(backend)
        await backend.close()
    assert server.heard[0].headers["authorization"] == "Bearer sk-local"


async def test_a_server_without_keys_is_sent_none() -> None:
    async with OpenAIServer() as server:
        settings = OpenAISettings(kind="openai", base_url=server.url)
        backend = OpenAIBackend(name="first", settings=settings, key=None)
        await outputs(backend)
        await backend.close()
    assert "authorization" not in server.heard[0].headers
