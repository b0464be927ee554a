"""Makes whoever does the tasks beside the answer."""

from collections.abc import Callable

from bot.errors import SettingsError
from bot.settings import Settings, TaskSettings
from bot.tasks.base import Keep, Languages, Moods, Summarizer, Tasks, Topics


def build_tasks(settings: Settings) -> Tasks:
    """Make what ``[tasks]`` asks for; nothing is loaded and nobody asked.

    Raises:
        SettingsError: a task cannot be done in the way that it is asked for.
    """
    tasks = settings.tasks
    return Tasks(
        languages=_languages(tasks.language),
        moods=_moods(tasks.sentiment),
        topics=_topics(tasks.topic),
        summarizer=_summarizer(tasks.summary),
    )


def _languages(section: TaskSettings) -> Callable[[Keep], Languages] | None:
    match section.by:
        case "model":
            raise _not_yet("language")
    return None


def _moods(section: TaskSettings) -> Callable[[Keep], Moods] | None:
    match section.by:
        case "model":
            raise _not_yet("sentiment")
    return None


def _topics(section: TaskSettings) -> Callable[[Keep], Topics] | None:
    match section.by:
        case "model":
            raise _not_yet("topic")
    return None


def _summarizer(section: TaskSettings) -> Callable[[Keep], Summarizer] | None:
    match section.by:
        case "model":
            raise _not_yet("summary")
    return None


def _not_yet(task: str) -> SettingsError:
    return SettingsError(f"tasks.{task}: no model does this yet. Choose another by.")
