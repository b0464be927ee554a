"""Notices what is in a customer's words beside the question: language, mood, topic, facts.

Every task runs within its seconds. What fails or comes too late is told in its reading, and the
turn goes on without it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from bot.errors import FrontdeskError, without_text, without_words
from bot.messages import Attempt, Conversation, Message, Noticed, Reading, Summary
from bot.settings import TasksSettings
from bot.tasks.base import Account, Heard, Json, Keeper, Mood, Tasks, Topic

_logger = logging.getLogger(__name__)

K = TypeVar("K", bound=Keeper)
T = TypeVar("T")

# How sure a language must be: to be taken where none is known, and in place of another one.
_LIKELY, _SURE = 0.5, 0.8
_UPSET = "upset"


class Noticing:
    """Begins to notice; holds who does what. ``clock`` is monotonic."""

    def __init__(
        self,
        *,
        tasks: Tasks,
        settings: TasksSettings,
        schema: Mapping[str, Json],
        clock: Callable[[], float],
    ) -> None:
        self.tasks = tasks
        self.settings = settings
        self.schema = schema
        self.clock = clock
        slow = (settings.sentiment, settings.topic, settings.facts)
        self.at_once = all(section.by in ("rule", "off") for section in slow)

    def begin(
        self, conversation: Conversation, text: str, *, note: Callable[[str], object]
    ) -> "Notice":
        """Return what will be noticed in ``text``, the customer's new words.

        ``note`` is told the name of every template that is filled for it.
        """
        return Notice(self, conversation, text, note=note)

    async def summary(
        self, conversation: Conversation, folded: Sequence[Message], *, upto: int
    ) -> Summary:
        """Return the summary carried on over ``folded``; empty where nobody does it."""
        if self.tasks.summarizer is None or not folded:
            return Summary(upto=upto, text="")
        attempts: list[Attempt] = []
        keeper = self.tasks.summarizer(Account(conversation.id, attempts.append))
        text, error = "", ""
        seconds, started = self.settings.summary.seconds, self.clock()
        try:
            async with asyncio.timeout(seconds):
                text = await keeper.summarize(conversation.summary, folded)
        except TimeoutError:
            error = f"It took longer than {seconds:g} seconds."
        except FrontdeskError as failure:
            error = str(failure)
        except Exception as failure:
            error = without_text(failure)
            _logger.exception("A summary failed.", exc_info=without_words(failure))
        return Summary(
            upto=upto,
            text=text,
            by=keeper.by,
            seconds=self.clock() - started,
            error=error,
            attempts=tuple(attempts),
        )


@dataclass(frozen=True, slots=True)
class _Done:
    """What a task came to: as it is kept in the audit."""

    value: str
    score: float | None = None


class Notice:
    """What is noticed in one turn; ask it at any time for what there is so far."""

    def __init__(
        self,
        noticing: Noticing,
        conversation: Conversation,
        text: str,
        *,
        note: Callable[[str], object],
    ) -> None:
        self._noticing = noticing
        self._before = conversation
        self._text = text
        self._note = note
        self._readings: list[Reading] = []
        self._attempts: list[Attempt] = []
        self._language: str | None = None
        self._mood: str | None = None
        self._topic: str | None = None
        self._facts: dict[str, Json] = {}

    # --- What was noticed ----------------------------------------------------------------------

    @property
    def readings(self) -> tuple[Reading, ...]:
        """What every task read, in the order of the tasks."""
        return tuple(self._readings)

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """What it cost to ask backends."""
        return tuple(self._attempts)

    @property
    def noticed(self) -> Noticed:
        """What goes onto the conversation."""
        return Noticed(
            language=self._language,
            mood=self._mood,
            topic=self._topic,
            facts={**self._before.facts, **self._facts} if self._facts else None,
        )

    @property
    def language(self) -> str | None:
        """The conversation's language, as far as anybody knows it."""
        return self._language or self._before.language

    @property
    def conversation(self) -> Conversation:
        """The conversation as it stands now."""
        return replace(
            self._before,
            language=self.language,
            mood=self.mood,
            topic=self.topic,
            facts=self.facts,
        )

    @property
    def mood(self) -> str:
        """The customer's mood; it stays until they sound content."""
        return self._mood or self._before.mood

    @property
    def topic(self) -> str:
        """What the conversation is about now."""
        return self._topic or self._before.topic

    @property
    def facts(self) -> Mapping[str, Json]:
        """All that is known; what was said last counts."""
        return {**self._before.facts, **self._facts}

    @property
    def offer(self) -> bool:
        """Whether a person shall be offered: once, until the mood changes."""
        return self.mood == _UPSET != self._before.mood

    # --- Noticing it ---------------------------------------------------------------------------

    async def hear(self) -> None:
        """Hear the language; what translates needs it first."""
        section = self._noticing.settings.language
        heard = await self.read(
            "language",
            self._noticing.tasks.languages,
            lambda keeper: keeper.language(self._text),
            told=lambda heard: _Done(heard.language, heard.score),
            seconds=section.seconds,
        )
        if heard and self._follows(heard):
            self._language = heard.language

    async def rest(self) -> None:
        """Notice all else; what asks models does so at the same time."""
        deeds = (self._hear_mood(), self._find_topic(), self._find_facts())
        if self._noticing.at_once:
            for deed in deeds:
                await deed
            return
        async with asyncio.TaskGroup() as tasks:
            for deed in deeds:
                tasks.create_task(deed)

    async def _hear_mood(self) -> None:
        mood = await self.read(
            "sentiment",
            self._noticing.tasks.moods,
            lambda keeper: keeper.mood(self._text),
            told=_of_mood,
            seconds=self._noticing.settings.sentiment.seconds,
        )
        if mood and mood.label != "neutral":
            self._mood = mood.label

    async def _find_topic(self) -> None:
        section = self._noticing.settings.topic
        topic = await self.read(
            "topic",
            self._noticing.tasks.topics,
            lambda keeper: keeper.topic(self._text, section.labels),
            told=_of_topic,
            seconds=section.seconds,
        )
        if topic:
            self._topic = topic.label

    async def _find_facts(self) -> None:
        facts = await self.read(
            "facts",
            self._noticing.tasks.extractor,
            lambda keeper: keeper.facts(self._text, self._noticing.schema),
            told=_of_facts,
            seconds=self._noticing.settings.facts.seconds,
        )
        self._facts |= facts or {}

    def _follows(self, heard: Heard) -> bool:
        """Whether the conversation goes on in what was heard; ``de`` does not undo ``de-AT``."""
        section = self._noticing.settings.language
        code = heard.language.split("-")[0].lower()
        known = {each.split("-")[0].lower() for each in section.languages}
        if known and code not in known:
            return False
        before = self._before.language
        if before and before.split("-")[0].lower() == code:
            return False
        return heard.score is None or heard.score >= (_SURE if before else _LIKELY)

    async def read(
        self,
        task: str,
        made: Callable[[Account], K] | None,
        ask: Callable[[K], Awaitable[T | None]],
        *,
        told: Callable[[T], _Done],
        seconds: float,
    ) -> T | None:
        """Let a keeper do its task, and note what came of it; None where that is nothing."""
        if made is None or not self._text:
            return None
        clock = self._noticing.clock
        keeper = made(Account(self._before.id, self._attempts.append, self._note))
        found, error, started = None, "", clock()
        try:
            async with asyncio.timeout(seconds):
                found = await ask(keeper)
        except TimeoutError:
            error = f"It took longer than {seconds:g} seconds."
        except FrontdeskError as failure:
            error = str(failure)
        except Exception as failure:
            error = without_text(failure)
            text = "The task %r failed; the turn goes on without it."
            _logger.exception(text, task, exc_info=without_words(failure))
        done = _Done("") if found is None else told(found)
        self._readings.append(
            Reading(
                task=task,
                value=done.value,
                score=done.score,
                by=keeper.by,
                seconds=clock() - started,
                error=error,
            )
        )
        return found


def _of_mood(mood: Mood) -> _Done:
    return _Done(mood.label, mood.score)


def _of_topic(topic: Topic) -> _Done:
    return _Done(topic.label, topic.score)


def _of_facts(facts: Mapping[str, Json]) -> _Done:
    return _Done(", ".join(f"{name}: {value}" for name, value in facts.items()))
