"""An open database: transactions to read in and to write in."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from random import uniform
from typing import Self

from sqlalchemy import Connection, Engine, false, update

from bot.store import schema
from bot.store.address import Address, to_address
from bot.store.connections import connect
from bot.store.tables import Conversation
from bot.store.transactions import Deed, Result, Transactions
from bot.store.wall import Clash, gate

_TRIES = 10  # within some two and a half seconds
_PAUSE = 0.005  # seconds at most before the second try, and twice as long before each one more
# SQLite begins a transaction to write in even where it cannot; only a statement finds out.
_WRITES_NOTHING = update(Conversation).where(false()).values(id=Conversation.id)


class Database:
    """A database whose tables are this program's; ``Database.open`` makes sure of it."""

    def __init__(self, *, address: Address, transactions: Transactions) -> None:
        self.address = address
        self._transactions = transactions

    @classmethod
    async def open(
        cls, url: str, *, clock: Callable[[], float], pool: int = 5, patience: float = 10.0
    ) -> Self:
        """Open the database at ``url`` and check its schema; a SQLite file is migrated first.

        ``clock`` is asked for the time on SQLite; PostgreSQL has its own. A statement may take
        ``patience`` seconds.

        Raises:
            SetupError: the url, the file, the rights or the tables are not what they must be.
            StoreUnavailable: the database does not answer, or is locked.
        """
        address = to_address(url)
        transactions = connect(address, pool=pool, patience=patience, clock=clock)
        try:
            with gate():
                await schema.check(transactions, address)
                await transactions.settle()
        except BaseException:
            await transactions.close()
            raise
        return cls(address=address, transactions=transactions)

    @property
    def engine(self) -> Engine:
        """The connections, for whoever listens to what happens on them."""
        return self._transactions.engine

    async def close(self) -> None:
        """Let go of every connection; safe to call twice."""
        await self._transactions.close()

    async def read(self, deed: Deed[Result]) -> Result:
        """Return what ``deed`` reads, all of it at one moment.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        return await _retried(self._transactions.read, deed)

    async def glance(self, deed: Deed[Result]) -> Result:
        """Return what ``deed`` reads where its statements need not see the same moment.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        return await _retried(self._transactions.glance, deed)

    async def write(self, deed: Deed[Result]) -> Result:
        """Do ``deed`` in one transaction and commit it; an exception takes it back.

        Its ``connection.rollback()`` takes it back without one. A deed is done again from its
        beginning when another stood in its way, so it does nothing but SQL.

        Raises:
            StoreUnavailable: the database does not answer, or is locked or full.
        """
        return await _retried(self._transactions.write, deed)

    async def fits(self) -> bool:
        """Tell whether the tables are, by now, still this program's.

        Raises:
            SchemaError: they are another program's.
            StoreUnavailable: the database does not answer.
        """
        found = await self.read(partial(schema.revision, address=self.address))
        return found == schema.head()

    async def try_writing(self) -> None:
        """Write nothing, in a way that only a database which can be written allows.

        Raises:
            StoreUnavailable: it cannot be written, or not now.
        """
        await self.write(_write_nothing)


async def _retried(run: Callable[[Deed[Result]], Awaitable[Result]], deed: Deed[Result]) -> Result:
    """Run ``deed`` again when another stood in its way, or a pooled connection was dead."""
    for tried in range(_TRIES - 1):
        with suppress(Clash):
            return await run(deed)
        # Not at once, and not all at the same time: those that clashed would clash again.
        await asyncio.sleep(uniform(0, _PAUSE * 2**tried))  # noqa: S311 - no secret
    return await run(deed)


def _write_nothing(connection: Connection) -> None:
    connection.execute(_WRITES_NOTHING)
    connection.rollback()
