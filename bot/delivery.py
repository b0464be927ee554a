"""Delivers replies from the outbox: each one exactly once, as far as its channel can tell."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Protocol

from bot.errors import FrontdeskError, StoreError, StoreUnavailable, without_words
from bot.messages import Delivery
from bot.store.base import Outbox

_logger = logging.getLogger(__name__)

# Of a delivery's time; after that another courier may look for the post, which must be there.
_SHARE_TO_POST = 0.8
_PAUSES = (1.0, 5.0, 30.0, 120.0, 600.0)  # seconds before the second, third … attempt


class Poster(Protocol):
    """The side of a channel that posts. ``name`` is the channel's name on every delivery."""

    @property
    def name(self) -> str: ...

    async def find(self, delivery: Delivery) -> str | None:
        """Return the receipt of an earlier post of this very turn, if the channel has one."""
        ...

    async def post(self, delivery: Delivery) -> str:
        """Post the reply and return the channel's receipt of it.

        Raises:
            FrontdeskError: it could not be posted now; it is tried again later.
        """
        ...


class Courier:
    """Takes replies from the outbox and posts them, until it is cancelled.

    A delivery that another courier may have posted before it died is looked for first.
    """

    def __init__(
        self,
        *,
        outbox: Outbox,
        posters: Iterable[Poster],
        holder: str,
        seconds: float = 60.0,
        pause: float = 0.5,
    ) -> None:
        self._outbox = outbox
        self._posters = {poster.name: poster for poster in posters}
        self._holder = holder
        self._seconds = seconds
        self._pause = pause
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look into the outbox now: a reply was just committed here."""
        self._woken.set()

    async def run(self) -> None:
        """Deliver what is due, and wait for more."""
        while True:
            self._woken.clear()
            try:
                while await self.deliver_one():
                    pass
            except StoreError as error:
                _logger.warning("The outbox could not be read; trying again: %s", error)
            try:
                async with asyncio.timeout(self._pause):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def deliver_one(self) -> bool:
        """Post the oldest delivery that is due; False where none is.

        Raises:
            StoreUnavailable: the outbox did not answer; what was posted is found again later.
        """
        begun = asyncio.get_running_loop().time()
        delivery = await self._outbox.take(
            channels=tuple(self._posters), holder=self._holder, seconds=self._seconds
        )
        if delivery is None:
            return False
        try:
            async with asyncio.timeout_at(begun + _SHARE_TO_POST * self._seconds):
                receipt = await self._post(delivery)
        except StoreUnavailable:
            raise
        except (FrontdeskError, TimeoutError) as error:
            await self._put_back(delivery, str(error) or "it took too long")
        except Exception as error:
            text = "The channel %s failed with an error of its own."
            _logger.exception(text, delivery.channel, exc_info=without_words(error))
            await self._put_back(delivery, type(error).__name__)
        else:
            await self._outbox.sent(delivery.turn, receipt=receipt)
        return True

    async def _post(self, delivery: Delivery) -> str:
        poster = self._posters[delivery.channel]
        if delivery.attempts > 1:
            receipt = await poster.find(delivery)
            if receipt is not None:
                return receipt
        return await poster.post(delivery)

    async def _put_back(self, delivery: Delivery, error: str) -> None:
        seconds = None if delivery.attempts > len(_PAUSES) else _PAUSES[delivery.attempts - 1]
        _logger.warning(
            "The reply of turn %s was not posted to %s (attempt %d, %s): %s",
            delivery.turn,
            delivery.channel,
            delivery.attempts,
            "giving up" if seconds is None else f"again in {seconds:g} s",
            error,
        )
        await self._outbox.put_back(delivery, error=error, seconds=seconds)
