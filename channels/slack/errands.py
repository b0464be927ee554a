"""What is done beside all else, as after Slack was answered: if it fails, only the log knows."""

import asyncio
import logging
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from bot.errors import FrontdeskError, without_words

_logger = logging.getLogger(__name__)

T = TypeVar("T")


class Errands:
    """Runs each of them by itself; the block ends when they have ended, or their time is over.

    ``grace`` is how many seconds what is under way still has when the program ends.
    """

    def __init__(self, *, grace: float = 5.0) -> None:
        self._grace = grace
        self._tasks = asyncio.TaskGroup()
        self._running: set[asyncio.Task[Any]] = set()

    def run(self, what: str, deed: Coroutine[Any, Any, T]) -> asyncio.Task[T | None]:
        """Begin ``deed``; ``what`` names it in the log. The task gives None where it failed."""
        task = self._tasks.create_task(_watched(what, deed))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(lambda _: deed.close())  # it may end before it began
        return task

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._running and error is None:
                await asyncio.wait(self._running, timeout=self._grace)
        finally:
            for task in self._running:
                task.cancel()
            # The block's own error goes its way as it is, and not in a group.
            await self._tasks.__aexit__(None, None, None)


async def _watched(what: str, deed: Coroutine[Any, Any, T]) -> T | None:
    try:
        return await deed
    except FrontdeskError as error:
        _logger.warning("Slack: %s came to nothing: %s", what, error)
    except Exception as error:
        _logger.exception("Slack: %s failed.", what, exc_info=without_words(error))
    return None
