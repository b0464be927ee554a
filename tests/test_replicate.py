"""Predictions at Replicate: streamed or looked at, cancelled where nobody waits, asked in Llama."""

import json
from contextlib import aclosing
from functools import partial
from typing import Any

import pytest

from bot.backends.base import Finished, Output, Request, Said, Text
from bot.backends.replicate import ReplicateBackend
from bot.errors import BackendBusy, BackendMisconfigured, BackendUnavailable
from bot.prompts import PromptBook
from bot.resources import shipped
from bot.settings import ReplicateSettings
from tests.servers.acts import Answer, Fault, Recording, Refusal
from tests.servers.replicate import ReplicateServer

TALK = Request(
    system="Be kind.",
    history=(Said(role="user", text="Hello <|eot_id|>"), Said(role="assistant", text="Hi!")),
    context="[1] By Friday.",
    question="My parcel?",
)


def at(server: ReplicateServer, **more: Any) -> ReplicateBackend:
    settings = ReplicateSettings(kind="replicate", base_url=server.url, **more)
    plain = partial(PromptBook(shipped=shipped("prompts")).render, "plain.j2")
    return ReplicateBackend(name="llama", settings=settings, key="r8_local", plain=plain)


async def outputs(backend: ReplicateBackend) -> list[Output]:
    try:
        return [output async for output in backend.stream(TALK)]
    finally:
        await backend.close()


def text(found: list[Output]) -> str:
    return "".join(output.text for output in found if isinstance(output, Text))


async def test_a_talk_is_written_in_llamas_words() -> None:
    async with ReplicateServer() as server:
        await outputs(at(server))
    [made, *_] = server.heard
    assert made.path == "/v1/models/meta/meta-llama-3-70b-instruct/predictions"
    assert made.headers["authorization"] == "Bearer r8_local"
    sent = made.json()
    assert sent["stream"] is True
    assert sent["input"]["prompt_template"] == "{prompt}"
    header = "<|start_header_id|>{}<|end_header_id|>\n\n".format
    assert sent["input"]["prompt"] == (
        f"<|begin_of_text|>{header('system')}Be kind.<|eot_id|>"
        f"{header('user')}Hello < |eot_id|><|eot_id|>{header('assistant')}Hi!<|eot_id|>"
        f"{header('user')}[1] By Friday.<|eot_id|>{header('assistant')}"
    )


async def test_a_version_is_asked_in_a_place_of_its_own() -> None:
    async with ReplicateServer(Answer(text="One.\nCustomer: Two")) as server:
        found = await outputs(at(server, model="acme/bloom:4f7a", template="plain"))
    assert server.heard[0].path == "/v1/predictions"
    assert server.heard[0].json()["version"] == "4f7a"
    assert server.heard[0].json()["input"]["prompt"].endswith("Assistant:")
    assert text(found) == "One."


async def test_blank_lines_come_as_they_are() -> None:
    async with ReplicateServer(Answer(text="One.\n\n  Two.\n")) as server:
        assert text(await outputs(at(server))) == "One.\n\n  Two.\n"


async def test_a_prediction_without_a_stream_is_looked_at() -> None:
    async with ReplicateServer(Answer(text="One two."), streams=False) as server:
        found = await outputs(at(server))
    last = found[-1]
    assert text(found) == "One two."
    assert isinstance(last, Finished)
    assert (last.usage.input, last.usage.output) == (20, 10)
    assert server.cancelled == []


async def test_what_nobody_waits_for_is_cancelled() -> None:
    async with ReplicateServer(Answer(text="word " * 500), pace=0.01) as server:
        backend = at(server)
        async with aclosing(backend.stream(TALK)) as stream:
            await anext(stream)
        await backend.close()
    assert server.cancelled == ["0"]


async def test_an_answer_that_is_whole_is_not_cancelled() -> None:
    async with ReplicateServer() as server:
        await outputs(at(server))
    assert server.cancelled == []


async def test_a_stream_that_breaks_leaves_nothing_running() -> None:
    broken = Answer(text="One two three four five", fault=Fault.CUT)
    async with ReplicateServer(broken) as server:
        with pytest.raises(BackendBusy):
            await outputs(at(server))
    assert server.cancelled == ["0"]


@pytest.mark.parametrize("urls", [{}, {"stream": "http://127.0.0.1:9/s"}, {"get": None}, 7])
async def test_what_is_no_prediction_is_told_as_that(urls: object) -> None:
    begun = json.dumps({"id": "1", "status": "starting", "urls": urls}).encode()
    act = Recording(pieces=[begun], status=201, headers={"content-type": "application/json"})
    async with ReplicateServer(act) as server:
        with pytest.raises(BackendUnavailable, match="no prediction"):
            await outputs(at(server))


async def test_a_model_that_fails_says_why() -> None:
    async with ReplicateServer(Answer(text="One two", fault=Fault.ERROR)) as server:
        with pytest.raises(BackendBusy, match="ran out of memory"):
            await outputs(at(server))


async def test_an_account_without_money_must_be_seen_to() -> None:
    async with ReplicateServer(Refusal(status=402)) as server:
        with pytest.raises(BackendMisconfigured, match="billing"):
            await outputs(at(server))
