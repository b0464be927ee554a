"""The sweeper: finds conversations that wait in nobody's hands, such as a dead process's."""

import asyncio
import logging
from collections.abc import Callable, Collection

from bot.settings import EngineSettings
from bot.store.base import Conversations, Lease
from bot.surviving import Surviving

_logger = logging.getLogger(__name__)

_LIMIT = 20  # at one time


class Sweeper:
    """Takes over what waits in ``channels`` and nobody holds; ``begin`` answers it."""

    def __init__(
        self,
        *,
        conversations: Conversations,
        settings: EngineSettings,
        channels: Collection[str],
        holder: str,
        begin: Callable[[Lease], None],
    ) -> None:
        self._conversations = conversations
        self._settings = settings
        self._channels = tuple(channels)
        self._holder = holder
        self._begin = begin

    async def run(self) -> None:
        """Look again and again, whatever comes of it."""
        while self._channels:
            with Surviving(_logger, "Could not look for waiting conversations"):
                await self._sweep()
            await asyncio.sleep(self._settings.sweep_seconds)

    async def _sweep(self) -> None:
        leases = await self._conversations.claim(
            channels=self._channels,
            holder=self._holder,
            seconds=self._settings.lease_seconds,
            limit=_LIMIT,
        )
        for lease in leases:
            self._begin(lease)
