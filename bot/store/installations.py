"""Installations in SQL: where each channel's app is installed, and who is about to do so."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, delete, select, update

from bot.store import rows, tables
from bot.store.base import Installation
from bot.store.clock import now
from bot.store.conflicts import insert
from bot.store.database import Database
from bot.store.tables import OAuthState

_THIS = (
    tables.Installation.channel == bindparam("channel"),
    tables.Installation.name == bindparam("name"),
)
_ALL = (
    select(*tables.Installation.__table__.columns)
    .where(tables.Installation.channel == bindparam("channel"))
    .order_by(tables.Installation.name)
)
_FIND = _ALL.where(*_THIS)
_NEW = insert(tables.Installation).values(at=now())
_KEEP = _NEW.on_conflict_do_update(
    index_elements=[tables.Installation.channel, tables.Installation.name],
    set_={name: _NEW.excluded[name] for name in ("sealed", "about", "at")},
)
_RESEAL = (
    update(tables.Installation)
    .where(
        tables.Installation.channel == bindparam("of"),
        tables.Installation.name == bindparam("named"),
        tables.Installation.sealed == bindparam("old"),
    )
    .values(sealed=bindparam("new"))
)
_REMOVE = delete(tables.Installation).where(*_THIS, tables.Installation.at == bindparam("then"))

_ENDED = delete(OAuthState).where(OAuthState.ends_at <= now())
_ISSUE = insert(OAuthState).values(ends_at=now() + bindparam("seconds"))
_REDEEM = (
    delete(OAuthState)
    .where(OAuthState.channel == bindparam("channel"), OAuthState.state == bindparam("state"))
    .returning(OAuthState.ends_at > now())
)


class SqlInstallations:
    """Keeps the promise of ``Installations``: each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, channel: str, name: str, *, sealed: str, about: Mapping[str, str]) -> None:
        row = {"channel": channel, "name": name, "sealed": sealed, "about": dict(about)}
        await self._database.write(lambda line: line.execute(_KEEP, row))

    async def find(self, channel: str, name: str) -> Installation | None:
        if not rows.fits(name, tables.Installation.name):
            return None
        asked = {"channel": channel, "name": name}
        row = await self._database.glance(lambda line: line.execute(_FIND, asked).one_or_none())
        return _to_installation(row) if row else None

    async def all(self, channel: str) -> Sequence[Installation]:
        asked = {"channel": channel}
        found = await self._database.glance(lambda line: line.execute(_ALL, asked).all())
        return [_to_installation(row) for row in found]

    async def reseal(self, channel: str, name: str, *, old: str, new: str) -> bool:
        this = {"of": channel, "named": name, "old": old, "new": new}
        return await self._database.write(lambda line: line.execute(_RESEAL, this).rowcount == 1)

    async def remove(self, channel: str, name: str, *, at: float) -> bool:
        if not rows.fits(name, tables.Installation.name):
            return False
        this = {"channel": channel, "name": name, "then": at}
        return await self._database.write(lambda line: line.execute(_REMOVE, this).rowcount == 1)

    async def issue(self, channel: str, state: str, *, seconds: float) -> None:
        issued = {"channel": channel, "state": state, "seconds": seconds}

        def deed(connection: Connection) -> None:
            connection.execute(_ENDED)
            connection.execute(_ISSUE, issued)

        await self._database.write(deed)

    async def redeem(self, channel: str, state: str) -> bool:
        if not rows.fits(state, OAuthState.state):
            return False
        this = {"channel": channel, "state": state}
        return await self._database.write(
            lambda line: bool(line.execute(_REDEEM, this).scalar_one_or_none())
        )


def _to_installation(row: rows.AnyRow) -> Installation:
    return Installation(name=row.name, sealed=row.sealed, about=row.about, at=row.at)
