"""Makes every configured backend."""

from collections.abc import Callable
from functools import partial

from bot.backends.anthropic import AnthropicBackend
from bot.backends.base import Backend
from bot.backends.extractive import ExtractiveBackend, Pointer
from bot.backends.huggingface import HuggingFaceBackend
from bot.backends.openai import OpenAIBackend
from bot.backends.replicate import ReplicateBackend
from bot.backends.scripted import ScriptedBackend
from bot.backends.transformers import TransformersBackend
from bot.knowledge.terms import Terms
from bot.local.limits import context_tokens
from bot.prompts import PromptBook
from bot.settings import (
    AnthropicSettings,
    AzureSettings,
    BackendSettings,
    BedrockSettings,
    ExtractiveSettings,
    HostedSettings,
    HuggingFaceSettings,
    OpenAISettings,
    ReplicateSettings,
    ScriptedSettings,
    Settings,
    TransformersSettings,
    VertexSettings,
)

Words = Callable[..., str]


def build_backends(
    settings: Settings, *, words: Words, prompts: PromptBook, pointer: Pointer | None = None
) -> dict[str, Backend]:
    """Make every configured backend, in the order of ``bot.toml``; none is asked anything.

    ``pointer`` finds the exact words of what is quoted.
    """
    return {
        name: _backend(name, section, settings, words=words, prompts=prompts, pointer=pointer)
        for name, section in settings.backends.items()
    }


def narrowed(settings: Settings) -> Settings:
    """Return ``settings`` in which no model in this process reads more than it says itself."""
    return settings.model_copy(
        update={"backends": {name: _narrow(each) for name, each in settings.backends.items()}}
    )


def _narrow(section: BackendSettings) -> BackendSettings:
    if not isinstance(section, TransformersSettings):
        return section
    own = context_tokens(section.model, revision=section.revision) or section.context_tokens
    return section.model_copy(update={"context_tokens": min(own, section.context_tokens)})


def _backend(
    name: str,
    section: BackendSettings,
    settings: Settings,
    *,
    words: Words,
    prompts: PromptBook,
    pointer: Pointer | None,
) -> Backend:
    plain = partial(prompts.render, "plain.j2")
    match section:
        case HostedSettings():
            return _hosted(name, section, key=_key(name, settings), plain=plain)
        case TransformersSettings():
            brief = partial(prompts.render, "brief.j2")
            return TransformersBackend(name=name, settings=section, plain=plain, brief=brief)
        case ScriptedSettings(answers=answers):
            return ScriptedBackend(*answers, name=name)
        case ExtractiveSettings():
            return ExtractiveBackend(
                name=name,
                enough=settings.knowledge.enough,
                words=words,
                stems=Terms(settings.knowledge.language).of_question,
                pointer=pointer,
            )


def _hosted(
    name: str, section: HostedSettings, *, key: str | None, plain: Callable[..., str]
) -> Backend:
    match section:
        case AnthropicSettings() | BedrockSettings() | VertexSettings():
            return AnthropicBackend(name=name, settings=section, key=key)
        case OpenAISettings() | AzureSettings():
            return OpenAIBackend(name=name, settings=section, key=key)
        case HuggingFaceSettings():
            return HuggingFaceBackend(name=name, settings=section, key=key, plain=plain)
        case ReplicateSettings():
            return ReplicateBackend(name=name, settings=section, key=key or "none", plain=plain)
    raise TypeError(f"There is no backend for {type(section).__name__}.")


def _key(name: str, settings: Settings) -> str | None:
    key = settings.key(name)
    return key.get_secret_value() if key else None
