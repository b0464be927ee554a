"""Transactions on a SQLite file: each is one trip to a thread, and writers queue for theirs."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import monotonic, sleep

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection

from bot.errors import StoreUnavailable
from bot.store.address import Address
from bot.store.clock import OF_A_FILE
from bot.store.transactions import COMMON, Deed, Result, to_json
from bot.store.wall import Lasting, wall

_PAUSE = 0.05  # seconds


class FileTransactions:
    """Keeps the promise of ``Transactions``.

    SQLite takes one writer at a time. Ours queue in order, instead of polling the file.
    """

    def __init__(
        self, address: Address, *, pool: int, patience: float, clock: Callable[[], float]
    ) -> None:
        self._address = address
        self._patience = patience
        self.engine = create_engine(
            URL.create("sqlite", database=str(address.file)),
            pool_size=pool,
            pool_timeout=patience,
            json_serializer=to_json,
            # The driver begins no transaction of its own: a writer's begins with BEGIN IMMEDIATE.
            connect_args={"isolation_level": None, "timeout": patience},
            # Ours end before their connection is given back; one more rollback only takes time.
            pool_reset_on_return=None,
            **COMMON,
        )
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._readers = ThreadPoolExecutor(max(1, pool - 1), thread_name_prefix="reader")

        @event.listens_for(self.engine, "connect")
        def prepare(connection: DBAPIConnection, _record: object) -> None:
            connection.create_function(OF_A_FILE, 0, clock)
            cursor = connection.cursor()
            cursor.execute("PRAGMA synchronous = FULL")
            cursor.execute("PRAGMA foreign_keys = ON")
            cursor.close()

    async def settle(self) -> None:
        """Let readers and the writer not wait for each other, and find out if it can be written."""
        await self._in(self._writer, self._settle)

    async def read(self, deed: Deed[Result]) -> Result:
        return await self._in(self._readers, partial(self._read, deed))

    async def glance(self, deed: Deed[Result]) -> Result:
        return await self._in(self._readers, partial(self._glance, deed))

    async def write(self, deed: Deed[Result]) -> Result:
        until = monotonic() + self._patience
        return await self._in(self._writer, partial(self._write_in_time, deed, until=until))

    async def close(self) -> None:
        for threads in (self._writer, self._readers):
            await asyncio.to_thread(threads.shutdown)
        self.engine.dispose()

    async def _in(self, threads: ThreadPoolExecutor, run: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(threads, run)

    def _settle(self) -> None:
        # Of several that start at once one changes the file's mode, and SQLite lets none wait.
        until = monotonic() + self._patience
        while not self._is_settled(last=monotonic() >= until):
            sleep(_PAUSE)
        self._write(lambda _: None)

    def _is_settled(self, *, last: bool) -> bool:
        try:
            with wall(self._address), self.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        except Lasting:
            raise
        except StoreUnavailable:
            if last:
                raise
            return False
        return True

    def _read(self, deed: Deed[Result]) -> Result:
        with wall(self._address), self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            return deed(connection)

    def _glance(self, deed: Deed[Result]) -> Result:
        with wall(self._address), self.engine.connect() as connection:
            return deed(connection)

    def _write_in_time(self, deed: Deed[Result], *, until: float) -> Result:
        # Those who queue wait together: else the last would wait for the patience of each.
        if monotonic() >= until:
            raise StoreUnavailable(f"The database '{self._address.shown}' is kept busy. Try again.")
        return self._write(deed)

    def _write(self, deed: Deed[Result]) -> Result:
        with wall(self._address), self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            result = deed(connection)
            self._commit(connection)
            return result

    def _commit(self, connection: Connection) -> None:
        try:
            connection.commit()
        except BaseException:
            # It is still begun, and would be on the next who gets this connection.
            connection.invalidate()
            raise
