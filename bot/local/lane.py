"""The one thread that runs all of a model's jobs, in turn."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

T = TypeVar("T")


class Lane:
    """Runs jobs one after the other, so that the event loop never waits for a model.

    A model is no place for two threads at once, and two that compute beside each other on the
    same cores take longer than one after the other.
    """

    def __init__(self, *, name: str) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"lane-{name}")
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """How many jobs are not done, the one that runs included."""
        return self._waiting

    async def run(self, job: Callable[..., T], /, *args: object, **kwargs: object) -> T:
        """Return what ``job`` returns, once those before it are done.

        A caller who is cancelled takes its job out of the line, unless it runs already.
        """
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._thread, partial(job, *args, **kwargs))
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Take no more jobs, and give up those that have not begun; safe to call twice."""
        self._thread.shutdown(wait=False, cancel_futures=True)
