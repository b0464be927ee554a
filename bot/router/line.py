"""One backend as the router knows it: how long to wait for it, what it costs, how it fares."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from bot.backends.base import Backend, Finished, Output, Request, StopReason
from bot.errors import BackendBusy, BackendError, BackendMisconfigured, BackendUnavailable
from bot.messages import GIVEN_UP, Attempt, Usage
from bot.router.breaker import Breaker
from bot.router.watch import Watch

_log = logging.getLogger("bot.router")

Clock = Callable[[], float]
Price = Callable[[str, str, Usage], float | None]  # backend, model, usage -> US dollars
Verdict = Callable[[Finished], str]  # why an answer is of no use; empty where it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for a backend's first output, and between two; None waits for ever."""

    first_piece_seconds: float | None = None
    silence_seconds: float | None = None


@dataclass(slots=True)
class _Course:
    """How an attempt goes."""

    started: float
    error: str = GIVEN_UP
    first_piece: float | None = None
    finished: Finished | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The way to one backend."""

    backend: Backend
    breaker: Breaker
    patience: Patience
    price: Price
    clock: Clock

    async def ask(
        self, request: Request, *, verdict: Verdict, keep: Callable[[Attempt], None]
    ) -> AsyncGenerator[Output]:
        """Ask once; however it ends, ``keep`` gets the attempt.

        Raises:
            BackendError: there was no answer, it stopped in its middle, or ``verdict`` found
                something against it. A model that declines has answered.
        """
        course = _Course(self.clock())
        try:
            async with aclosing(self._outputs(request)) as outputs:
                async for output in outputs:
                    self._note(output, course, verdict)
                    yield output
        except BackendError as failure:
            course.error = str(failure)
            self._failed(failure)
            raise
        finally:
            keep(self._attempt(course))

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
        except StopAsyncIteration as error:
            raise BackendBusy(f"{name!r} stopped in its middle.", backend=name) from error
        except Exception as error:
            if watch.expired:
                text = f"{name!r} was silent for {seconds:g} seconds."
                raise BackendBusy(text, backend=name) from error
            # Not its text: it may hold the customer's words.
            text = f"{name!r} broke with {type(error).__name__}, which a backend must not raise."
            raise BackendUnavailable(text, backend=name) from error

    def _note(self, output: Output, course: _Course, verdict: Verdict) -> None:
        if course.first_piece is None:
            course.first_piece = self.clock() - course.started
        if not isinstance(output, Finished):
            return
        course.finished = output
        against = "" if output.reason is StopReason.REFUSAL else verdict(output)
        if against:
            raise BackendUnavailable(against, backend=self.backend.name)
        course.error = ""
        self.breaker.succeeded()

    def _failed(self, failure: BackendError) -> None:
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


async def _close(outputs: AsyncIterator[Output]) -> None:
    # The promise is an iterator; all that can be closed are generators.
    if isinstance(outputs, AsyncGenerator):
        await outputs.aclose()
