"""Points at the exact words of a passage that answer, and lets the quote with them lead."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from bot.backends.extractive.quotables import Quotable, quotables
from bot.backends.extractive.readable import readable
from bot.errors import without_text
from bot.messages import Passage, Reading

TASK: Final = "spans"


class Words(Protocol):
    """Words of a passage: ``text`` is its text from ``start`` to ``end``; ``passage`` its place."""

    @property
    def text(self) -> str: ...
    @property
    def score(self) -> float: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def passage(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointed:
    """A ``quotable`` of which ``part`` holds the words; ``bold`` is that part with them in bold."""

    quotable: Quotable
    part: str
    bold: str

    def leading(self, quotes: Sequence[Quotable], *, most: int) -> Sequence[Quotable]:
        """Return ``quotes`` with the one that holds the words first; ``most`` of them."""
        holding = [each for each in quotes if self._is_in(each)]
        first = holding[0] if holding else replace(self.quotable, parts=(self.part,))
        parts = tuple(self.bold if part == self.part else part for part in first.parts)
        others = [each for each in quotes if not self._is_in(each)]
        return [replace(first, parts=parts), *others][:most]

    def _is_in(self, quote: Quotable) -> bool:
        return quote.number == self.quotable.number and self.part in quote.parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """Asks ``spans`` for the words that answer; takes those with a score of ``enough`` (0 to 1).

    Who takes longer than ``seconds``, or fails, is gone on without. ``by`` is for the audit.
    """

    spans: Callable[[str, Sequence[Passage]], Awaitable[Words | None]]
    by: str
    enough: float
    seconds: float

    async def point(
        self, question: str, passages: Sequence[Passage]
    ) -> tuple[Pointed | None, Reading]:
        """Return what holds the words, None where nothing does for sure, and what was read."""
        started = time.perf_counter()
        words, error = None, ""
        try:
            async with asyncio.timeout(self.seconds):
                words = await self.spans(question, passages)
        except TimeoutError:
            error = f"It took more than {self.seconds:g} seconds."
        except Exception as failure:  # noqa: BLE001 - whatever it is, the passages are quoted
            error = without_text(failure)
        reading = Reading(
            task=TASK,
            value=_told(words, passages) if words else "",
            score=words.score if words else None,
            by=self.by,
            seconds=time.perf_counter() - started,
            error=error,
        )
        sure = words is not None and words.score >= self.enough
        return (_pointed(words, passages) if words and sure else None), reading


def _told(words: Words, passages: Sequence[Passage]) -> str:
    return f"{words.text} (passage {passages[words.passage].id}, {words.start} to {words.end})"


def _pointed(words: Words, passages: Sequence[Passage]) -> Pointed | None:
    """Return what can be quoted around ``words``; None where nothing that makes sense holds them.

    The same words may stand in several places: theirs is the one with as many before it.
    """
    passage, plain = passages[words.passage], readable(words.text)
    earlier = passage.text.count(words.text, 0, words.start)
    holding = [
        (quotable, part)
        for quotable in quotables(passage, number=words.passage + 1)
        for part in quotable.parts
        for _ in range(part.count(plain) if plain else 0)
    ]
    if not holding:
        return None
    quotable, part = holding[min(earlier, len(holding) - 1)]
    return Pointed(quotable=quotable, part=part, bold=_bold(part, plain))


def _bold(part: str, words: str) -> str:
    if any(sign in part for sign in "*`\n"):
        return part  # it would pair with signs that stand there
    return part.replace(words, f"**{words}**", 1)
