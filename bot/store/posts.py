"""Posts in SQL: what channels show of answers before their replies are delivered."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, literal, select, update

from bot.store.base import Shown
from bot.store.clock import now
from bot.store.conflicts import insert
from bot.store.database import Database
from bot.store.tables import Delivery, Notice, Post

_KEPT_SECONDS = 3600.0  # of what was removed: by then its turn has heard that it is closed
_NOTICE_SECONDS = 2 * 86_400.0

_OF_TURN = and_(Post.channel == bindparam("within"), Post.turn_id == bindparam("turn"))
_HERE = and_(Post.channel == bindparam("within"), Post.key == bindparam("under"))

_CLOSED = select(Post.closed).where(_OF_TURN).order_by(Post.part).with_for_update()
_SENT = select(literal(1)).where(Delivery.turn_id == bindparam("turn"), Delivery.state == "sent")
_BEGIN = (
    insert(Post).values(at=now()).on_conflict_do_nothing(index_elements=[Post.turn_id, Post.part])
)
_MADE = (
    update(Post)
    .where(_OF_TURN, Post.part == bindparam("nth"), ~Post.closed)
    .values(receipt=bindparam("got", type_=Post.receipt.type))
)

_OTHERS = and_(_HERE, ~Post.removed, Post.turn_id.not_in(bindparam("but", expanding=True)))
# Who begins another part of one of these turns is waited for, and waits from here on.
_LOCK = select(Post.part).where(_OTHERS).order_by(Post.turn_id, Post.part).with_for_update()
_CLOSE = (
    update(Post)
    .where(_OTHERS)
    .values(closed=True)
    .returning(Post.turn_id, Post.part, Post.receipt, Post.at)
)

_DELIVERED = delete(Post).where(_OF_TURN, _HERE, ~Post.closed)
_REMOVED = update(Post).where(_HERE, Post.closed, ~Post.removed).values(removed=True)
_LONG_REMOVED = delete(Post).where(_HERE, Post.removed, Post.at < now() - _KEPT_SECONDS)

_FORGET = delete(Notice).where(Notice.at < now() - _NOTICE_SECONDS)
_TELL = (
    insert(Notice)
    .values(at=now())
    .on_conflict_do_nothing(index_elements=[Notice.channel, Notice.name])
)


class SqlPosts:
    """Keeps the promise of ``Posts``: each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, channel: str, key: str, turn: str, *, part: int) -> bool:
        row = {"channel": channel, "key": key, "turn_id": turn, "part": part}
        return await self._database.write(lambda line: _begin(line, row))

    async def made(self, channel: str, turn: str, *, part: int, receipt: str) -> bool:
        made = {"within": channel, "turn": turn, "nth": part, "got": receipt}
        return await self._database.write(lambda line: line.execute(_MADE, made).rowcount == 1)

    async def close(self, channel: str, key: str, *, but: Collection[str]) -> Sequence[Shown]:
        these = {"within": channel, "under": key, "but": list(but)}

        def deed(connection: Connection) -> list[Shown]:
            connection.execute(_LOCK, these)
            closed = connection.execute(_CLOSE, these)
            return [Shown(turn=row[0], part=row[1], receipt=row[2], at=row[3]) for row in closed]

        return sorted(await self._database.write(deed), key=lambda shown: (shown.at, shown.part))

    async def settle(self, channel: str, key: str, turn: str) -> None:
        settled = {"within": channel, "under": key, "turn": turn}

        def deed(connection: Connection) -> None:
            for statement in (_DELIVERED, _REMOVED, _LONG_REMOVED):
                connection.execute(statement, settled)

        await self._database.write(deed)

    async def once(self, channel: str, name: str) -> bool:
        notice = {"channel": channel, "name": name}

        def deed(connection: Connection) -> bool:
            connection.execute(_FORGET)
            return connection.execute(_TELL, notice).rowcount == 1

        return await self._database.write(deed)


def _begin(connection: Connection, row: dict[str, Any]) -> bool:
    turn = {"within": row["channel"], "turn": row["turn_id"]}
    if any(connection.scalars(_CLOSED, turn)) or connection.scalar(_SENT, turn):
        return False
    connection.execute(_BEGIN, row)
    return True
