"""Leaves a backend alone for a while once it keeps failing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

from bot.messages import LeftAlone


class State(StrEnum):
    """Whether a backend is asked."""

    CLOSED = "closed"  # it is
    OPEN = "open"  # it is left alone
    HALF_OPEN = "half-open"  # one turn may try whether it works again


class Breaker:
    """Counts a backend's failures in a row; ``clock`` is monotonic.

    After ``failures`` of them it is open for ``seconds``, then half-open until an answer closes
    it or a failure opens it anew. An attempt that a customer gives up is neither. ``changed`` is
    called whenever it opens or closes. Without ``trials`` no turn is the one that tries: someone
    else does.
    """

    def __init__(
        self,
        *,
        failures: int,
        seconds: float,
        clock: Callable[[], float],
        changed: Callable[[], object] = lambda: None,
        trials: bool = True,
    ) -> None:
        self.seconds = seconds
        self._may_try = trials
        self._failures = failures
        self._clock = clock
        self._changed = changed
        self._failed = 0
        self._since = 0.0
        self._opened: float | None = None
        self._trouble = ""
        self._trials = 0

    @property
    def state(self) -> State:
        if self._opened is None:
            return State.CLOSED
        return State.OPEN if self._clock() < self._opened + self.seconds else State.HALF_OPEN

    def admits(self) -> bool:
        """Whether one more turn may ask: always, never, or as the one that tries."""
        state = self.state
        tries = self._may_try and state is State.HALF_OPEN and not self._trials
        return state is State.CLOSED or tries

    @property
    def opened(self) -> float:
        """When it opened, by its clock; before all time where it is closed."""
        return float("-inf") if self._opened is None else self._opened

    @property
    def left_alone(self) -> LeftAlone | None:
        """Since when, and how long yet; None where it is closed."""
        if self._opened is None:
            return None
        now = self._clock()
        rest = max(0.0, self._opened + self.seconds - now)
        return LeftAlone(since=now - self._since, rest=rest, trouble=self._trouble)

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Stand for a turn that asks, admitted or not, so that others do not try meanwhile."""
        trial = self.state is not State.CLOSED
        self._trials += trial
        try:
            yield
        finally:
            self._trials -= trial

    def succeeded(self) -> None:
        """An answer came."""
        before, self._opened = self._opened, None
        self._failed = 0
        if before is not None:
            self._changed()

    def failed(self, *, at_once: bool = False, trouble: str = "") -> bool:
        """None came. Return whether this opened the breaker, ``at_once`` or after a row of them."""
        before = self.state
        self._failed += 1
        if before is State.CLOSED and not at_once and self._failed < self._failures:
            return False
        self._opened, self._trouble = self._clock(), trouble
        if before is State.CLOSED:
            self._since = self._opened
        if before is State.OPEN:
            return False
        self._changed()
        return True
