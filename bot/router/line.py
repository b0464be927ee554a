"""One backend as the router knows it: how long to wait for it, what it costs, how it fares."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field

from bot.backends.base import Backend, Finished, Output, Request, StopReason, Text, Thought
from bot.errors import (
    BackendBusy,
    BackendError,
    BackendMisconfigured,
    BackendMisled,
    BackendPassedOver,
    BackendUnavailable,
    StoreError,
)
from bot.messages import GIVEN_UP, Attempt, Usage
from bot.router.breaker import Breaker
from bot.router.budget import Bill, Purse
from bot.router.gate import Gate
from bot.router.watch import Watch

_log = logging.getLogger("bot.router")

_MARGIN = 1.5  # providers count other tokens than we do, and words of their own besides
_OF_A_MESSAGE = 8  # tokens around each

Clock = Callable[[], float]
Price = Callable[[str, str, Usage], float | None]  # backend, model, usage -> US dollars
Verdict = Callable[[Finished], str]  # why an answer is of no use; empty where it is

_BLAMELESS = (BackendPassedOver, BackendMisled)


def dearest(price: Price, backend: str, model: str, reads: int, writes: int) -> float:
    """Return what so many tokens cost at most: read for the first time, and kept in a cache."""
    ways = [Usage(input=reads, output=writes, cache_write=kept) for kept in (0, reads)]
    return max(price(backend, model, usage) or 0.0 for usage in ways)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for a backend's first output, and between two; None waits for ever."""

    first_piece_seconds: float | None = None
    silence_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Tells what a request takes before it is asked, rather too much than too little.

    ``count`` counts the tokens of a text; a backend writes ``most_tokens`` in one answer.
    """

    count: Callable[[str], int] = len
    most_tokens: int = 0

    def read(self, request: Request) -> int:
        """Return the tokens that a model reads of ``request``."""
        texts = [request.system, *(said.text for said in request.history), request.context]
        counted = sum(self.count(text) for text in texts) + _OF_A_MESSAGE * len(texts)
        sealed = sum(each.tokens for said in request.history for each in said.sealed)
        return round((counted + sealed) * _MARGIN)

    def written(self, request: Request) -> int:
        """Return the tokens that a model writes at most."""
        allowed = request.max_tokens
        return self.most_tokens if allowed is None else min(allowed, self.most_tokens)


@dataclass(slots=True)
class _Course:
    """How an attempt goes."""

    started: float
    reads: int = 0  # tokens, as they were guessed
    writes: int = 0
    asked: bool = False
    failed: bool = False
    error: str = GIVEN_UP
    first_piece: float | None = None
    finished: Finished | None = None
    written: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The way to one backend: through its queue, where it has one, and out of the budget."""

    backend: Backend
    breaker: Breaker
    patience: Patience
    price: Price
    clock: Clock
    gate: Gate | None = None
    purse: Purse | None = None
    measure: Measure = field(default_factory=Measure)

    async def ask(
        self,
        request: Request,
        *,
        verdict: Verdict,
        keep: Callable[[Attempt], None],
        conversation: int = 0,
        queue_seconds: float | None = None,
    ) -> AsyncGenerator[Output]:
        """Ask once; however it ends, ``keep`` gets the attempt.

        ``conversation`` is the one that it costs something; nobody waits in the queue for longer
        than ``queue_seconds``.

        Raises:
            BackendError: there was no answer, it stopped in its middle, or ``verdict`` found
                something against it. A model that declines has answered.
            BackendMisled: ``verdict`` raised it.
            StoreUnavailable: nobody knows what is left of the budget.
        """
        course = _Course(self.clock())
        try:
            async with AsyncExitStack() as paths:
                await self._queue(paths, request, course, queue_seconds)
                await self._pay(paths, course, conversation)
                course.asked = True
                outputs = await paths.enter_async_context(aclosing(self._outputs(request)))
                try:
                    async for output in outputs:
                        self._note(output, course, verdict)
                        yield output
                except BackendError:
                    course.failed = True
                    raise
        except BackendError as failure:
            course.error = str(failure)
            self._failed(failure)
            raise
        except StoreError as failure:
            course.error = str(failure)
            raise
        finally:
            keep(self._attempt(course))

    async def _queue(
        self, paths: AsyncExitStack, request: Request, course: _Course, seconds: float | None
    ) -> None:
        """Wait until it is this turn's time, and note what it will take."""
        gate = self.gate
        if self.purse or (gate and gate.counts_tokens):
            course.reads = self.measure.read(request)
            course.writes = self.measure.written(request)
        if gate is None:
            return
        tokens = course.reads + course.writes
        try:
            await paths.enter_async_context(gate.passed(tokens, seconds=seconds))
        except TimeoutError as error:
            text = f"The queue before {self.backend.name!r} is longer than {seconds:g} seconds."
            raise BackendPassedOver(text, backend=self.backend.name) from error
        paths.callback(lambda: gate.correct(self._took(course) - tokens, asked=course.asked))

    async def _pay(self, paths: AsyncExitStack, course: _Course, conversation: int) -> None:
        """Hold what it may cost, and pay in the end what it did."""
        if self.purse is None:
            return
        most = Bill(
            tokens=course.reads + course.writes, dollars=self._dollars(course.reads, course.writes)
        )
        bill = await paths.enter_async_context(
            self.purse.paying(self.backend.name, most, conversation=conversation)
        )

        def write() -> None:
            bill.tokens, bill.dollars = self._took(course), self._cost(course)

        paths.callback(write)

    async def _outputs(self, request: Request) -> AsyncGenerator[Output]:
        outputs, watch = self.backend.stream(request), Watch()
        seconds = self.patience.first_piece_seconds
        try:
            while True:
                output = await self._next(outputs, watch, seconds)
                yield output
                if isinstance(output, Finished):
                    return
                seconds = self.patience.silence_seconds
        finally:
            watch.stop()
            await _close(outputs)

    async def _next(
        self, outputs: AsyncIterator[Output], watch: Watch, seconds: float | None
    ) -> Output:
        name = self.backend.name
        try:
            return await watch.wait(anext(outputs), seconds)
        except BackendError:
            raise
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Nobody gave the answer up: it is the backend's own.
            raise _broken(name, error) from error
        except StopAsyncIteration as error:
            raise BackendBusy(f"{name!r} stopped in its middle.", backend=name) from error
        except Exception as error:
            if watch.expired:
                text = f"{name!r} was silent for {seconds:g} seconds."
                raise BackendBusy(text, backend=name) from error
            raise _broken(name, error) from error

    def _note(self, output: Output, course: _Course, verdict: Verdict) -> None:
        if course.first_piece is None:
            course.first_piece = self.clock() - course.started
        if isinstance(output, Text | Thought):
            course.written.append(output.text)
        if not isinstance(output, Finished):
            return
        course.finished = output
        against = "" if output.reason is StopReason.REFUSAL else verdict(output)
        if against:
            raise BackendUnavailable(against, backend=self.backend.name)
        course.error = ""
        self.breaker.succeeded()

    def _took(self, course: _Course) -> int:
        """Return the tokens that an attempt took; what the provider did not tell is guessed."""
        if course.finished and (told := course.finished.usage) != Usage():
            return told.input + told.output
        return course.reads + self._guessed(course) if self._charged(course) else 0

    def _cost(self, course: _Course) -> float:
        if course.finished and (told := course.finished.usage) != Usage():
            # A name that the provider alone gives its model may be in no price list.
            models = (course.finished.model, self.backend.model)
            costs = (self.price(self.backend.name, model, told) for model in models)
            return next((cost for cost in costs if cost is not None), 0.0)
        if not self._charged(course):
            return 0.0
        return self._dollars(course.reads, self._guessed(course))

    def _charged(self, course: _Course) -> bool:
        """Whether it costs something: not if nobody was asked, or nothing but a failure came."""
        return course.asked and (course.first_piece is not None or not course.failed)

    def _guessed(self, course: _Course) -> int:
        return min(course.writes, self.measure.count("".join(course.written)))

    def _dollars(self, reads: int, writes: int) -> float:
        return dearest(self.price, self.backend.name, self.backend.model, reads, writes)

    def _failed(self, failure: BackendError) -> None:
        if isinstance(failure, _BLAMELESS):
            return
        misconfigured = isinstance(failure, BackendMisconfigured)
        if not self.breaker.failed(at_once=misconfigured, trouble=str(failure)):
            return
        level = logging.ERROR if misconfigured else logging.WARNING
        text = "The backend %r is left alone for %g seconds: %s"
        _log.log(level, text, self.backend.name, self.breaker.seconds, failure)

    def _attempt(self, course: _Course) -> Attempt:
        usage = course.finished.usage if course.finished else Usage()
        model = course.finished.model if course.finished else self.backend.model
        name = self.backend.name
        return Attempt(
            backend=name,
            model=model,
            error=course.error,
            first_piece=course.first_piece,
            seconds=self.clock() - course.started,
            usage=usage,
            cost=self.price(name, model, usage) if course.finished else None,
        )


def _broken(name: str, error: BaseException) -> BackendUnavailable:
    # Not its text: it may hold the customer's words.
    text = f"{name!r} broke with {type(error).__name__}, which a backend must not raise."
    return BackendUnavailable(text, backend=name)


async def _close(outputs: AsyncIterator[Output]) -> None:
    # The promise is an iterator; all that can be closed are generators.
    if isinstance(outputs, AsyncGenerator):
        await outputs.aclose()
