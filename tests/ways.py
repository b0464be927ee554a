"""Every way to a model that goes over HTTP: a server that speaks its protocol, and its backend."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot.backends.anthropic import AnthropicBackend
from bot.backends.base import Backend
from bot.backends.huggingface import HuggingFaceBackend
from bot.backends.openai import OpenAIBackend
from bot.backends.replicate import ReplicateBackend
from bot.prompts import PromptBook
from bot.resources import shipped
from bot.settings import (
    AnthropicSettings,
    AzureSettings,
    BedrockSettings,
    HuggingFaceSettings,
    OpenAISettings,
    ReplicateSettings,
    VertexSettings,
)
from tests.servers.anthropic import AnthropicServer
from tests.servers.azure import AzureServer
from tests.servers.base import ModelServer
from tests.servers.clouds import BedrockServer, VertexServer
from tests.servers.huggingface import HuggingFaceServer, TextGenerationServer
from tests.servers.openai import OpenAIServer
from tests.servers.replicate import ReplicateServer
from tests.servers.responses import ResponsesServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """``open`` takes the backend's name, the server's url and a key; where a server may leave
    thoughts in its answers, other settings as well.

    Some protocols tell of no thoughts, know no tools, name no cached tokens, no model or no
    tokens in the stream itself.
    """

    server: type[ModelServer]
    open: Callable[..., Backend]
    thinks: bool = True
    calls: bool = True
    caches: bool = True
    names: bool = True
    counts: bool = True


def _anthropic(name: str, url: str, key: str) -> Backend:
    settings = AnthropicSettings(kind="anthropic", base_url=url)
    return AnthropicBackend(name=name, settings=settings, key=key)


def _openai(name: str, url: str, key: str, **more: Any) -> Backend:
    settings = OpenAISettings(kind="openai", base_url=url, **more)
    return OpenAIBackend(name=name, settings=settings, key=key)


def _responses(name: str, url: str, key: str, **more: Any) -> Backend:
    settings = OpenAISettings(kind="openai", api="responses", base_url=url, **more)
    return OpenAIBackend(name=name, settings=settings, key=key)


def _azure(name: str, url: str, key: str, **more: Any) -> Backend:
    settings = AzureSettings(kind="azure", model="gpt-4o-mini", base_url=url, **more)
    return OpenAIBackend(name=name, settings=settings, key=key)


def _huggingface(name: str, url: str, key: str, **more: Any) -> Backend:
    return _hub(name, key, base_url=url, **more)


def _text_generation(name: str, url: str, key: str, **more: Any) -> Backend:
    return _hub(name, key, base_url=url, task="text-generation", **more)


def _hub(name: str, key: str, **more: Any) -> Backend:
    settings = HuggingFaceSettings(kind="huggingface", model="bigscience/bloomz", **more)
    plain = partial(PromptBook(shipped=shipped("prompts")).render, "plain.j2")
    return HuggingFaceBackend(name=name, settings=settings, key=key, plain=plain)


def _replicate(name: str, url: str, key: str, **more: Any) -> Backend:
    settings = ReplicateSettings(kind="replicate", base_url=url, **more)
    plain = partial(PromptBook(shipped=shipped("prompts")).render, "plain.j2")
    return ReplicateBackend(name=name, settings=settings, key=key, plain=plain)


def _bedrock(name: str, url: str, key: str) -> Backend:
    settings = BedrockSettings(kind="bedrock", base_url=url, region="us-east-1")
    return AnthropicBackend(name=name, settings=settings, key=key)


def _vertex(name: str, url: str, key: str) -> Backend:
    settings = VertexSettings(kind="vertex", base_url=url, project="larkmoor")
    return AnthropicBackend(name=name, settings=settings, key=key)


WAYS = {
    "anthropic": Way(server=AnthropicServer, open=_anthropic),
    "bedrock": Way(server=BedrockServer, open=_bedrock),
    "vertex": Way(server=VertexServer, open=_vertex),
    "openai": Way(server=OpenAIServer, open=_openai),
    "responses": Way(server=ResponsesServer, open=_responses),
    "azure": Way(server=AzureServer, open=_azure),
    "huggingface": Way(server=HuggingFaceServer, open=_huggingface),
    "text_generation": Way(
        server=TextGenerationServer,
        open=_text_generation,
        thinks=False,
        calls=False,
        caches=False,
        names=False,
    ),
    "replicate": Way(
        server=ReplicateServer,
        open=_replicate,
        thinks=False,
        calls=False,
        caches=False,
        names=False,
        counts=False,
    ),
}
