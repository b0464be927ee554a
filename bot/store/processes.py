"""Processes in SQL: one row for each that runs."""

from collections.abc import Mapping
from dataclasses import asdict

from sqlalchemy import Connection, bindparam, delete

from bot.messages import LeftAlone
from bot.store import tables
from bot.store.base import Process
from bot.store.clock import now
from bot.store.conflicts import insert
from bot.store.database import Database

_KEPT_SECONDS = 3600.0  # of a process that is gone, for people to see

_NEW = insert(tables.Process).values(
    started_at=now(), seen_at=now(), gone_at=now() + bindparam("seconds")
)
_SEEN = _NEW.on_conflict_do_update(
    index_elements=[tables.Process.holder],
    set_={name: _NEW.excluded[name] for name in ("seen_at", "gone_at", "left_alone", "queues")},
)
_LONG_GONE = delete(tables.Process).where(tables.Process.gone_at < now() - _KEPT_SECONDS)
_THIS = delete(tables.Process).where(tables.Process.holder == bindparam("this"))


class SqlProcesses:
    """Keeps the promise of ``Processes``: each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def seen(
        self,
        process: Process,
        *,
        left_alone: Mapping[str, LeftAlone],
        queues: Mapping[str, int],
        seconds: float,
    ) -> None:
        row = {
            "holder": process.holder,
            "host": process.host,
            "pid": process.pid,
            "channels": list(process.channels),
            "left_alone": {name: asdict(one) for name, one in left_alone.items()},
            "queues": dict(queues),
            "seconds": seconds,
        }

        def deed(connection: Connection) -> None:
            connection.execute(_SEEN, row)
            connection.execute(_LONG_GONE)

        await self._database.write(deed)

    async def ended(self, process: Process) -> None:
        await self._database.write(lambda line: line.execute(_THIS, {"this": process.holder}))
