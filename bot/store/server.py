"""Transactions on a PostgreSQL server: each is a greenlet that waits wherever its driver does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakSet

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.util import greenlet_spawn

from bot.errors import MissingExtra, StoreUnavailable
from bot.store.address import Address
from bot.store.transactions import COMMON, Deed, Result, to_json
from bot.store.wall import LineCut, wall

_DIALLING_SECONDS = 10.0
_FAREWELL_SECONDS = 2.0


class ServerTransactions:
    """Keeps the promise of ``Transactions``.

    Raises:
        MissingExtra: the driver is not installed.
    """

    def __init__(self, address: Address, *, pool: int, patience: float) -> None:
        try:
            import asyncpg  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise MissingExtra(
                "A PostgreSQL database needs asyncpg. "
                "Install it with: pip install 'frontdesk[postgres]'"
            ) from error

        async def dial() -> Any:
            line = await asyncpg.connect(
                address.dsn, timeout=_DIALLING_SECONDS, command_timeout=patience
            )
            try:
                # A process that stands still in a transaction holds what others wait for.
                await line.execute(f"SET idle_in_transaction_session_timeout = '{patience:g}s'")
            except BaseException:
                line.terminate()
                raise
            self._lines.add(line)
            return line

        self._address = address
        self._patience = patience
        self._lines: WeakSet[Any] = WeakSet()
        # The pool lets newcomers overtake those who wait; this serves them in order.
        self._free = asyncio.Semaphore(pool)
        self._pool = create_async_engine(
            URL.create("postgresql+asyncpg"),
            async_creator=dial,
            pool_size=pool,
            pool_timeout=patience,
            json_serializer=to_json,
            **COMMON,
        )
        self.engine = self._pool.sync_engine
        # A reader sees one moment, however many statements it makes.
        self._readers = self.engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        # Nor does a single statement need a transaction around it: two trips less.
        self._glancers = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    async def settle(self) -> None:
        """A server is ready."""

    async def read(self, deed: Deed[Result]) -> Result:
        async with self._turn():
            return await greenlet_spawn(self._look, self._readers, deed)

    async def glance(self, deed: Deed[Result]) -> Result:
        async with self._turn():
            return await greenlet_spawn(self._look, self._glancers, deed)

    async def write(self, deed: Deed[Result]) -> Result:
        async with self._turn():
            return await greenlet_spawn(self._write, deed)

    async def close(self) -> None:
        # All at once, and not for long: the pool waits for one that is silent after the other.
        farewells = [line.close(timeout=_FAREWELL_SECONDS) for line in self._lines]
        await asyncio.gather(*farewells, return_exceptions=True)
        await self._pool.dispose()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait for a free connection, in the order in which they are asked for."""
        with wall(self._address):
            try:
                async with asyncio.timeout(self._patience):
                    await self._free.acquire()
            except TimeoutError as error:
                raise PoolTimeout from error
        try:
            yield
        finally:
            self._free.release()

    def _look(self, engine: Engine, deed: Deed[Result]) -> Result:
        with wall(self._address), engine.connect() as connection:
            return deed(connection)

    def _write(self, deed: Deed[Result]) -> Result:
        with wall(self._address), self.engine.connect() as connection:
            result = deed(connection)
            self._commit(connection)
            return result

    def _commit(self, connection: Connection) -> None:
        try:
            with wall(self._address):
                connection.commit()
        except LineCut as error:
            # It broke while we waited for the answer: it may be written, so never again.
            raise StoreUnavailable(str(error)) from error
