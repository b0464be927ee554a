"""The way of one turn to its answer: backend after backend, try after try."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from bot.backends.base import Backend, Output, Request
from bot.errors import BackendBusy, BackendError, NoAnswer
from bot.messages import Attempt
from bot.router.breaker import State
from bot.router.line import Clock, Line, Verdict

_log = logging.getLogger("bot.router")

_FIRST_WAIT = 0.5  # seconds; doubled from try to try


@dataclass(frozen=True, slots=True, kw_only=True)
class FellBack:
    """Forget what ``backend`` said, for ``reason``: ``next_backend`` answers from the start."""

    backend: str
    next_backend: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often a busy backend is asked, and how long to wait for it in all."""

    tries: int
    longest_wait: float
    clock: Clock
    sleep: Callable[[float], Awaitable[object]]
    random: Callable[[], float]

    async def wait(self, busy: BackendBusy, *, tried: int, since: float) -> bool:
        """Wait for the next try, unless there is none or it would come too late.

        Without a word from the backend the wait doubles from try to try, between half and the
        whole of it at random, so that turns which failed together do not return together.
        """
        seconds = busy.retry_after
        if seconds is None:
            seconds = _FIRST_WAIT * 2 ** (tried - 1) * (1 + self.random()) / 2
        if tried >= self.tries or self.clock() - since + seconds > self.longest_wait:
            return False
        await self.sleep(seconds)
        return True


class Route:
    """Gets the answers of one turn from a chain of backends."""

    def __init__(self, lines: Sequence[Line], *, retries: Retries) -> None:
        self._lines = lines
        self._retries = retries
        self._attempts: list[Attempt] = []
        self._backend = lines[0].backend

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every attempt so far, in order, with what it took; a retry is one more."""
        return tuple(self._attempts)

    @property
    def backend(self) -> Backend:
        """Whose output is coming now, or came last."""
        return self._backend

    async def stream(
        self, request: Request, *, verdict: Verdict = lambda _: "", step: str = ""
    ) -> AsyncGenerator[Output | FellBack]:
        """Yield the output of the first backend that answers, ``Finished`` last.

        Where one fails, in its middle or because ``verdict`` finds something against its answer,
        ``FellBack`` comes and then the next one's output from the start. Closing the iterator
        closes the backend's. ``step`` goes onto the attempts: what is asked for beside the reply,
        and only of backends that write. Several streams may run at once.

        Raises:
            NoAnswer: all of them failed.
        """
        causes: list[BackendError] = []
        before = self._backend
        for line in self._in_order(hidden=bool(step)):
            self._backend = line.backend
            with line.breaker.asked():
                if causes:
                    yield _fell_back(before, line.backend, causes[-1])
                before = line.backend
                try:
                    async with aclosing(self._answer(line, request, verdict, step)) as outputs:
                        async for output in outputs:
                            yield output
                except BackendError as failure:
                    causes.append(failure)
                else:
                    return
        raise NoAnswer(causes)

    def _in_order(self, *, hidden: bool) -> Iterator[Line]:
        """Yield who is to be asked next, judged when it is time.

        Those that are left alone are passed over. Where nobody else has answered, the one that
        has been left alone longest is asked after all, rather than give no answer.
        """
        left = [line for line in self._lines if line.backend.writes or not hidden]
        while ready := next((line for line in left if line.breaker.admits()), None):
            left.remove(ready)
            yield ready
        if left:
            yield min(left, key=lambda line: line.breaker.opened)

    async def _answer(
        self, line: Line, request: Request, verdict: Verdict, step: str
    ) -> AsyncGenerator[Output]:
        """Ask one backend, and again where it is busy and has said nothing yet."""
        since, tried, silent = self._retries.clock(), 0, True

        def keep(attempt: Attempt) -> None:
            self._attempts.append(replace(attempt, step=step))

        while True:
            tried += 1
            try:
                attempt = line.ask(request, verdict=verdict, keep=keep)
                async with aclosing(attempt) as outputs:
                    async for output in outputs:
                        silent = False
                        yield output
            except BackendBusy as busy:
                again = silent and line.breaker.state is State.CLOSED
                if not again or not await self._retries.wait(busy, tried=tried, since=since):
                    raise
            else:
                return


def _fell_back(before: Backend, after: Backend, cause: BackendError) -> FellBack:
    _log.warning("%r is asked, because %r gave no answer: %s", after.name, before.name, cause)
    return FellBack(backend=before.name, next_backend=after.name, reason=str(cause))
