"""Lets turns through to a backend one after the other, no more of them than it may be asked."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[object]]

_MINUTE = 60.0
_NOTHING = 1e-9  # of a bucket: what sums of fractions leave


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a backend may be asked by this process; None is no limit."""

    concurrency: int | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None


class Bucket:
    """Holds what may be taken in a minute, and fills again as time passes: a token bucket.

    Providers count so themselves. Libraries for it answer yes or no at once, or wait in no order;
    in a queue that keeps the order a few lines are all there is to it.
    """

    def __init__(self, per_minute: float, *, clock: Clock) -> None:
        self._most = per_minute
        self._clock = clock
        self._left = per_minute
        self._at = clock()

    def wait(self, amount: float) -> float:
        """Return in how many seconds ``amount`` may be taken; more than fits, once it is full."""
        self._fill()
        missing = (min(amount, self._most) - self._left) / self._most
        return missing * _MINUTE if missing > _NOTHING else 0.0

    def take(self, amount: float) -> None:
        """Take ``amount``; what is missing is a debt. A negative one is given back."""
        self._fill()
        self._left = min(self._most, self._left - amount)

    def _fill(self) -> None:
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) / _MINUTE * self._most)
        self._at = now


class Gate:
    """The queue before a backend: first come, first served."""

    def __init__(self, limits: Limits, *, clock: Clock, sleep: Sleep) -> None:
        self._clock = clock
        self._sleep = sleep
        self._first = asyncio.Lock()  # whoever holds it is next
        most = limits.concurrency
        self._places = asyncio.Semaphore(most) if most is not None else None
        requests, tokens = limits.requests_per_minute, limits.tokens_per_minute
        self._requests = Bucket(requests, clock=clock) if requests is not None else None
        self._tokens = Bucket(tokens, clock=clock) if tokens is not None else None
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """How many turns stand in the queue."""
        return self._waiting

    @property
    def counts_tokens(self) -> bool:
        """Whether it matters how many tokens a request has."""
        return self._tokens is not None

    @asynccontextmanager
    async def passed(self, tokens: int, *, seconds: float | None) -> AsyncIterator[None]:
        """Let the block begin once it is its turn, with a request of so many ``tokens``.

        Raises:
            TimeoutError: it would take longer than ``seconds``; None waits for ever.
        """
        self._waiting += 1
        try:
            async with asyncio.timeout(seconds):
                await self._enter(tokens, seconds)
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            if self._places:
                self._places.release()

    def correct(self, tokens: int, *, asked: bool = True) -> None:
        """Count ``tokens`` more than a request was thought to have, or fewer if negative.

        One that was not ``asked`` after all counts as none.
        """
        if self._tokens:
            self._tokens.take(tokens)
        if self._requests and not asked:
            self._requests.take(-1)

    async def _enter(self, tokens: int, seconds: float | None) -> None:
        until = None if seconds is None else self._clock() + seconds
        async with self._first:
            if self._places:
                await self._places.acquire()
            try:
                await self._draw(tokens, until)
            except BaseException:
                if self._places:
                    self._places.release()
                raise

    async def _draw(self, tokens: int, until: float | None) -> None:
        drawn = [(bucket, amount) for bucket, amount in self._buckets(tokens) if bucket]
        while wait := max((bucket.wait(amount) for bucket, amount in drawn), default=0.0):
            # Nobody stands in the others' way until a time that would be too late.
            if until is not None and self._clock() + wait > until:
                raise TimeoutError
            await self._sleep(wait)
        for bucket, amount in drawn:
            bucket.take(amount)

    def _buckets(self, tokens: int) -> Collection[tuple[Bucket | None, float]]:
        return (self._requests, 1), (self._tokens, tokens)
