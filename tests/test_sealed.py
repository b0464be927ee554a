"""Reasoning that only its own model can read goes back to it, and to nobody else."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.backends.base import Finished, Output, Request, Said
from bot.messages import Sealed
from tests.house import ask, house
from tests.servers.acts import Act, Answer, Refusal
from tests.servers.base import Heard
from tests.servers.openai import OpenAIServer
from tests.servers.responses import ResponsesServer
from tests.ways import WAYS

SECRET = "Z0FBQUFB"  # what the server seals reasoning as
THOUGHTFUL = Answer(text="It takes a minute.", thinking="They forgot it.")
OF = "127.0.0.1/gpt-4o-mini"


def responses(server: ResponsesServer, **more: Any) -> dict[str, Any]:
    return {"kind": "openai", "api": "responses", "base_url": server.url, **more}


def items(heard: Heard) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = heard.json()["input"]
    return found


async def outputs(url: str, *history: Said) -> list[Output]:
    backend = WAYS["responses"].open("b", url, "sk-local")
    asked = Request(system="", history=history, context="", question="")
    try:
        return [output async for output in backend.stream(asked)]
    finally:
        await backend.close()


def talk(of: str) -> tuple[Said, ...]:
    reasoning = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": SECRET}
    sealed = Sealed(of=of, tokens=2, value=json.dumps([reasoning]))
    return (
        Said(role="user", text="Hello"),
        Said(role="assistant", text="Hello!", sealed=(sealed,)),
        Said(role="user", text="Why?"),
    )


async def test_it_comes_back_right_before_the_words_that_it_led_to(tmp_path: Path) -> None:
    async with ResponsesServer(THOUGHTFUL) as server:
        async with house(tmp_path, backends={"gpt": responses(server)}) as app:
            await ask(app, "I forgot my password.")
            await ask(app, "How long does it take?")
        first, second = (items(heard) for heard in server.heard)
    assert [item.get("type", item.get("role")) for item in first] == ["user"]
    assert [item.get("type", item.get("role")) for item in second] == [
        "user",
        "reasoning",
        "assistant",
        "user",
    ]
    assert second[1]["encrypted_content"] == SECRET
    sent = server.heard[0].json()
    assert sent["store"] is False
    assert sent["include"] == ["reasoning.encrypted_content"]


async def test_another_model_is_sent_none_of_it(tmp_path: Path) -> None:
    async with ResponsesServer(THOUGHTFUL) as server:
        for model in ("gpt-5", "gpt-5-mini"):
            backends = {"gpt": responses(server, model=model)}
            async with house(tmp_path, backends=backends) as app:
                await ask(app, "I forgot my password.")
        assert SECRET not in server.heard[1].body.decode()
    async with OpenAIServer() as server:
        backends = {"gpt": {"kind": "openai", "base_url": server.url}}
        async with house(tmp_path, backends=backends) as app:
            await ask(app, "And now?")
        assert SECRET not in server.heard[0].body.decode()


async def test_nobody_is_shown_it_and_no_log_holds_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with (
        ResponsesServer(THOUGHTFUL) as server,
        house(tmp_path, backends={"gpt": responses(server)}) as app,
    ):
        reply = await ask(app, "I forgot my password.")
        conversation = await app.archive.find("terminal", "one")
        assert conversation
        messages = await app.archive.messages(conversation.id)
        records = await app.archive.record(reply.turn)
    assert SECRET not in repr([reply, messages, records])
    assert SECRET not in caplog.text
    assert records[0].turn.reasoning == THOUGHTFUL.thinking


async def test_what_would_take_the_window_from_the_words_is_not_kept(tmp_path: Path) -> None:
    endless = Answer(text="It takes a minute.", thinking="well " * 200)
    async with ResponsesServer(endless) as server:
        sections: Mapping[str, Any] = {"window": {"tokens": 800}}
        async with house(tmp_path, backends={"gpt": responses(server)}, **sections) as app:
            await ask(app, "I forgot my password.")
            await ask(app, "How long does it take?")
        assert SECRET not in server.heard[1].body.decode()


async def test_a_model_that_cannot_open_it_any_more_is_asked_without() -> None:
    body = {"error": {"code": "invalid_encrypted_content", "message": "It could not be verified."}}
    refusal = Refusal(status=400, body=json.dumps(body).encode())

    def act(heard: Heard) -> Act:
        return refusal if SECRET in heard.body.decode() else Answer(text="Because.")

    async with ResponsesServer(act) as server:
        *_, last = await outputs(server.url, *talk(OF))
        assert isinstance(last, Finished)
        assert len(server.heard) == 2


async def test_it_is_sent_only_under_its_own_name() -> None:
    async with ResponsesServer() as server:
        await outputs(server.url, *talk(OF))
        await outputs(server.url, *talk("api.openai.com/gpt-4o-mini"))
        told = [SECRET in heard.body.decode() for heard in server.heard]
    assert told == [True, False]
