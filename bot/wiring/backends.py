"""Makes every configured backend."""

from collections.abc import Callable

from bot.backends.anthropic import AnthropicBackend
from bot.backends.base import Backend
from bot.backends.extractive import ExtractiveBackend, Pointer
from bot.backends.openai import OpenAIBackend
from bot.backends.scripted import ScriptedBackend
from bot.knowledge.terms import Terms
from bot.settings import (
    AnthropicSettings,
    BackendSettings,
    ExtractiveSettings,
    OpenAISettings,
    ScriptedSettings,
    Settings,
)
from bot.tasks.base import Tasks

Words = Callable[..., str]


def build_backends(settings: Settings, words: Words, tasks: Tasks) -> dict[str, Backend]:
    """Make every configured backend, in the order of ``bot.toml``; none is asked anything."""
    return {
        name: _backend(name, section, settings, words, tasks)
        for name, section in settings.backends.items()
    }


def _backend(
    name: str, section: BackendSettings, settings: Settings, words: Words, tasks: Tasks
) -> Backend:
    match section:
        case AnthropicSettings():
            return AnthropicBackend(name=name, settings=section, key=_key(name, settings) or "none")
        case OpenAISettings():
            return OpenAIBackend(name=name, settings=section, key=_key(name, settings))
        case ScriptedSettings(answers=answers):
            return ScriptedBackend(*answers, name=name)
        case ExtractiveSettings():
            return ExtractiveBackend(
                name=name,
                enough=settings.knowledge.enough,
                words=words,
                stems=Terms(settings.knowledge.language).of_question,
                pointer=_pointer(settings, tasks),
            )


def _pointer(settings: Settings, tasks: Tasks) -> Pointer | None:
    if tasks.spans is None:
        return None
    section = settings.tasks.spans
    spans = tasks.spans(lambda _attempt: None)  # a model in this process costs nothing
    return Pointer(spans=spans.span, by=spans.by, enough=section.enough, seconds=section.seconds)


def _key(name: str, settings: Settings) -> str | None:
    key = settings.key(name)
    return key.get_secret_value() if key else None
