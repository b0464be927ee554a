"""Breaks off waits that take too long."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar, cast

T = TypeVar("T")


class Watch:
    """Keeps the time of one wait after the other, with as few timers as one for all of them.

    A timer for each would cost more than most waits for a model's next word.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: asyncio.Task[object] | None = None
        self._due = 0.0
        self.expired = False

    async def wait(self, awaitable: Awaitable[T], seconds: float | None) -> T:
        """Return what ``awaitable`` gives; ``expired`` tells that it took longer than ``seconds``.

        Raises:
            TimeoutError: it did.
        """
        if seconds is None:
            return await awaitable
        self._waiting = task = cast("asyncio.Task[object]", asyncio.current_task())
        cancelled = task.cancelling()
        self._due = self._loop.time() + seconds
        if self._timer is None or self._timer.when() > self._due:
            self._look_at(self._due)
        try:
            return await awaitable
        except asyncio.CancelledError as error:
            if self.expired and task.cancelling() == cancelled + 1:
                raise TimeoutError from error
            raise
        finally:
            self._waiting = None
            if self.expired:
                task.uncancel()

    def stop(self) -> None:
        """Let go of the timer; safe to call twice."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look_at(self, when: float) -> None:
        self.stop()
        self._timer = self._loop.call_at(when, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._waiting is None:
            return  # the next wait sets a timer
        if self._due > self._loop.time():
            self._look_at(self._due)
        else:
            self.expired = True
            self._waiting.cancel()
