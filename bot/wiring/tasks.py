"""Makes whoever does the tasks beside the answer."""

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from bot.errors import SettingsError
from bot.knowledge.languages import code
from bot.knowledge.terms import Terms
from bot.prompts import PromptBook
from bot.router import Route
from bot.settings import Settings, TaskSettings
from bot.tasks.asking import Asker
from bot.tasks.base import (
    Account,
    Extractor,
    Languages,
    Moods,
    Summarizer,
    Tasks,
    Topics,
    Translator,
)
from bot.tasks.interpreting import Interpreter
from bot.tasks.library import LibraryLanguages
from bot.tasks.noticing import Noticing
from bot.tasks.prompted import (
    PromptedFacts,
    PromptedLanguages,
    PromptedMoods,
    PromptedSummarizer,
    PromptedTopics,
    PromptedTranslator,
)
from bot.tasks.rules import (
    RuledFacts,
    RuledLanguages,
    RuledMoods,
    RuledTopics,
)
from bot.tasks.schema import read_schema
from bot.tasks.translating import Translating
from bot.wiring.models import Models

T = TypeVar("T")


class Writers(Protocol):
    """Finds who writes a text that is no answer."""

    def __call__(self, conversation: int, *, only: str | None) -> Route | None:
        """Return the way to it, at the cost of ``conversation``; ``only`` names one backend."""
        ...


def build_tasks(
    settings: Settings, *, models: Models, prompts: PromptBook, writers: Writers
) -> Tasks:
    """Make what ``[tasks]`` asks for; nothing is loaded and nobody asked.

    Raises:
        MissingExtra: a package lacks that a task needs.
        SettingsError: a task cannot be done in the way that it is asked for.
    """
    making = _Making(settings, models=models, prompts=prompts, writers=writers)
    return Tasks(
        languages=making.languages(),
        moods=making.moods(),
        topics=making.topics(),
        extractor=making.extractor(),
        summarizer=making.summarizer(),
        translator=making.translator(),
    )


def build_noticing(settings: Settings, tasks: Tasks) -> Noticing:
    """Make what notices the customer's mood, topic, language and facts.

    Raises:
        SettingsError: the schema of the facts cannot be used.
    """
    return Noticing(
        tasks=tasks,
        settings=settings.tasks,
        schema=read_schema(settings.tasks.facts.schema_file),
        clock=time.monotonic,
    )


def build_translating(settings: Settings, tasks: Tasks, words: Callable[..., str]) -> Translating:
    """Make what puts questions into the help centre's language, and quotes into the customer's."""
    home = settings.knowledge.language
    return Translating(
        translator=tasks.translator,
        home=code(home),
        note=words("translated", language=home.capitalize()),
        seconds=settings.tasks.translation.seconds,
        clock=time.monotonic,
    )


def build_interpreter(
    settings: Settings, *, models: Models, prompts: PromptBook, writers: Writers, target: str
) -> Interpreter:
    """Make what puts messages into ``target``, a language's code, for an operator.

    Raises:
        SettingsError: nobody translates.
    """
    making = _Making(settings, models=models, prompts=prompts, writers=writers)
    translator, languages = making.translator(), making.languages()
    if translator is None:
        raise SettingsError(
            "Nobody translates: tasks.translation is off. Set by = 'model' or by = 'prompt' under "
            "[tasks.translation] in bot.toml."
        )

    nobody = Account(0, lambda _attempt: None)  # what an operator reads is no part of a turn
    return Interpreter(
        translator=translator(nobody),
        languages=languages(nobody) if languages else None,
        target=target,
        seconds=settings.tasks.translation.seconds,
    )


class _Making:
    """Makes each keeper in the way that its section says."""

    def __init__(
        self, settings: Settings, *, models: Models, prompts: PromptBook, writers: Writers
    ) -> None:
        self._tasks = settings.tasks
        self._help = settings.knowledge.language
        self._models = models
        self._prompts = prompts
        self._writers = writers

    def languages(self) -> Callable[[Account], Languages] | None:
        section = self._tasks.language
        among = section.languages
        match section.by:
            case "rule":
                return _same(RuledLanguages(among=among))
            case "library":
                return _same(LibraryLanguages(among=among))
            case "prompt":
                return lambda account: PromptedLanguages(
                    self._asker("language", section, account), among=among
                )
            case "model":
                return _same(self._models.languages(section))
        return None

    def moods(self) -> Callable[[Account], Moods] | None:
        section = self._tasks.sentiment
        match section.by:
            case "rule":
                return _same(RuledMoods())
            case "prompt":
                return lambda account: PromptedMoods(self._asker("sentiment", section, account))
            case "model":
                return _same(self._models.moods(section))
        return None

    def topics(self) -> Callable[[Account], Topics] | None:
        section = self._tasks.topic
        if not section.labels:
            return None
        match section.by:
            case "rule":
                return _same(RuledTopics(terms=Terms(self._help)))
            case "prompt":
                return lambda account: PromptedTopics(self._asker("topic", section, account))
            case "model":
                return _same(self._models.topics(section))
        return None

    def extractor(self) -> Callable[[Account], Extractor] | None:
        section = self._tasks.facts
        match section.by:
            case "rule":
                return _same(RuledFacts())
            case "prompt":
                return lambda account: PromptedFacts(self._asker("facts", section, account))
        return None

    def summarizer(self) -> Callable[[Account], Summarizer] | None:
        section = self._tasks.summary
        match section.by:
            case "prompt":
                return lambda account: PromptedSummarizer(self._asker("summary", section, account))
            case "model":
                return _same(self._models.summarizer(section))
        return None

    def translator(self) -> Callable[[Account], Translator] | None:
        section = self._tasks.translation
        match section.by:
            case "prompt":
                return lambda account: PromptedTranslator(
                    self._asker("translation", section, account)
                )
            case "model":
                return _same(self._models.translator(section))
        return None

    def _asker(self, step: str, section: TaskSettings, account: Account) -> Asker:
        """Return one who asks a backend; a new one each time, which tells what it cost."""
        return Asker(
            route=lambda: self._writers(account.conversation, only=section.backend),
            prompts=self._prompts,
            step=step,
            account=account,
        )


def _same(keeper: T) -> Callable[[Account], T]:
    """Return one that is the same for every asking: it costs nothing."""
    return lambda _account: keeper
