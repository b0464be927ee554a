"""Models at Hugging Face: whose address is asked, what it refuses, and models that only go on."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import httpx2
import pytest

from bot.backends.base import Finished, Output, Request, Said, Text
from bot.backends.huggingface import HuggingFaceBackend
from bot.errors import BackendBusy, BackendError, BackendMisconfigured
from bot.prompts import PromptBook
from bot.resources import shipped
from bot.settings import HuggingFaceSettings
from tests.servers.acts import JSON, Act, Answer, Recording, Refusal
from tests.servers.base import Heard
from tests.servers.huggingface import TextGenerationServer
from tests.servers.openai import OpenAIServer

TALK = Request(
    system="Be kind.",
    history=(
        Said(role="user", text="Hello"),
        Said(role="assistant", text="Hello, Ada!"),
        Said(role="user", text="My parcel?"),
    ),
    context="[1] By Friday.",
    question="My parcel?",
)


@asynccontextmanager
async def opened(
    *, key: str | None = "hf_local", http_client: httpx2.AsyncClient | None = None, **more: Any
) -> AsyncIterator[HuggingFaceBackend]:
    backend = HuggingFaceBackend(
        name="hub",
        settings=HuggingFaceSettings(kind="huggingface", **{"model": "bigscience/bloomz", **more}),
        key=key,
        plain=partial(PromptBook(shipped=shipped("prompts")).render, "plain.j2"),
        http_client=http_client,
    )
    yield backend
    await backend.close()


async def outputs(backend: HuggingFaceBackend) -> list[Output]:
    return [output async for output in backend.stream(TALK)]


def text(found: list[Output]) -> str:
    return "".join(output.text for output in found if isinstance(output, Text))


async def failure(status: int, body: Any) -> BackendError:
    refusal = Refusal(status=status, body=json.dumps(body).encode())
    async with OpenAIServer(refusal) as server, opened(base_url=server.url) as backend:
        with pytest.raises(BackendError) as caught:
            await outputs(backend)
    return caught.value


async def test_the_hubs_own_router_chooses_a_provider() -> None:
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        chunk = {"model": "m", "choices": [{"delta": {"content": "Hi."}, "finish_reason": "stop"}]}
        stream = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n"
        return httpx2.Response(200, text=stream, headers={"content-type": "text/event-stream"})

    client = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    model = "meta-llama/Llama-3.1-8B-Instruct"
    async with opened(http_client=client, model=model, bill_to="larkmoor") as backend:
        assert text(await outputs(backend)) == "Hi."
    [request] = asked
    assert str(request.url) == "https://router.huggingface.co/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer hf_local"
    assert request.headers["x-hf-bill-to"] == "larkmoor"
    assert json.loads(request.content)["model"] == model


async def test_a_provider_that_there_is_none_of_must_be_changed() -> None:
    async with opened(provider="acme") as backend:
        with pytest.raises(BackendMisconfigured, match=r"'acme' not supported.*Change 'model'"):
            await outputs(backend)


async def test_a_provider_without_the_task_must_be_changed() -> None:
    async with opened(provider="cohere", task="text-generation") as backend:
        with pytest.raises(BackendMisconfigured, match="'text-generation' not supported"):
            await outputs(backend)


async def test_a_model_that_is_being_loaded_says_how_long_it_takes() -> None:
    body = {"error": "Model bigscience/bloomz is currently loading", "estimated_time": 20.0}
    caught = await failure(503, body)
    assert isinstance(caught, BackendBusy)
    assert caught.retry_after == 20.0
    assert "currently loading" in str(caught)


@pytest.mark.parametrize(
    ("status", "said", "cure"),
    [
        (402, "You have exceeded your monthly included credits", "billing"),
        (401, "Invalid username or password.", "HF_TOKEN"),
        (403, "You have to be granted access to this gated model", "HF_TOKEN"),
    ],
)
async def test_what_the_hub_refuses_has_its_cure(status: int, said: str, cure: str) -> None:
    caught = await failure(status, {"error": said})
    assert isinstance(caught, BackendMisconfigured)
    assert said.rstrip(".") in str(caught)
    assert cure in str(caught)


async def test_a_server_of_ones_own_gets_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_for_the_hub_alone")
    async with OpenAIServer() as server, opened(key=None, base_url=server.url) as backend:
        await outputs(backend)
    assert "authorization" not in server.heard[0].headers


# --- Models that were never taught to chat --------------------------------------------------------


async def test_a_base_model_reads_lines_and_stops_at_the_next_speaker() -> None:
    babble = Answer(text=" By Friday.\nCustomer: And if not?\nAssistant: Then later.")
    async with TextGenerationServer(babble) as server:
        options: Any = {"task": "text-generation", "top_k": 50, "temperature": 0.7}
        async with opened(base_url=server.url, **options) as backend:
            found = await outputs(backend)
        sent = server.heard[0].json()
    assert text(found) == "By Friday."
    assert "Customer: Hello" in sent["inputs"]
    assert sent["inputs"].endswith("Assistant:")
    assert sent["stream"] is True
    assert sent["parameters"]["stop"] == ["\nCustomer:", "\nAssistant:"]
    assert (sent["parameters"]["top_k"], sent["parameters"]["temperature"]) == (50, 0.7)


async def test_a_plain_server_is_asked_again_in_a_way_that_it_knows() -> None:
    unknown = "['return_full_text', 'stop', 'details']"
    refusal = {"error": f"The following `model_kwargs` are not used by the model: {unknown} (note)"}

    def act(heard: Heard) -> Act:
        if "stop" in heard.json()["parameters"]:
            return Refusal(status=400, body=json.dumps(refusal).encode())
        said = json.dumps([{"generated_text": " By Friday.\nCustomer: Thanks"}])
        return Recording(pieces=[said.encode()], headers={"content-type": JSON})

    async with TextGenerationServer(act) as server:
        async with opened(base_url=server.url, task="text-generation") as backend:
            found = await outputs(backend)
        assert "stream" not in server.heard[1].json()
    assert text(found) == "By Friday."
    assert isinstance(found[-1], Finished)


async def test_of_special_tokens_only_the_marks_of_thoughts_are_given() -> None:
    tokens = [("[THINK]", True), ("hm", False), ("[/THINK]", True), ("Hi.", False), ("</s>", True)]
    events = [{"token": {"text": each, "special": special}} for each, special in tokens]
    events[-1]["generated_text"] = {}
    pieces = [f"data:{json.dumps(event)}\n\n".encode() for event in events]
    async with (
        TextGenerationServer(Recording(pieces=pieces)) as server,
        opened(base_url=server.url, task="text-generation") as backend,
    ):
        assert text(await outputs(backend)) == "[THINK]hm[/THINK]Hi."
