"""Delivers replies from the outbox: each one exactly once, as far as its channel can tell."""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self

from bot.errors import (
    DeliveryRefused,
    FrontdeskError,
    StoreUnavailable,
    without_text,
    without_words,
)
from bot.messages import Delivery
from bot.store.base import Outbox
from bot.surviving import Surviving

_logger = logging.getLogger(__name__)

# Of a delivery's time; after that another courier may look for the post, which must be there.
_SHARE_TO_POST = 0.8
# Seconds before the second, third … attempt: a channel may be away for hours.
_PAUSES = (1.0, 5.0, 30.0, 120.0, 600.0, 1200.0, 1800.0, 3600.0, 7200.0)
LAST_ATTEMPT = 1 + len(_PAUSES)
"""How often a reply is tried that its channel does not take; after that it is given up."""

_MOST_ATTEMPTS = 2 * LAST_ATTEMPT  # those that ended with their process count, too


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
            DeliveryRefused: it never can be posted; it is given up.
            FrontdeskError: it could not be posted now; it is tried again later.
        """
        ...


class Courier:
    """Takes replies from the outbox and posts them, as many at a time as it has ``hands``.

    They are many since a channel may let each of them wait, for its limits or a slow line.

    A delivery that another courier may have posted before it died is looked for first. Leaving
    its block delivers what is due, for at most ``grace`` seconds.
    """

    def __init__(
        self,
        *,
        outbox: Outbox,
        posters: Iterable[Poster],
        holder: str,
        seconds: float = 60.0,
        pause: float = 0.5,
        hands: int = 16,
        grace: float = 0.0,
    ) -> None:
        self._outbox = outbox
        self._posters = {poster.name: poster for poster in posters}
        self._holder = holder
        self._seconds = seconds
        self._pause = pause
        self._free = asyncio.Semaphore(hands)
        self._grace = grace
        self._woken = asyncio.Event()
        self._closing = False
        self._tasks = asyncio.TaskGroup()
        self._running: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Look into the outbox now: a reply was just committed here."""
        self._woken.set()

    async def run(self) -> None:
        """Deliver what is due and wait for more; once it is closing, until nothing is due."""
        async with asyncio.TaskGroup() as posts:
            while True:
                await self._free.acquire()
                self._woken.clear()
                begun = asyncio.get_running_loop().time()
                delivery = await self._next()
                if delivery is not None:
                    posting = posts.create_task(self._deliver(delivery, begun=begun))
                    posting.add_done_callback(self._return)
                    continue
                self._free.release()
                if self._closing:
                    return
                await self._rest()

    def _return(self, _posting: asyncio.Task[None]) -> None:
        self._free.release()
        self.wake()  # the conversation's next reply may be due

    async def _next(self) -> Delivery | None:
        with Surviving(_logger, "The outbox could not be read; trying again"):
            return await self._take()
        return None

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pause):
                await self._woken.wait()

    async def deliver_one(self) -> bool:
        """Post the oldest delivery that is due; False where none is.

        Raises:
            StoreUnavailable: the outbox did not answer.
        """
        begun = asyncio.get_running_loop().time()
        delivery = await self._take()
        if delivery is not None:
            await self._deliver(delivery, begun=begun)
        return delivery is not None

    async def _take(self) -> Delivery | None:
        return await self._outbox.take(
            channels=tuple(self._posters), holder=self._holder, seconds=self._seconds
        )

    async def _deliver(self, delivery: Delivery, *, begun: float) -> None:
        """Post ``delivery``, taken at ``begun`` or later, and keep how it went."""
        # What was posted is found again once the delivery's time is over.
        with Surviving(_logger, "How a delivery went is not kept"):
            await self._try(delivery, until=begun + _SHARE_TO_POST * self._seconds)

    async def _try(self, delivery: Delivery, *, until: float) -> None:
        if delivery.attempts > _MOST_ATTEMPTS:
            await self._put_back(delivery, "every courier ended in the middle of it", again=False)
            return
        try:
            async with asyncio.timeout_at(until):
                receipt = await self._post(delivery, until=until)
        except StoreUnavailable:
            raise
        except DeliveryRefused as error:
            await self._put_back(delivery, str(error), again=False)
        except (FrontdeskError, TimeoutError) as error:
            await self._put_back(delivery, str(error) or "it took too long")
        except Exception as error:
            text = "The channel %s failed with an error of its own."
            _logger.exception(text, delivery.channel, exc_info=without_words(error))
            await self._put_back(delivery, without_text(error))
        else:
            await self._outbox.sent(delivery.turn, receipt=receipt)

    async def _post(self, delivery: Delivery, *, until: float) -> str:
        poster = self._posters[delivery.channel]
        if delivery.attempts > 1:
            receipt = await poster.find(delivery)
            if receipt is not None:
                return receipt
        # A process that stood still may first hear of the time here, and a post does not wait.
        if asyncio.get_running_loop().time() >= until:
            raise TimeoutError
        return await poster.post(delivery)

    async def _put_back(self, delivery: Delivery, error: str, *, again: bool = True) -> None:
        again = again and delivery.attempts < LAST_ATTEMPT
        seconds = _PAUSES[delivery.attempts - 1] if again else None
        _logger.warning(
            "The reply of turn %s was not posted to %s (attempt %d, %s): %s",
            delivery.turn,
            delivery.channel,
            delivery.attempts,
            "giving up" if seconds is None else f"again in {seconds:g} s",
            error,
        )
        await self._outbox.put_back(delivery, error=error, seconds=seconds)

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        if self._posters:
            self._running = self._tasks.create_task(self.run())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Deliver what the last turns left, then leave the rest to others."""
        self._closing = True
        self.wake()
        try:
            if self._running and error is None:
                await asyncio.wait({self._running}, timeout=self._grace)
        finally:
            if self._running:
                self._running.cancel()
            # The block's own error goes its way as it is, and not in a group.
            await self._tasks.__aexit__(None, None, None)
