"""Leaves a backend alone for a while once it keeps failing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum


class State(StrEnum):
    """Whether a backend is asked."""

    CLOSED = "closed"  # it is
    OPEN = "open"  # it is left alone
    HALF_OPEN = "half-open"  # one turn may try whether it works again


class Breaker:
    """Counts a backend's failures in a row; ``clock`` is monotonic.

    After ``failures`` of them it is open for ``seconds``, then half-open until an answer closes
    it or a failure opens it anew. An attempt that a customer gives up is neither.
    """

    def __init__(self, *, failures: int, seconds: float, clock: Callable[[], float]) -> None:
        self.seconds = seconds
        self._failures = failures
        self._clock = clock
        self._failed = 0
        self._opened: float | None = None
        self._trials = 0

    @property
    def state(self) -> State:
        if self._opened is None:
            return State.CLOSED
        return State.OPEN if self._clock() < self._opened + self.seconds else State.HALF_OPEN

    def admits(self) -> bool:
        """Whether one more turn may ask: always, never, or as the one that tries."""
        state = self.state
        return state is State.CLOSED or (state is State.HALF_OPEN and not self._trials)

    @property
    def opened(self) -> float:
        """When it opened, by its clock; before all time where it is closed."""
        return float("-inf") if self._opened is None else self._opened

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
        self._failed = 0
        self._opened = None

    def failed(self, *, at_once: bool = False) -> bool:
        """None came. Return whether this opened the breaker, ``at_once`` or after a row of them."""
        before = self.state
        self._failed += 1
        if before is State.CLOSED and not at_once and self._failed < self._failures:
            return False
        self._opened = self._clock()
        return before is not State.OPEN
