"""The one thread that runs all of a model's jobs, in turn."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

from bot.errors import without_text

T = TypeVar("T")

_Job = tuple[Future[Any], Callable[[], Any]]


class Lane:
    """Runs jobs one after the other, so that the event loop never waits for a model.

    A model is no place for two threads at once, and two that compute beside each other on the
    same cores take longer than one after the other. A process that ends waits for no job: a model
    may take minutes to come.
    """

    def __init__(self, *, name: str) -> None:
        self._name = f"lane-{name}"
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._begun = self._closed = False
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """How many jobs are not done, the one that runs included."""
        return self._waiting

    async def run(self, job: Callable[..., T], /, *args: object, **kwargs: object) -> T:
        """Return what ``job`` returns, once those before it are done.

        A caller who is cancelled takes its job out of the line, unless it runs already.

        Raises:
            RuntimeError: the lane is closed.
        """
        future: Future[T] = Future()
        self._put((future, partial(job, *args, **kwargs)))
        self._waiting += 1
        try:
            return await asyncio.wrap_future(future)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Take no more jobs, and give up those that have not begun; safe to call twice."""
        with self._lock:
            self._closed = True
            while not self._jobs.empty():
                if (given_up := self._jobs.get()) is not None:
                    given_up[0].cancel()
            self._jobs.put(None)

    def _put(self, job: _Job) -> None:
        with self._lock:
            if self._closed:
                raise RuntimeError("The model's thread is closed.")
            self._jobs.put(job)
            if not self._begun:
                self._begun = True
                work = partial(_work, self._jobs)
                threading.Thread(target=work, name=self._name, daemon=True).start()


def _work(jobs: "SimpleQueue[_Job | None]") -> None:
    while (taken := jobs.get()) is not None:
        _run(*taken)
        del taken  # what it holds is large, and the next may be long in coming


def _run(future: "Future[Any]", job: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(job())
    except Exception as error:  # noqa: BLE001 - whoever waits is told, whatever it is
        future.set_exception(error)
    except BaseException as error:  # noqa: BLE001 - as a tokenizer's panic, which no task expects
        future.set_exception(RuntimeError(without_text(error)))
    finally:
        del future, job  # the error's trace holds what lies here, and that the error
