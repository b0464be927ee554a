"""Keeps the promises by prompts: a configured backend reads the customer's words."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any, Self

from pydantic import BaseModel, Field, ValidationError

from bot.backends.base import Said
from bot.citations import unmarked
from bot.errors import TaskFailed
from bot.marks import addresses
from bot.messages import Message
from bot.prompts import delimit
from bot.tasks.asking import Asker
from bot.tasks.base import Heard, Json, Mood, MoodLabel, Topic
from bot.tasks.schema import Schema

_MARK = re.compile(r"\[\d{1,3}\]")
# Scripts that set no blank between an address and what follows it.
_UNSPACED = re.compile("[\u0e00-\u0e7f\u3000-\u30ff\u3400-\u9fff\uac00-\ud7af\uff00-\uffef]+")
_PART = 1500  # characters of a translation at once, so that it fits into an answer


class _Prompted:
    """What all of them have: who is asked."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker

    @property
    def by(self) -> str:
        """The backend that answered last."""
        return self._asker.by


class PromptedLanguages(_Prompted):
    """Keeps the promise ``Languages``; ``among`` are the only languages that there are."""

    def __init__(self, asker: Asker, *, among: Sequence[str] = ()) -> None:
        super().__init__(asker)
        self._among = tuple(among)

    async def language(self, text: str) -> Heard | None:
        """Return the language of ``text``."""
        heard = await self._asker.ask(
            "tasks/language.j2", text, proof=_Language.of, languages=self._among
        )
        return Heard(heard.language.lower(), heard.sure) if heard.language else None


class PromptedMoods(_Prompted):
    """Keeps the promise ``Moods``."""

    async def mood(self, text: str) -> Mood | None:
        """Return the mood of ``text``."""
        mood = await self._asker.ask("tasks/sentiment.j2", text, proof=_Mood.of)
        return Mood(mood.mood, mood.sure)


class PromptedTopics(_Prompted):
    """Keeps the promise ``Topics``."""

    async def topic(self, text: str, labels: Mapping[str, str]) -> Topic | None:
        """Return the one of ``labels`` that fits ``text``."""

        def proof(data: Mapping[str, Any]) -> _Topic:
            topic = _Topic.of(data)
            if topic.topic and topic.topic not in labels:
                raise ValueError(f"topic: there is none of that name. Use {_listed(labels)}.")
            return topic

        found = await self._asker.ask("tasks/topic.j2", text, proof=proof, labels=labels)
        return Topic(found.topic, found.sure) if found.topic else None


class PromptedFacts(_Prompted):
    """Keeps the promise ``Extractor``."""

    async def facts(self, text: str, schema: Mapping[str, Json]) -> Mapping[str, Json]:
        """Return what ``text`` says, as ``schema`` wants it."""
        known = Schema(schema)
        return await self._asker.ask("tasks/facts.j2", text, proof=known.proven, schema=known.text)


class PromptedSummarizer(_Prompted):
    """Keeps the promise ``Summarizer``."""

    async def summarize(self, before: str, messages: Sequence[Message]) -> str:
        """Return the notes carried on; those that were there where no message has words."""
        said = "\n\n".join(f"{each.author}: {_spoken(each)}" for each in messages if each.text)
        if not said:
            return before
        system = self._asker.render("summary.j2", summary=before)
        written = await self._asker.write(system, [Said(role="user", text=said)])
        if not written:
            raise TaskFailed("The summary was cut or declined.")
        return written


class PromptedTranslator(_Prompted):
    """Keeps the promise ``Translator``: a long text some paragraphs at a time."""

    async def translate(self, text: str, *, source: str, target: str) -> str:
        """Return ``text`` in ``target``.

        Raises:
            TaskFailed: it was cut, declined, lost a mark such as [1] or an address, or names one
                that ``text`` has not.
        """
        system = self._asker.render("tasks/translation.j2", source=source, target=target)
        written = []
        for part in _paragraphs(text):
            there = await self._asker.write(system, [Said(role="user", text=delimit(part))])
            if not there or Counter(_MARK.findall(there)) != Counter(_MARK.findall(part)):
                raise TaskFailed("The translation lost a source's number, or was cut or declined.")
            if not _addresses(there) <= _addresses(part):
                raise TaskFailed("The translation names an address that stands nowhere else.")
            if not _addresses(part) <= _addresses(there):
                raise TaskFailed("The translation lost an address.")
            written.append(there)
        return "\n\n".join(written)


def _paragraphs(text: str) -> Iterator[str]:
    """Yield ``text`` in parts of some paragraphs."""
    part: list[str] = []
    for paragraph in filter(str.strip, text.split("\n\n")):
        if part and sum(map(len, part)) + len(paragraph) > _PART:
            yield "\n\n".join(part)
            part = []
        part.append(paragraph)
    if part:
        yield "\n\n".join(part)


def _addresses(text: str) -> Set[str]:
    return frozenset(addresses(_UNSPACED.sub(" ", text)))


def _spoken(message: Message) -> str:
    return unmarked(delimit(message.text))


def _listed(names: Mapping[str, str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


# --- What a model is asked to write -------------------------------------------------------------


class _Written(BaseModel):
    """A JSON object as a model wrote it; ``sure`` is from 0 to 1."""

    sure: float | None = Field(None, ge=0, le=1)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """Return ``data`` as one; a ``ValueError`` says what is wrong with it."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"]))
            raise ValueError(f"{place}: {first['msg']}") from error


class _Language(_Written):
    language: str = Field(pattern=r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$")


class _Mood(_Written):
    mood: MoodLabel


class _Topic(_Written):
    topic: str | None
