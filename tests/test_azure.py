"""GPT in a resource of Azure: asked by its deployment, and its own refusals told."""

import json
from typing import Any

import pytest

from bot.backends.base import Finished, Output, Request, Said
from bot.backends.openai import OpenAIBackend
from bot.backends.prices import cost, seller
from bot.errors import BackendMisconfigured, BackendUnavailable, SettingsError
from bot.messages import Usage
from bot.settings import AzureSettings, Settings
from tests.servers.acts import Act, Answer, Refusal
from tests.servers.azure import FILTERED, NO_DEPLOYMENT, AzureServer
from tests.servers.base import Heard
from tests.servers.responses import ResponsesServer

TALK = Request(
    system="Be kind.", history=(Said(role="user", text="Hello"),), context="", question="Hello"
)


def at(url: str, **more: Any) -> OpenAIBackend:
    settings = AzureSettings(kind="azure", model="support-mini", base_url=url, **more)
    return OpenAIBackend(name="azure", settings=settings, key="azure-local")


async def outputs(backend: OpenAIBackend) -> list[Output]:
    try:
        return [output async for output in backend.stream(TALK)]
    finally:
        await backend.close()


async def asked(*script: Act, path: str = "", **more: Any) -> Heard:
    async with AzureServer(*script) as server:
        await outputs(at(server.url + path, **more))
    return server.heard[0]


@pytest.mark.parametrize("path", ["", "/", "/openai", "/openai/v1", "/openai/v1/"])
async def test_however_its_address_was_copied_version_1_is_asked(path: str) -> None:
    heard = await asked(path=path)
    assert heard.path == "/openai/v1/chat/completions"
    assert heard.headers["api-key"] == "azure-local"
    assert "authorization" not in heard.headers
    assert heard.json()["model"] == "support-mini"


async def test_a_dated_version_is_asked_under_the_deployment() -> None:
    heard = await asked(api_version="2024-10-21")
    place = "/openai/deployments/support-mini/chat/completions"
    assert heard.path == f"{place}?api-version=2024-10-21"
    assert heard.headers["api-key"] == "azure-local"


async def test_it_speaks_the_responses_api_as_well() -> None:
    async with ResponsesServer(Answer(text="Hi.")) as server:
        *_, last = await outputs(at(server.url.removesuffix("/v1"), api="responses"))
    assert isinstance(last, Finished)
    assert server.heard[0].path == "/openai/v1/responses"


async def test_what_the_filter_found_is_told() -> None:
    refusal = Refusal(status=400, body=json.dumps(FILTERED).encode())
    with pytest.raises(BackendUnavailable) as caught:
        await asked(refusal)
    assert "It found: violence (medium), jailbreak (found)." in str(caught.value)


async def test_a_deployment_that_is_not_there_is_told_as_one() -> None:
    refusal = Refusal(status=404, body=json.dumps(NO_DEPLOYMENT).encode())
    with pytest.raises(BackendMisconfigured, match="name of a deployment of that resource"):
        await asked(refusal)


def test_a_resource_never_goes_without_a_key() -> None:
    azure = {"kind": "azure", "model": "m", "base_url": "https://acme.openai.azure.com"}
    settings = Settings.model_validate({"backends": {"azure": azure}})
    with pytest.raises(SettingsError, match="AZURE_OPENAI_API_KEY"):
        settings.key("azure")


def test_the_model_behind_a_deployment_has_its_price() -> None:
    sold_by = seller("azure", "https://acme.openai.azure.com")
    usage = Usage(input=1_000_000)
    assert cost(usage, provider=sold_by, model="gpt-4o-mini-2024-07-18") == pytest.approx(0.15)
