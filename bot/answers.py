"""One answer while it is made: from what a model writes to a draft of the reply."""

import logging
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Sequence,
)
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from bot.backends.base import (
    Backend,
    Called,
    Finished,
    Noted,
    Output,
    Request,
    StopReason,
    Text,
    Thinks,
    Thought,
)
from bot.citations import Citations
from bot.doubt import AnswerDoubt
from bot.errors import BackendMisled, NoAnswer
from bot.messages import (
    NOTHING_NEW,
    Attempt,
    Citation,
    Found,
    Noticed,
    Outcome,
    Passage,
    Piece,
    Reading,
    Sealed,
    Step,
    ToolCall,
    Usage,
    Withdrawn,
)
from bot.router import FellBack, Route
from bot.steps import Steps
from bot.strategies import DIRECT, Echoes, Plan, Reader, Strategy

_logger = logging.getLogger(__name__)

_WRITTEN = Finished(reason=StopReason.END, usage=Usage(), model="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What one try has come to: the reply's text and all that explains it.

    ``prompt`` is the strategy's template, ``templates`` are all that were filled for what was
    asked, that one first.
    """

    text: str
    outcome: Outcome
    citations: tuple[Citation, ...] = ()
    strategy: str = ""
    prompt: str = ""
    templates: tuple[str, ...] = ()
    reasoning: str = ""
    passages: tuple[Found, ...] = ()
    refused_calls: tuple[ToolCall, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    steps: tuple[Step, ...] = ()
    readings: tuple[Reading, ...] = ()
    noticed: Noticed = NOTHING_NEW
    route: str = ""
    sealed: Sealed | None = None
    trouble: str = ""


class Translation(Protocol):
    """Puts what was quoted into the customer's language, and tells what it read and cost."""

    @property
    def readings(self) -> tuple[Reading, ...]: ...

    @property
    def attempts(self) -> tuple[Attempt, ...]: ...

    async def reply(self, text: str) -> str:
        """Return ``text`` in the customer's language; as it is where that fails."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What the tasks read in the customer's words. ``offer``: offer this customer a person."""

    readings: tuple[Reading, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    noticed: Noticed = NOTHING_NEW
    offer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What is asked, of whom, and in what way.

    ``system`` writes a strategy's standing instructions.
    ``translation`` is None where the help centre has the customer's language.
    """

    request: Request
    route: Route
    strategy: Strategy
    steps: Steps
    system: Callable[[Strategy], str]
    read: Read = Read()
    translation: Translation | None = None

    def directly(self) -> "Prepared":
        """Return the same without a step: for when the strategy came to nothing."""
        request = replace(self.request, system=self.system(DIRECT))
        return replace(self, strategy=DIRECT, request=request)


class Answer:
    """One answer while it is made; ask it at any time for what it has come to so far.

    ``read`` tells what the tasks have read by then, ``filled`` holds the names of the templates
    that were filled. ``frames`` tells with which ones a backend writes requests anew; ``cut`` is
    called with the name of a backend that came to its token limit; ``unopened`` with that of one
    that closed a thought which it had not opened, and with the mark that would have.
    """

    def __init__(
        self,
        *,
        prepare: Callable[[], Awaitable[Prepared]],
        read: Callable[[], Read],
        filled: Collection[str],
        frames: Callable[[str], Collection[str]],
        words: Callable[..., str],
        known: Sequence[str],
        cut: Callable[[str], object],
        unopened: Callable[[str, str], object],
    ) -> None:
        self._prepare = prepare
        self._read = read
        self._filled = filled
        self._frames = frames
        self._words = words
        self._known = known
        self._cut = cut
        self._unopened = unopened
        self._prepared: Prepared | None = None
        self._chosen = ""
        self._plan: Plan | None = None
        self._against = ""
        self._outcome = Outcome.ANSWERED
        self._calls: list[ToolCall] = []
        self._thoughts: list[str] = []
        self._readings: list[Reading] = []
        self._source: Backend | None = None
        self._start(Reader(), (), Echoes())

    async def events(self) -> AsyncGenerator[Piece | Withdrawn]:
        """Ask, and tell what the customer may see as it comes.

        There is always something to see in the end: where no backend answers, decent words.
        """
        prepared = self._prepared = await self._prepare()
        self._chosen = prepared.strategy.name
        try:
            async with aclosing(self._outputs(prepared)) as outputs:
                async for output in outputs:
                    if prepared.route.backend is not self._source:
                        for event in self._begin_anew(prepared.route.backend):
                            yield event
                    for event in self._take(output):
                        yield event
            for piece in await self._translated():
                yield piece
        except NoAnswer as error:
            _logger.warning("The customer was told that no answer can be given. %s", error)
            for event in self.instead("unavailable", Outcome.FAILED):
                yield event

    async def _outputs(self, prepared: Prepared) -> AsyncGenerator[Output | FellBack]:
        """Let the strategy think, then give its answer; a direct one where that is of no use."""
        plan = await prepared.steps.plan(prepared.strategy, prepared.request)
        if plan is not None:
            try:
                async with aclosing(self._given(prepared, plan)) as outputs:
                    async for output in outputs:
                        yield output
            except NoAnswer:
                if not self._against or prepared.strategy is DIRECT:
                    raise
                text = "%s gave no answer, for %s; it answers directly."
                _logger.warning(text, prepared.strategy.name, self._against)
                prepared.steps.note(Step(name=prepared.strategy.name, error=self._against))
            else:
                return
        direct = self._prepared = prepared.directly()
        self._source = self._plan = None
        name = prepared.route.backend.name
        yield FellBack(backend=name, next_backend=name, reason=self._against)
        async with aclosing(self._given(direct, Plan(request=direct.request))) as outputs:
            async for output in outputs:
                yield output

    async def _given(self, prepared: Prepared, plan: Plan) -> AsyncGenerator[Output | FellBack]:
        """Give the answer as it is written, or as it has been already."""
        self._plan = plan
        if plan.text:
            yield Text(plan.text)
            self._against = self._judged(_WRITTEN)
            if self._against:
                raise NoAnswer(())
            yield _WRITTEN
            return
        asked = prepared.route.stream(
            plan.request, verdict=self._verdict, doubts=partial(_doubt, plan)
        )
        async with aclosing(asked) as outputs:
            async for output in outputs:
                yield output

    def instead(self, words: str, outcome: Outcome) -> Iterator[Piece | Withdrawn]:
        """Let the customer have the words ``words`` in place of all that was written."""
        yield from self._withdraw()
        self._start(Reader(), (), Echoes())
        self._is_put = True
        self._outcome = outcome
        yield from self._show(self._words(words))

    def draft(self, outcome: Outcome | None = None) -> Draft:
        """Return what this answer has come to; ``outcome`` tells why it ends early."""
        prepared = self._prepared
        thoughts = ("".join(prepared.steps.thoughts if prepared else ()), "".join(self._thoughts))
        prompt = prepared.strategy.template if prepared else ""
        return Draft(
            text="" if self._held else "".join(self._shown).strip(),
            outcome=outcome or self._outcome,
            citations=self._citations.cited,
            reasoning=_paragraphs(*thoughts, self._reader.reasoning),
            refused_calls=tuple(self._calls),
            strategy=self._chosen,
            sealed=self._sealed,
            prompt=prompt,
            templates=tuple(sorted(self._templates(), key=lambda name: (name != prompt, name))),
            passages=_found(prepared.request.passages) if prepared else (),
            attempts=self._attempts(),
            steps=tuple(self._steps()),
            readings=self._all_readings(),
            noticed=(prepared.read if prepared else self._read()).noticed,
            route=prepared.route.why if prepared else "",
        )

    def _templates(self) -> set[str]:
        asked = {attempt.backend for attempt in self._attempts()}
        return {*self._filled, *(name for backend in asked for name in self._frames(backend))}

    def _attempts(self) -> tuple[Attempt, ...]:
        """Return every attempt of the turn, in the order of what they were made for."""
        prepared = self._prepared
        if prepared is None:
            return self._read().attempts
        put = prepared.translation.attempts if prepared.translation else ()
        return (*prepared.read.attempts, *put, *prepared.steps.attempts)

    def _all_readings(self) -> tuple[Reading, ...]:
        prepared = self._prepared
        if prepared is None:
            return self._read().readings
        put = prepared.translation.readings if prepared.translation else ()
        return (*prepared.read.readings, *put, *self._readings)

    def _steps(self) -> Iterator[Step]:
        """Give the steps, and say where the model could not be told to think."""
        if self._prepared is None:
            return
        yield from self._prepared.steps.taken
        backend = self._source
        if backend is None or self._plan is None or self._plan.request.effort is None:
            return
        if not isinstance(backend, Thinks) or not backend.thinks:
            text = f"{backend.name!r} ({backend.model}) cannot be told to think; it just answered"
            yield Step(name=self._chosen, error=text)

    def _begin_anew(self, backend: Backend) -> Iterator[Piece | Withdrawn]:
        """Forget what was written: another backend has begun to answer."""
        yield from self._withdraw()
        self._source = backend
        # A backend that quotes knows nothing of the strategy's tags.
        plan = self._plan if self._plan and backend.writes else None
        self._start_over(Reader(tagged=plan is not None and plan.tagged), plan)

    def _start_over(self, reader: Reader, plan: Plan | None) -> None:
        passages = self._prepared.request.passages if self._prepared else ()
        self._start(reader, passages, _echoes(plan) if plan else Echoes())

    def _start(self, reader: Reader, passages: Sequence[Passage], echoes: Echoes) -> None:
        if self._thoughts:
            self._thoughts.append("\n\n")
        self._reader = reader
        self._echoes = echoes
        self._citations = Citations(passages, known=self._known)
        self._shown: list[str] = []
        self._sealed: Sealed | None = None
        self._is_put = False
        self._rest = ""

    def _take(self, output: Output | FellBack) -> Iterable[Piece | Withdrawn]:
        match output:
            case Text(text):
                return self._written(text)
            case Thought(text):
                self._thoughts.append(text)
            case Called(call):
                self._calls.append(call)
            case Noted(reading):
                self._readings.append(reading)
            case Finished():
                return self._finish(output)
        return ()

    def _written(self, text: str) -> Iterator[Piece | Withdrawn]:
        seen = self._reader.feed(text)
        if self._reader.recalled:
            if self._reader.unopened and self._source is not None:
                self._unopened(self._source.name, self._reader.unopened)
            yield from self._withdraw()
            self._start_over(self._reader, self._plan)
        yield from self._show(self._citations.feed(self._echoes.feed(seen)))

    def _verdict(self, finished: Finished) -> str:
        """Tell the router why an answer that has come to its end is of no use; empty if it is.

        Raises:
            BackendMisled: it is the strategy's fault.
        """
        self._against = self._judged(finished)
        if self._against and self._reader.astray and self._source is not None:
            raise BackendMisled(self._against, backend=self._source.name)
        return self._against

    def _judged(self, finished: Finished) -> str:
        rest = self._echoes.feed(self._reader.close()) + self._echoes.close()
        if self._echoes.found:
            return "it repeated what was thought"
        self._rest = self._citations.feed(rest) + self._citations.close()
        if self._reader.unanswered or "".join([*self._shown, self._rest]).strip():
            return ""
        if self._reader.astray:
            return "all that it wrote stands outside of the answer's tags"
        if finished.reason is StopReason.TOOL:
            return "it called a tool that nobody offered and said nothing"
        return f"its answer was empty (it stopped with {finished.reason!s})"

    def _finish(self, finished: Finished) -> Iterator[Piece | Withdrawn]:
        if finished.reason is StopReason.REFUSAL:
            yield from self.instead("refused", Outcome.REFUSED)
            return
        self._sealed = finished.sealed
        yield from self._show(self._rest)
        if self._reader.unanswered:
            self._outcome = Outcome.UNANSWERED
            if not self._shown:
                yield from self._show(self._words("unknown"))
        elif self._offers():
            yield from self._show("\n\n" + self._words("upset"))
        if finished.reason is StopReason.LENGTH and self._source is not None:
            self._cut(self._source.name)
            yield from self._show("\n\n" + self._words("cut"))

    def _offers(self) -> bool:
        """Whether a person is still to be offered: a backend that quotes does not by itself."""
        quotes = self._source is not None and not self._source.writes
        return quotes and self._prepared is not None and self._prepared.read.offer

    def _withdraw(self) -> Iterator[Withdrawn]:
        if self._shown and not self._held:
            yield Withdrawn()

    def _show(self, text: str) -> Sequence[Piece]:
        if not text:
            return ()
        self._shown.append(text)
        return () if self._held else (Piece(text),)

    @property
    def _held(self) -> bool:
        """Whether nothing is shown yet: what was quoted is translated first, as a whole."""
        quotes = self._source is not None and not self._source.writes
        translates = self._prepared is not None and self._prepared.translation is not None
        return quotes and translates and not self._is_put

    async def _translated(self) -> Sequence[Piece]:
        if not self._held or self._prepared is None or self._prepared.translation is None:
            return ()
        text = await self._prepared.translation.reply("".join(self._shown))
        self._is_put = True
        self._shown = []
        return self._show(text)


def _paragraphs(*texts: str) -> str:
    return "\n\n".join(filter(None, map(str.strip, texts)))


def _doubt(plan: Plan, backend: Backend) -> AnswerDoubt:
    return AnswerDoubt(plan.request.passages, tagged=plan.tagged and backend.writes)


def _found(passages: Sequence[Passage]) -> tuple[Found, ...]:
    return tuple(Found(each.id, round(each.score, 3), round(each.coverage, 3)) for each in passages)


def _echoes(plan: Plan) -> Echoes:
    request = plan.request
    said = (step.text for step in request.history)
    passages = (passage.text for passage in request.passages)
    return Echoes(plan.hidden, known=(*said, request.question, *passages))
