"""The way of one turn to its answer: backend after backend, try after try."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from bot.backends.base import Backend, Output, Request
from bot.errors import (
    BackendBusy,
    BackendError,
    BackendMisled,
    BackendPassedOver,
    BackendUnsure,
    NoAnswer,
    OverBudget,
)
from bot.messages import Attempt
from bot.router.breaker import State
from bot.router.cascade import Doubts, Trial
from bot.router.line import Clock, Line, Verdict

_log = logging.getLogger("bot.router")

_EVERYDAY = (BackendPassedOver, BackendUnsure)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """Who is asked in one turn, and why.

    ``lines`` in their order; before them the ``small`` one, if there is one and the question is
    not ``hard``; after them the ``spare`` ones, once a budget is used up. ``why`` says what chose
    ``lines``, where it was not plainly their turn, and ``strategy`` what to answer with.
    """

    lines: Sequence[Line]
    small: Line | None = None
    hard: str = ""
    spare: Sequence[Line] = ()
    why: str = ""
    strategy: str = ""
    conversation: int = 0


class Route:
    """Gets the answers of one turn from a chain of backends."""

    def __init__(self, path: Path, *, retries: Retries) -> None:
        self._path = path
        self._retries = retries
        self._attempts: list[Attempt] = []
        self._backend = path.lines[0].backend
        self._trials: list[Trial] = []
        self._over = ""
        self._misled: Line | None = None

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every attempt so far, in order, with what it took; a retry is one more."""
        return tuple(self._attempts)

    @property
    def backend(self) -> Backend:
        """Whose output is coming now, or came last."""
        return self._backend

    @property
    def strategy(self) -> str:
        """The strategy that is to be used in place of the one that would be; empty: that one."""
        return self._path.strategy

    @property
    def why(self) -> str:
        """Why these backends were asked; empty where it was plainly their chain's turn."""
        small = self._path.small
        cascade = "" if small is None else self._of_the_cascade(small.backend.name)
        return "; ".join(filter(None, (self._path.why, cascade, self._over)))

    def _of_the_cascade(self, small: str) -> str:
        if self._path.hard:
            return f"cascade: {small} was passed over, {self._path.hard}"
        return f"cascade: {small} {self._trials[0].told}" if self._trials else ""

    async def stream(
        self,
        request: Request,
        *,
        verdict: Verdict = lambda _: "",
        step: str = "",
        doubts: Doubts | None = None,
    ) -> AsyncGenerator[Output | FellBack]:
        """Yield the output of the first backend that answers, ``Finished`` last.

        Where one fails, in its middle or because ``verdict`` finds something against its answer,
        ``FellBack`` comes and then the next one's output from the start. Closing the iterator
        closes the backend's. ``step`` goes onto the attempts: what is asked for beside the reply,
        and only of backends that write. Several streams may run at once.

        With ``doubts`` the small backend is asked first, if the path has one. What it says is held
        back until that judge has settled; an unsure answer is given only if there is no other.

        Where ``verdict`` raises ``BackendMisled`` nobody else is asked: the next stream of this
        route begins with the same backend.

        Raises:
            NoAnswer: all of them failed, or one was misled.
        """
        causes: list[BackendError] = []
        trial = self._trial(doubts, verdict)
        before = self._backend
        for line, last in self._in_order(trial, hidden=bool(step), causes=causes):
            self._backend = line.backend
            with line.breaker.asked():
                if causes:
                    yield _fell_back(before, line.backend, causes[-1])
                before = line.backend
                asking = _Asking(request=request, verdict=verdict, step=step, last=last)
                try:
                    async with aclosing(self._outputs(line, asking, trial)) as outputs:
                        async for output in outputs:
                            yield output
                except BackendError as failure:
                    causes.append(failure)
                    self._failed(line, causes)
                else:
                    return
        if trial is None or not trial.whole:
            raise NoAnswer(causes)
        self._backend = trial.line.backend
        yield _fell_back(before, self._backend, causes[-1])
        for output in _after_all(trial, causes):
            yield output

    def _failed(self, line: Line, causes: Sequence[BackendError]) -> None:
        """Note why ``line`` gave no answer; where it was misled, nobody else would do better."""
        self._over = self._over or _over(causes[-1])
        if isinstance(causes[-1], BackendMisled):
            self._misled = line
            raise NoAnswer(causes) from causes[-1]

    def _trial(self, doubts: Doubts | None, verdict: Verdict) -> Trial | None:
        """Return the trial of the small backend; None where it is not, or no more, its turn."""
        small = self._path.small
        if doubts is None or small is None or self._path.hard or self._trials:
            return None
        trial = Trial(line=small, doubt=doubts(small.backend), verdict=verdict)
        self._trials.append(trial)
        return trial

    def _in_order(
        self, trial: Trial | None, *, hidden: bool, causes: Sequence[BackendError]
    ) -> Iterator[tuple[Line, bool]]:
        """Yield who is to be asked next, judged when it is time, and whether nobody comes after.

        Those that are left alone are passed over. Where nobody else has answered, the one that
        has been left alone longest is asked after all, rather than give no answer.
        """
        left = [line for line in self._path.lines if line.backend.writes or not hidden]
        left[:0] = [trial.line] if trial else []
        left.sort(key=lambda line: line is not self._misled)
        while ready := next((line for line in left if line.breaker.admits()), None):
            left.remove(ready)
            yield ready, not any(line.breaker.admits() for line in left)
        if any(isinstance(cause, OverBudget) for cause in causes):
            spare = [line for line in self._path.spare if line.backend.writes or not hidden]
            spare = [line for line in spare if trial is None or line is not trial.line]
            yield from ((line, line is spare[-1]) for line in spare if line.breaker.admits())
        if left:
            yield min(left, key=lambda line: line.breaker.opened), True

    def _outputs(
        self, line: Line, asking: "_Asking", trial: Trial | None
    ) -> AsyncGenerator[Output]:
        if trial is None or line is not trial.line:
            return self._answer(line, asking)
        return trial.outputs(self._answer(line, replace(asking, trial=trial)))

    async def _answer(self, line: Line, asking: "_Asking") -> AsyncGenerator[Output]:
        """Ask one backend, and again where it is busy and has said nothing yet."""
        since, tried, silent = self._retries.clock(), 0, True
        trial = asking.trial

        def keep(attempt: Attempt) -> None:
            error = attempt.error or (trial.why if trial else "")
            self._attempts.append(replace(attempt, step=asking.step, error=error))

        while True:
            tried += 1
            try:
                attempt = line.ask(
                    asking.request,
                    verdict=trial.verdict if trial else asking.verdict,
                    keep=keep,
                    conversation=self._path.conversation,
                    queue_seconds=self._queue_seconds(line, last=asking.last),
                )
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

    def _queue_seconds(self, line: Line, *, last: bool) -> float | None:
        """Return how long to stand in a queue: where nobody comes after, as long as for a word."""
        return line.patience.first_piece_seconds if last else self._retries.longest_wait


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """What one backend is asked, and how its answer is judged."""

    request: Request
    verdict: Verdict
    step: str
    last: bool
    trial: Trial | None = None


def _over(failure: BackendError) -> str:
    return f"budget: {failure}" if isinstance(failure, OverBudget) else ""


def _after_all(trial: Trial, causes: Sequence[BackendError]) -> Iterator[Output]:
    """Give the unsure answer: nobody else gave one."""
    try:
        yield from trial.release()
    except BackendError as failure:
        raise NoAnswer([*causes, failure]) from failure


def _fell_back(before: Backend, after: Backend, cause: BackendError) -> FellBack:
    # A full queue, a budget or a doubt is everyday life; each is told elsewhere.
    level = logging.DEBUG if isinstance(cause, _EVERYDAY) else logging.WARNING
    text = "%r is asked, because %r gave no answer: %s"
    _log.log(level, text, after.name, before.name, cause)
    return FellBack(backend=before.name, next_backend=after.name, reason=str(cause))
