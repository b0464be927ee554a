"""The promises of the tasks beside the answer, and the values that they speak in.

Each is kept by a rule, a prompt that a configured backend answers, a small model in this process
or a library; ``bot.toml`` chooses. Whoever keeps one may raise whatever it likes and take as long
as it likes: who asks gives it its seconds, and goes on without it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from bot.messages import Attempt, Message, Passage

Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]

MoodLabel = Literal["upset", "neutral", "content"]


@dataclass(frozen=True, slots=True)
class Mood:
    """How a customer sounds. ``score`` (0 to 1) tells how sure that is, None if nobody can say."""

    label: MoodLabel
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Topic:
    """What a message is about: one of the company's own labels; ``score`` as in ``Mood``."""

    label: str
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """The language that a message is written in, by its code; ``score`` as in ``Mood``."""

    language: str
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The words of a passage that answer a question.

    ``text`` is ``passage.text[start:end]``, where ``passage`` is the place among those asked.
    """

    text: str
    score: float
    start: int
    end: int
    passage: int


class Keeper(Protocol):
    """Whoever keeps one of the promises below."""

    @property
    def by(self) -> str:
        """What does it, for the audit: ``rule``, ``library``, the model's name or the backend's."""
        ...


class Moods(Keeper, Protocol):
    """Hears how a customer sounds."""

    async def mood(self, text: str) -> Mood | None:
        """Return the mood of ``text``; None where it has none to speak of."""
        ...


class Topics(Keeper, Protocol):
    """Sorts messages under the company's labels."""

    async def topic(self, text: str, labels: Mapping[str, str]) -> Topic | None:
        """Return the one of ``labels`` (each with what it means) that fits; None if none does."""
        ...


class Languages(Keeper, Protocol):
    """Hears what language a message is written in."""

    async def language(self, text: str) -> Heard | None:
        """Return the language of ``text``; None where it cannot be told, as of a number."""
        ...


class Translator(Keeper, Protocol):
    """Puts words into another language."""

    async def translate(self, text: str, *, source: str, target: str) -> str:
        """Return ``text``, which is in ``source``, in ``target``; both are languages' codes."""
        ...


class Summarizer(Keeper, Protocol):
    """Keeps the notes of a conversation short."""

    async def summarize(self, before: str, messages: Sequence[Message]) -> str:
        """Return the notes ``before`` carried on over ``messages``; empty where there are none."""
        ...


class Extractor(Keeper, Protocol):
    """Finds facts in a customer's words."""

    async def facts(self, text: str, schema: Mapping[str, Json]) -> Mapping[str, Json]:
        """Return what ``text`` says, by the names of the properties of the JSON ``schema``."""
        ...


class Spans(Keeper, Protocol):
    """Finds the exact words that answer a question."""

    async def span(self, question: str, passages: Sequence[Passage]) -> Span | None:
        """Return the best span of all ``passages``; None where none of them answers."""
        ...


@dataclass(frozen=True, slots=True)
class Account:
    """Who pays for an asking: the ``conversation``, 0 for none.

    ``keep`` takes every attempt that a prompt costs, also of what fails or comes too late, and
    ``note`` the name of every template that is filled for it.
    """

    conversation: int
    keep: Callable[[Attempt], object]
    note: Callable[[str], object] = lambda _template: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tasks:
    """Who does what: makes the keeper of a promise for one asking; None where nobody does it.

    A rule and a model are the same ones for every asking; a prompt's keeper
    charges the ``Account``.
    """

    languages: Callable[[Account], Languages] | None = None
    moods: Callable[[Account], Moods] | None = None
    topics: Callable[[Account], Topics] | None = None
    extractor: Callable[[Account], Extractor] | None = None
    summarizer: Callable[[Account], Summarizer] | None = None
    translator: Callable[[Account], Translator] | None = None
