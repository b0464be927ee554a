"""A backend without a model: it quotes the sentences of the passages that answer."""

import re
from collections.abc import AsyncGenerator, Callable, Sequence

from bot.backends.base import Finished, Output, Request, StopReason, Text
from bot.backends.extractive.choice import Choice
from bot.backends.extractive.question import Question, Stems
from bot.backends.extractive.smalltalk import small_talk
from bot.knowledge.clauses import clauses
from bot.messages import Passage, Usage

_PIECE = re.compile(r".+?(?:(?<=[.!?:])\s+|\n+|$)", re.DOTALL)


class ExtractiveBackend:
    """Quotes; where the passages do not answer it says so, and never makes anything up.

    Nothing is quoted unless a passage has a ``coverage`` of ``enough`` (0 to 1) or a heading that
    the question names. ``words`` renders a template of ``prompts/words`` by its name; ``stems``
    returns what a text is about, in the terms of the search.
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
    ) -> None:
        self.name = name
        self._enough = enough
        self._words = words
        self._stems = stems

    async def stream(self, request: Request) -> AsyncGenerator[Output]:
        """Answer from the passages, sentence by sentence."""
        for piece in _PIECE.findall(self._answer(request)):
            yield Text(piece)
        yield Finished(reason=StopReason.END, usage=Usage(), model=self.model)

    async def close(self) -> None:
        """Nothing to let go of."""

    def _answer(self, request: Request) -> str:
        if words := small_talk(request.question):
            return self._words(words)
        quotes = self._quotes(request)
        if quotes:
            return self._words("quoted", quotes=quotes)
        return f"<unanswered/>\n{self._words('unknown')}"

    def _quotes(self, request: Request) -> Sequence[str]:
        """Return the quotes, each with its passage's number; none where they would not answer."""
        earlier = _earlier(request)
        asked = clauses(request.question)
        if len(asked) > 1:
            return self._one_by_one(asked, earlier, request.passages)
        question = Question(request.question, earlier=earlier, stems=self._stems)
        if not any(self._answers(passage, question) for passage in request.passages):
            return ()
        return [quotable.cited for quotable in Choice(question, request.passages).quotes()]

    def _one_by_one(
        self, asked: Sequence[str], earlier: Sequence[str], passages: Sequence[Passage]
    ) -> Sequence[str]:
        """Answer each question with one quote; a later one may lean on those before it."""
        quotes: list[str] = []
        for text in asked:
            question = Question(text, earlier=earlier, stems=self._stems)
            # The search has told how much of them all a passage covers, not how much of this one.
            if question.is_mostly_in(f"{' '.join(each.headings)} {each.text}" for each in passages):
                quotes += [each.cited for each in Choice(question, passages, most=1).quotes()]
            earlier = [text, *earlier]
        return list(dict.fromkeys(quotes))

    def _answers(self, passage: Passage, question: Question) -> bool:
        # A long question of which one passage covers little may still name its heading.
        return passage.coverage >= self._enough or question.names("".join(passage.headings[-1:]))


def _earlier(request: Request) -> Sequence[str]:
    """Return what the customer said before, newest first."""
    said = [step.text for step in request.history if step.role == "user"]
    return [text for text in reversed(said[:-1]) if text not in request.question]
