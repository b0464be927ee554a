"""Sees to it that answers cost no more than the settings allow."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.backends.prices import in_dollars
from bot.errors import OverBudget, StoreError
from bot.settings import BudgetSettings
from bot.store.base import Reservation, Spendings, UsedUp

_logger = logging.getLogger(__name__)

_LEAST = 1e-9  # dollars: less is what sums of fractions leave
_HELD_SECONDS = 900.0  # beyond the longest answer; a process that died holds its share as long


@dataclass(slots=True, kw_only=True)
class Bill:
    """What one request costs: at most while it is asked, in truth once it has ended."""

    tokens: int
    dollars: float


class Purse:
    """Pays for what backends are asked, from the budgets that all processes share.

    ``chain`` are the backends that are asked once nothing is left.
    """

    def __init__(
        self,
        *,
        settings: BudgetSettings,
        spendings: Spendings,
        seconds: float = _HELD_SECONDS,
    ) -> None:
        self._settings = settings
        self._spendings = spendings
        self._seconds = seconds
        self._told: set[str] = set()

    @asynccontextmanager
    async def paying(self, backend: str, most: Bill, *, conversation: int) -> AsyncIterator[Bill]:
        """Hold what a request may cost at ``most``; what the block writes into it is paid.

        Raises:
            OverBudget: so much is not left.
            StoreUnavailable: nobody knows what is left.
        """
        held = await self._reserved(backend, most, conversation)
        if not isinstance(held, Reservation):
            words = self._words(held, backend, most)
            self._tell(held, words)
            raise OverBudget(words, backend=backend)
        try:
            yield most
        finally:
            # Whoever gives up does not keep the books from being written.
            await asyncio.shield(self._settle(held, most))

    async def _reserved(self, backend: str, most: Bill, conversation: int) -> Reservation | UsedUp:
        """Reserve; who gives up meanwhile gets it committed all the same, and gives it back."""
        held: Reservation | UsedUp | None = None
        given_up = False

        async def reserve() -> Reservation | UsedUp:
            nonlocal held
            held = await self._spendings.reserve(
                backend,
                conversation=conversation,
                dollars=most.dollars,
                tokens=most.tokens,
                limits=self._settings,
                seconds=self._seconds,
            )
            if given_up:
                await self._give_back(held)
            return held

        try:
            return await asyncio.shield(reserve())
        except asyncio.CancelledError:
            given_up = True
            await asyncio.shield(self._give_back(held))
            raise

    async def _give_back(self, held: Reservation | UsedUp | None) -> None:
        if isinstance(held, Reservation):
            await self._settle(held, Bill(tokens=0, dollars=0.0))

    async def _settle(self, held: Reservation, bill: Bill) -> None:
        try:
            await self._spendings.settle(held, dollars=bill.dollars, tokens=bill.tokens)
        except StoreError as error:
            _logger.warning("What an answer cost could not be kept: %s", error)

    def _words(self, over: UsedUp, backend: str, most: Bill) -> str:
        what, _, span = over.limit.split("_")
        of = f"budget of {_sum(what, getattr(self._settings, over.limit))} a {span}"
        setting = f"router.budget.{over.limit}"
        if over.left < _LEAST:
            return f"The {of} is used up ({setting})."
        is_ = "is" if what == "dollars" else "are"
        return (
            f"Of the {of}, {_sum(what, over.left)} {is_} left, but an answer of {backend!r} may "
            f"take {_sum(what, getattr(most, what))}. Raise {setting}, or lower the backend's "
            "max_tokens."
        )

    def _tell(self, over: UsedUp, words: str) -> None:
        """Log each budget that leaves too little once; of a conversation's, the first one."""
        key = over.limit if over.limit.endswith("conversation") else f"{over.limit} {over.scope}"
        if key in self._told:
            return
        self._told.add(key)
        _logger.warning("%s", words)


def _sum(what: str, amount: float) -> str:
    return in_dollars(amount) if what == "dollars" else f"{amount:,.0f} tokens"
