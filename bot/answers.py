"""One answer while it is made: from what a model writes to a draft of the reply."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from bot.backends.base import Backend, Called, Finished, Output, Request, StopReason, Text, Thought
from bot.citations import Citations
from bot.errors import NoAnswer
from bot.messages import (
    Attempt,
    Citation,
    Found,
    Outcome,
    Passage,
    Piece,
    Reading,
    Step,
    ToolCall,
    Withdrawn,
)
from bot.router import FellBack, Route
from bot.strategies import Reader, Strategy

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What one try has come to: the reply's text and all that explains it."""

    text: str
    outcome: Outcome
    citations: tuple[Citation, ...] = ()
    strategy: str = ""
    prompt: str = ""
    prompt_hash: str = ""
    reasoning: str = ""
    passages: tuple[Found, ...] = ()
    refused_calls: tuple[ToolCall, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    steps: tuple[Step, ...] = ()
    readings: tuple[Reading, ...] = ()
    route: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What is asked, and of whom."""

    request: Request
    route: Route
    strategy: Strategy
    prompt_hash: str


class Answer:
    """One answer while it is made; ask it at any time for what it has come to so far."""

    def __init__(
        self,
        *,
        prepare: Callable[[], Awaitable[Prepared]],
        words: Callable[..., str],
        known: Sequence[str],
    ) -> None:
        self._prepare = prepare
        self._words = words
        self._known = known
        self._prepared: Prepared | None = None
        self._outcome = Outcome.ANSWERED
        self._calls: list[ToolCall] = []
        self._thoughts: list[str] = []
        self._source: Backend | None = None
        self._start(Reader(), ())

    async def events(self) -> AsyncGenerator[Piece | Withdrawn]:
        """Ask, and tell what the customer may see as it comes.

        There is always something to see in the end: where no backend answers, decent words.
        """
        prepared = self._prepared = await self._prepare()
        outputs = prepared.route.stream(prepared.request, verdict=self._verdict)
        try:
            async with aclosing(outputs):
                async for output in outputs:
                    if prepared.route.backend is not self._source:
                        for event in self._begin_anew(prepared):
                            yield event
                    for event in self._take(output):
                        yield event
        except NoAnswer as error:
            _logger.warning("The customer was told that no answer can be given. %s", error)
            for event in self.instead("unavailable", Outcome.FAILED):
                yield event

    def instead(self, words: str, outcome: Outcome) -> Iterator[Piece | Withdrawn]:
        """Let the customer have the words ``words`` in place of all that was written."""
        yield from self._withdraw()
        self._start(Reader(), ())
        self._outcome = outcome
        yield from self._show(self._words(words))

    def draft(self, outcome: Outcome | None = None) -> Draft:
        """Return what this answer has come to; ``outcome`` tells why it ends early."""
        prepared = self._prepared
        return Draft(
            text="".join(self._shown).strip(),
            outcome=outcome or self._outcome,
            citations=self._citations.cited,
            reasoning="".join([*self._thoughts, self._reader.reasoning]).strip(),
            refused_calls=tuple(self._calls),
            strategy=prepared.strategy.name if prepared else "",
            prompt=prepared.strategy.template if prepared else "",
            prompt_hash=prepared.prompt_hash if prepared else "",
            passages=_found(prepared.request.passages) if prepared else (),
            attempts=prepared.route.attempts if prepared else (),
        )

    def _begin_anew(self, prepared: Prepared) -> Iterator[Piece | Withdrawn]:
        """Forget what was written: another backend has begun to answer."""
        yield from self._withdraw()
        self._source = backend = prepared.route.backend
        # A backend that quotes knows nothing of the strategy's tags.
        reader = prepared.strategy.reader() if backend.writes else Reader()
        self._start(reader, prepared.request.passages)

    def _start(self, reader: Reader, passages: Sequence[Passage]) -> None:
        self._reader = reader
        self._citations = Citations(passages, known=self._known)
        self._shown: list[str] = []
        self._rest = ""

    def _take(self, output: Output | FellBack) -> Iterable[Piece | Withdrawn]:
        match output:
            case Text(text):
                return self._show(self._citations.feed(self._reader.feed(text)))
            case Thought(text):
                self._thoughts.append(text)
            case Called(call):
                self._calls.append(call)
            case Finished():
                return self._finish(output)
        return ()

    def _verdict(self, finished: Finished) -> str:
        """Tell the router why an answer that has come to its end is of no use; empty if it is."""
        self._rest = self._citations.feed(self._reader.close()) + self._citations.close()
        if self._reader.unanswered or "".join([*self._shown, self._rest]).strip():
            return ""
        if finished.reason is StopReason.TOOL:
            return "it called a tool that nobody offered and said nothing"
        return f"its answer was empty (it stopped with {finished.reason!s})"

    def _finish(self, finished: Finished) -> Iterator[Piece | Withdrawn]:
        if finished.reason is StopReason.REFUSAL:
            yield from self.instead("refused", Outcome.REFUSED)
            return
        yield from self._show(self._rest)
        if self._reader.unanswered:
            self._outcome = Outcome.UNANSWERED
            if not self._shown:
                yield from self._show(self._words("unknown"))
        if finished.reason is StopReason.LENGTH:
            _logger.warning("An answer of %s was cut at its token limit.", finished.model)
            yield from self._show("\n\n" + self._words("cut"))

    def _withdraw(self) -> Iterator[Withdrawn]:
        if self._shown:
            yield Withdrawn()

    def _show(self, text: str) -> Sequence[Piece]:
        if not text:
            return ()
        self._shown.append(text)
        return (Piece(text),)


def _found(passages: Sequence[Passage]) -> tuple[Found, ...]:
    return tuple(Found(each.id, round(each.score, 3), round(each.coverage, 3)) for each in passages)
