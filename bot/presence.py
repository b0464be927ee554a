"""Lets others see that this process runs, whom it leaves alone, and who waits in line."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self

from bot.errors import StoreError
from bot.messages import LeftAlone
from bot.store.base import Process, Processes
from bot.surviving import Surviving

_logger = logging.getLogger(__name__)

# Seen so often within the time after which it counts as gone, as a lease is renewed.
_BEATS = 3
# A database that is away at the end keeps nobody from ending.
_LEAVING_SECONDS = 2.0


class Presence:
    """Says every now and then, while its block lasts, that ``process`` runs.

    ``seconds`` after it was last seen it counts as gone. Set ``news`` once ``left_alone`` gives
    something new: it is told at once.
    """

    def __init__(
        self,
        *,
        processes: Processes,
        process: Process,
        left_alone: Callable[[], Mapping[str, LeftAlone]],
        queues: Callable[[], Mapping[str, int]],
        news: asyncio.Event,
        seconds: float,
    ) -> None:
        self._processes = processes
        self._process = process
        self._left_alone = left_alone
        self._queues = queues
        self._news = news
        self._seconds = seconds
        self._leaving = False
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._beating = self._tasks.create_task(self._beat())
        return self

    async def _beat(self) -> None:
        while not self._leaving:
            self._news.clear()
            await self._show()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._seconds / _BEATS):
                    await self._news.wait()

    async def _show(self) -> None:
        with Surviving(_logger, "Others could not be told that this process runs"):
            await self._processes.seen(
                self._process,
                left_alone=self._left_alone(),
                queues=self._queues(),
                seconds=self._seconds,
            )

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Not cancelled at once: a beat on its way would arrive after we said that we are gone.
        self._leaving = True
        self._news.set()
        try:
            async with asyncio.timeout(_LEAVING_SECONDS):
                await asyncio.wait({self._beating})
                await self._processes.ended(self._process)
        except (StoreError, TimeoutError) as failure:
            _logger.warning("Others could not be told that this process ends: %s", failure)
        finally:
            self._beating.cancel()
            # The block's own error goes its way as it is, and not in a group.
            await self._tasks.__aexit__(None, None, None)
