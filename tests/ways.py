"""Every way to a model that goes over HTTP: a server that speaks its protocol, and its backend."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.backends.anthropic import AnthropicBackend
from bot.backends.base import Backend
from bot.backends.openai import OpenAIBackend
from bot.settings import AnthropicSettings, AzureSettings, OpenAISettings
from tests.servers.anthropic import AnthropicServer
from tests.servers.azure import AzureServer
from tests.servers.base import ModelServer
from tests.servers.openai import OpenAIServer
from tests.servers.responses import ResponsesServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """``open`` takes the backend's name, the server's url and a key."""

    server: type[ModelServer]
    open: Callable[[str, str, str], Backend]


def _anthropic(name: str, url: str, key: str) -> Backend:
    settings = AnthropicSettings(kind="anthropic", base_url=url)
    return AnthropicBackend(name=name, settings=settings, key=key)


def _openai(name: str, url: str, key: str) -> Backend:
    settings = OpenAISettings(kind="openai", base_url=url)
    return OpenAIBackend(name=name, settings=settings, key=key)


def _responses(name: str, url: str, key: str) -> Backend:
    settings = OpenAISettings(kind="openai", api="responses", base_url=url)
    return OpenAIBackend(name=name, settings=settings, key=key)


def _azure(name: str, url: str, key: str) -> Backend:
    settings = AzureSettings(kind="azure", model="gpt-4o-mini", base_url=url)
    return OpenAIBackend(name=name, settings=settings, key=key)


def _dated_azure(name: str, url: str, key: str) -> Backend:
    settings = AzureSettings(
        kind="azure", model="gpt-4o-mini", base_url=url, api_version="2024-10-21"
    )
    return OpenAIBackend(name=name, settings=settings, key=key)


WAYS = {
    "anthropic": Way(server=AnthropicServer, open=_anthropic),
    "openai": Way(server=OpenAIServer, open=_openai),
    "responses": Way(server=ResponsesServer, open=_responses),
    "azure": Way(server=AzureServer, open=_azure),
    "dated_azure": Way(server=AzureServer, open=_dated_azure),
}
