"""An open database: transactions to read in and to write in, and its idea of now."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from functools import wraps
from typing import Any, ParamSpec, Self, TypeVar

from sqlalchemy import ColumnElement, Float, cast, extract, false, func, literal, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.errors import StoreUnavailable
from bot.store import schema
from bot.store.address import Address, to_address
from bot.store.connections import connect
from bot.store.tables import Base, Conversation
from bot.store.wall import Clash, gate, wall

_TRIES = 4
# SQLite begins a transaction to write in even where it cannot; only a statement finds out.
_WRITES_NOTHING = update(Conversation).where(false()).values(id=Conversation.id)

_P = ParamSpec("_P")
_R = TypeVar("_R")


def retried(
    deed: Callable[_P, Coroutine[Any, Any, _R]],
) -> Callable[_P, Coroutine[Any, Any, _R]]:
    """Do a transaction again when another stood in its way, or a pooled connection was dead."""

    @wraps(deed)
    async def tried(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        for _ in range(_TRIES - 1):
            with suppress(Clash):
                return await deed(*args, **kwargs)
        return await deed(*args, **kwargs)

    return tried


class Database:
    """A database whose tables are this program's; ``Database.open`` makes sure of it."""

    def __init__(
        self, *, address: Address, engine: AsyncEngine, clock: Callable[[], float]
    ) -> None:
        self.address = address
        self.engine = engine
        self._clock = clock
        # SQLite takes one writer at a time. Ours queue here, in order, instead of polling the file.
        self._turnstile: AbstractAsyncContextManager[object] = (
            asyncio.Lock() if address.file else nullcontext()
        )
        # A server's reader sees one moment, however many statements it makes.
        self._readers = (
            engine
            if address.file
            else engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        )

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
        database = cls(
            address=address, engine=connect(address, pool=pool, patience=patience), clock=clock
        )
        try:
            with gate(address):
                await schema.check(database.engine, address)
                await database._settle()
        except BaseException:
            await database.close()
            raise
        return database

    async def _settle(self) -> None:
        """Make sure that a file can be written, and that its readers and its writer do not wait."""
        if self.address.file:
            async with self.engine.connect() as connection:
                await connection.exec_driver_sql("PRAGMA journal_mode = WAL")
                await connection.exec_driver_sql("BEGIN IMMEDIATE")

    async def close(self) -> None:
        """Let go of every connection; safe to call twice."""
        await self.engine.dispose()

    @property
    def now(self) -> ColumnElement[float]:
        """The time in seconds since the epoch: the database's own where many machines share it."""
        if self.address.file:
            return literal(self._clock(), Float)
        # Not clock_timestamp(): that one may change within a statement, so no index serves it.
        return cast(extract("epoch", func.statement_timestamp()), Float)

    def insert(self, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
        """Begin an INSERT that may go on with ``on_conflict_do_nothing`` or ``…_do_update``."""
        return sqlite.insert(table) if self.address.file else postgresql.insert(table)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that only reads.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        with wall(self.address):
            async with self._readers.connect() as connection:
                if self.address.file:
                    await connection.exec_driver_sql("BEGIN")
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that writes, and commit it at the end; an exception takes it back.

        ``await connection.rollback()`` takes it back without one.

        Raises:
            StoreUnavailable: the database does not answer, or is locked or full.
        """
        with wall(self.address):
            async with self._turnstile, self.engine.connect() as connection:
                if self.address.file:
                    await connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection
                await self._commit(connection)

    async def try_writing(self) -> None:
        """Write nothing, in a way that only a database which can be written allows.

        Raises:
            StoreUnavailable: it cannot be written, or not now.
        """
        async with self.writing() as connection:
            await connection.execute(_WRITES_NOTHING)
            await connection.rollback()

    async def _commit(self, connection: AsyncConnection) -> None:
        try:
            with wall(self.address):
                await connection.commit()
        except Clash as error:
            # The line broke while we waited for the answer: it may be written, so never again.
            raise StoreUnavailable(str(error)) from error
