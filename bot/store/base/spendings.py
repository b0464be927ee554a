"""What was spent on backends, and what is held for requests."""

from dataclasses import dataclass
from typing import Protocol

from bot.settings import BudgetSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A part of the budgets that is held for one request: those of its day and conversation."""

    id: str
    day: str
    backend: str
    conversation: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedUp:
    """The ``limit`` that leaves too little, by its name in the settings, and what it is of.

    ``left`` is what it leaves, in its own unit; below 0 where it was lowered since.
    """

    limit: str
    scope: str
    left: float


class Spendings(Protocol):
    """What was spent on backends, by all processes together, and what is held for requests."""

    async def reserve(
        self,
        backend: str,
        *,
        conversation: int,
        dollars: float,
        tokens: int,
        limits: BudgetSettings,
        seconds: float,
    ) -> Reservation | UsedUp:
        """Hold what a request may cost at most, unless a limit would be passed by it.

        What nobody settles is free again after ``seconds``. Days are those of UTC; conversation 0
        is none.
        """
        ...

    async def settle(self, held: Reservation, *, dollars: float, tokens: int) -> None:
        """Write down what it cost, and hold it no longer."""
        ...
