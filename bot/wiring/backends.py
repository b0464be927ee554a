"""Makes every configured backend."""

from collections.abc import Callable
from functools import partial

from bot.backends.anthropic import AnthropicBackend
from bot.backends.base import Backend
from bot.backends.extractive import ExtractiveBackend, Pointer
from bot.backends.openai import OpenAIBackend
from bot.backends.scripted import ScriptedBackend
from bot.backends.transformers import TransformersBackend
from bot.knowledge.terms import Terms
from bot.prompts import PromptBook
from bot.settings import (
    AnthropicSettings,
    AzureSettings,
    BackendSettings,
    ExtractiveSettings,
    OpenAISettings,
    ScriptedSettings,
    Settings,
    TransformersSettings,
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


def _backend(
    name: str,
    section: BackendSettings,
    settings: Settings,
    *,
    words: Words,
    prompts: PromptBook,
    pointer: Pointer | None,
) -> Backend:
    match section:
        case AnthropicSettings():
            return AnthropicBackend(name=name, settings=section, key=_key(name, settings) or "none")
        case OpenAISettings() | AzureSettings():
            return OpenAIBackend(name=name, settings=section, key=_key(name, settings))
        case TransformersSettings():
            plain = partial(prompts.render, "plain.j2")
            return TransformersBackend(name=name, settings=section, plain=plain)
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


def _key(name: str, settings: Settings) -> str | None:
    key = settings.key(name)
    return key.get_secret_value() if key else None
