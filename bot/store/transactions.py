"""The promise of a database's lines: whole transactions, each a function of its connection."""

import json
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine

from bot.store.columns import keepable

Result = TypeVar("Result")
Deed = Callable[[Connection], Result]

# An error's text must not hold what a customer wrote.
COMMON: dict[str, Any] = {"hide_parameters": True, "max_overflow": 0}


class Transactions(Protocol):
    """Runs deeds. A deed may be run again from its beginning, so it does nothing but SQL."""

    @property
    def engine(self) -> Engine:
        """The connections, for whoever listens to what happens on them."""
        ...

    async def settle(self) -> None:
        """Make ready for work, now that the tables are known to be ours.

        Raises:
            StoreUnavailable: it cannot be written.
        """
        ...

    async def read(self, deed: Deed[Result]) -> Result:
        """Run ``deed`` on one moment of the database; it writes nothing.

        Raises:
            Clash: asking again at once may well succeed.
            StoreUnavailable: the database does not answer.
        """
        ...

    async def glance(self, deed: Deed[Result]) -> Result:
        """Run ``deed`` where its statements need not see the same moment; it writes nothing.

        Raises:
            as ``read``.
        """
        ...

    async def write(self, deed: Deed[Result]) -> Result:
        """Run ``deed`` and commit; an exception takes all of it back, as does its ``rollback()``.

        Who is cancelled meanwhile does not learn whether it was committed.

        Raises:
            Clash: nothing was written, and asking again at once may well succeed.
            StoreUnavailable: the database does not answer, or is locked or full.
        """
        ...

    async def close(self) -> None:
        """Let go of every connection; safe to call twice."""
        ...


def to_json(value: Any) -> str:
    """Write a JSON column."""
    return keepable(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
