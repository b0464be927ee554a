"""A backend without a model: it quotes the sentences of the passages that answer."""

import re
from collections.abc import AsyncGenerator, Callable, Sequence

from bot.backends.base import Finished, Noted, Output, Request, StopReason, Text
from bot.backends.extractive.choice import MOST, Choice
from bot.backends.extractive.pointing import Pointer
from bot.backends.extractive.question import Question, Stems
from bot.backends.extractive.quotables import Quotable
from bot.backends.extractive.smalltalk import small_talk
from bot.knowledge.clauses import clauses
from bot.messages import Passage, Reading, Usage

_PIECE = re.compile(r".+?(?:(?<=[.!?:])\s+|\n+|$)", re.DOTALL)


class ExtractiveBackend:
    """Quotes; where the passages do not answer it says so, and never makes anything up.

    Nothing is quoted unless a passage has a ``coverage`` of ``enough`` (0 to 1) or a heading that
    the question names. ``words`` renders a template of ``prompts/words`` by its name; ``stems``
    returns what a text is about, in the terms of the search. Where ``pointer`` finds the exact
    words that answer, the quote that holds them comes first; it never makes an answer of none.
    """

    model = "extractive"
    provider = "extractive"
    writes = False

    def __init__(
        self,
        *,
        name: str = "extractive",
        enough: float,
        words: Callable[..., str],
        stems: Stems,
        pointer: Pointer | None = None,
    ) -> None:
        self.name = name
        self._enough = enough
        self._words = words
        self._stems = stems
        self._pointer = pointer

    async def stream(self, request: Request) -> AsyncGenerator[Output]:
        """Answer from the passages, sentence by sentence."""
        answer, readings = await self._answer(request)
        for reading in readings:
            yield Noted(reading)
        for piece in _PIECE.findall(answer):
            yield Text(piece)
        yield Finished(reason=StopReason.END, usage=Usage(), model=self.model)

    async def close(self) -> None:
        """Nothing to let go of."""

    async def _answer(self, request: Request) -> tuple[str, Sequence[Reading]]:
        if words := small_talk(request.question):
            return self._words(words), ()
        readings: list[Reading] = []
        quotes = await self._quotes(request, readings)
        if quotes:
            return self._words("quoted", quotes=quotes), readings
        return f"<unanswered/>\n{self._words('unknown')}", readings

    async def _quotes(self, request: Request, readings: list[Reading]) -> Sequence[str]:
        """Return the quotes, each with its passage's number; none where they would not answer."""
        earlier = _earlier(request)
        asked = clauses(request.question)
        if len(asked) > 1:
            return await self._one_by_one(asked, earlier, request.passages, readings)
        question = Question(request.question, earlier=earlier, stems=self._stems)
        if not any(self._answers(passage, question) for passage in request.passages):
            return ()
        quotes = Choice(question, request.passages).quotes()
        led = await self._led(request.question, request.passages, quotes, readings)
        return [quotable.cited for quotable in led]

    async def _one_by_one(
        self,
        asked: Sequence[str],
        earlier: Sequence[str],
        passages: Sequence[Passage],
        readings: list[Reading],
    ) -> Sequence[str]:
        """Answer each question with one quote; a later one may lean on those before it."""
        quotes: list[str] = []
        for text in asked:
            question = Question(text, earlier=earlier, stems=self._stems)
            # The search has told how much of them all a passage covers, not how much of this one.
            if question.is_mostly_in(f"{' '.join(each.headings)} {each.text}" for each in passages):
                one = Choice(question, passages, most=1).quotes()
                led = await self._led(text, passages, one, readings, most=1)
                quotes += [each.cited for each in led]
            earlier = [text, *earlier]
        return list(dict.fromkeys(quotes))

    async def _led(
        self,
        question: str,
        passages: Sequence[Passage],
        quotes: Sequence[Quotable],
        readings: list[Reading],
        *,
        most: int = MOST,
    ) -> Sequence[Quotable]:
        """Let the quote with the exact words come first, where somebody can point at them."""
        if self._pointer is None:
            return quotes
        pointed, reading = await self._pointer.point(question, passages)
        readings.append(reading)
        return pointed.leading(quotes, most=most) if pointed else quotes

    def _answers(self, passage: Passage, question: Question) -> bool:
        # A long question of which one passage covers little may still name its heading.
        return passage.coverage >= self._enough or question.names("".join(passage.headings[-1:]))


def _earlier(request: Request) -> Sequence[str]:
    """Return what the customer said before, newest first."""
    said = [step.text for step in request.history if step.role == "user"]
    return [text for text in reversed(said[:-1]) if text not in request.question]
