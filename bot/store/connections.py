"""Opens the connections that the store works with, to SQLite and to PostgreSQL."""

import asyncio
import json
import logging
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.errors import MissingExtra
from bot.store.address import Address
from bot.store.columns import keepable

_DIALLING_SECONDS = 10.0


def connect(address: Address, *, pool: int, patience: float) -> AsyncEngine:
    """Return an engine of at most ``pool`` connections; none is opened yet.

    A statement may take ``patience`` seconds, most of which it waits for others' locks.
    """
    if address.file:
        return _to_sqlite(str(address.file), pool=pool, patience=patience)
    return _to_postgresql(address.dsn, pool=pool, patience=patience)


def _engine(url: URL, *, pool: int, patience: float, **rest: Any) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=pool,
        max_overflow=0,
        pool_timeout=patience,
        # An error's text must not hold what a customer wrote.
        hide_parameters=True,
        json_serializer=_to_json,
        **rest,
    )


def _to_json(value: Any) -> str:
    return keepable(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _to_sqlite(file: str, *, pool: int, patience: float) -> AsyncEngine:
    # At DEBUG the driver logs every statement with its values, and so what a customer wrote.
    logging.getLogger("aiosqlite").setLevel(logging.INFO)
    engine = _engine(
        URL.create("sqlite+aiosqlite", database=file),
        pool=pool,
        patience=patience,
        # The driver begins no transaction of its own: a writer's begins with BEGIN IMMEDIATE.
        connect_args={"isolation_level": None, "timeout": patience},
        # Ours end before their connection is given back; one more rollback only takes time.
        pool_reset_on_return=None,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "handle_error")
    def hold(context: ExceptionContext) -> None:
        # What was cancelled goes on in its thread, and is rolled back after that. Were the file
        # closed under it, it would stay locked until the garbage collector finds the statement.
        if isinstance(context.original_exception, asyncio.CancelledError):
            context.is_disconnect = False

    return engine


def _to_postgresql(dsn: str, *, pool: int, patience: float) -> AsyncEngine:
    try:
        import asyncpg  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingExtra(
            "A PostgreSQL database needs asyncpg. "
            "Install it with: pip install 'frontdesk[postgres]'"
        ) from error

    async def dial() -> Any:
        return await asyncpg.connect(dsn, timeout=_DIALLING_SECONDS, command_timeout=patience)

    url = URL.create("postgresql+asyncpg")
    return _engine(url, pool=pool, patience=patience, async_creator=dial)
