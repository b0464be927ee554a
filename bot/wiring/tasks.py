"""Makes whoever does the tasks beside the answer."""

from collections.abc import Callable
from typing import TypeVar

from bot.settings import Settings, TaskSettings
from bot.settings.tasks import TopicSettings, TranslationSettings
from bot.tasks.base import Keep, Languages, Moods, Summarizer, Tasks, Topics, Translator
from bot.wiring.models import Models

T = TypeVar("T")


def build_tasks(settings: Settings, models: Models) -> Tasks:
    """Make what ``[tasks]`` asks for; nothing is loaded and nobody asked.

    Raises:
        SettingsError: a task cannot be done in the way that it is asked for.
    """
    tasks = settings.tasks
    return Tasks(
        languages=_languages(tasks.language, models),
        moods=_moods(tasks.sentiment, models),
        topics=_topics(tasks.topic, models),
        summarizer=_summarizer(tasks.summary, models),
        translator=_translator(tasks.translation, models),
    )


def _languages(section: TaskSettings, models: Models) -> Callable[[Keep], Languages] | None:
    match section.by:
        case "model":
            return _same(models.languages(section))
    return None


def _moods(section: TaskSettings, models: Models) -> Callable[[Keep], Moods] | None:
    match section.by:
        case "model":
            return _same(models.moods(section))
    return None


def _topics(section: TopicSettings, models: Models) -> Callable[[Keep], Topics] | None:
    if not section.labels:
        return None
    match section.by:
        case "model":
            return _same(models.topics(section))
    return None


def _summarizer(section: TaskSettings, models: Models) -> Callable[[Keep], Summarizer] | None:
    match section.by:
        case "model":
            return _same(models.summarizer(section))
    return None


def _translator(
    section: TranslationSettings, models: Models
) -> Callable[[Keep], Translator] | None:
    match section.by:
        case "model":
            return _same(models.translator(section))
    return None


def _same(keeper: T) -> Callable[[Keep], T]:
    """Return one that is the same for every asking: it costs nothing."""
    return lambda _keep: keeper
