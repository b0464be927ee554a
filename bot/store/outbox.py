"""The outbox in SQL: replies on their way out, each with one courier at a time."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, and_, bindparam, literal, select, update
from sqlalchemy.orm import InstrumentedAttribute, aliased

from bot import messages as values
from bot.store import rows
from bot.store.clock import now
from bot.store.database import Database
from bot.store.tables import Conversation, Customer, Delivery, Message, Process, Turn


def _is_open(state: InstrumentedAttribute[str]) -> Any:
    # Written out in the statement: an index over a part of the rows serves no parameter.
    return state.in_(bindparam(None, ["pending", "sending"], expanding=True, literal_execute=True))


# Seconds for which a reply is left to the courier beside whoever wrote it, and may be showing it.
_HEAD_START = 2.0
_IS_ANOTHERS = and_(
    Delivery.state == literal("pending", literal_execute=True),
    Delivery.holder.is_not(None),
    Delivery.holder != bindparam("taker", type_=Delivery.holder.type),
    Delivery.due_at > now() - _HEAD_START,
)
_earlier = aliased(Delivery)
_DUE = (
    select(Delivery.turn_id)
    .where(
        _is_open(Delivery.state),
        Delivery.due_at <= now(),
        ~_IS_ANOTHERS,
        Delivery.channel.in_(bindparam("channels", expanding=True)),
        # None of its conversation stands before it.
        ~select(_earlier.turn_id)
        .where(
            _earlier.conversation_id == Delivery.conversation_id,
            _earlier.seq < Delivery.seq,
            _is_open(_earlier.state),
        )
        .exists(),
    )
    .order_by(Delivery.due_at, Delivery.seq)
    .limit(1)
    .with_for_update(skip_locked=True)
    .cte("due")
)
_TAKE = (
    update(Delivery)
    .where(Delivery.turn_id.in_(select(_DUE.c.turn_id)))
    .values(
        state="sending",
        holder=bindparam("taker", type_=Delivery.holder.type),
        due_at=now() + bindparam("seconds"),
        attempts=Delivery.attempts + 1,
    )
    .returning(Delivery.turn_id, Delivery.conversation_id, Delivery.seq, Delivery.attempts)
)
# Each row is named by its own key, which keeps a planner from joining whole tables.
_LETTER = select(
    Conversation.channel, Conversation.key, Customer.external_id, Message.text, Turn.citations
).where(
    Conversation.id == bindparam("conversation"),
    Customer.id == Conversation.customer_id,
    Turn.conversation_id == Conversation.id,
    Turn.id == bindparam("turn"),
    Message.conversation_id == Conversation.id,
    Message.seq == bindparam("at"),
)
_SENT = (
    update(Delivery)
    .where(Delivery.turn_id == bindparam("turn"), Delivery.state != "sent")
    .values(state="sent", receipt=bindparam("got", type_=Delivery.receipt.type), holder=None)
)
_ALIVE = select(Process.holder).where(Process.gone_at > now())
_GIVE_UP = (
    update(Delivery)
    .where(
        _is_open(Delivery.state),  # as the index says it
        Delivery.state == literal("pending", literal_execute=True),
        Delivery.due_at <= now() - _HEAD_START,
        Delivery.channel.in_(bindparam("channels", expanding=True)),
        Delivery.holder.is_not(None),
        Delivery.holder.not_in(_ALIVE),
    )
    .values(state="failed", error=bindparam("why", type_=Delivery.error.type), due_at=now())
)


class SqlOutbox:
    """Keeps the promise of ``Outbox``: each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(
        self, *, channels: Collection[str], holder: str, seconds: float
    ) -> values.Delivery | None:
        take = {"channels": list(channels), "taker": holder, "seconds": seconds}
        return await self._database.write(lambda line: _take(line, take))

    async def sent(self, turn: str, *, receipt: str) -> bool:
        sent = {"turn": turn, "got": receipt}
        return await self._database.write(lambda line: line.execute(_SENT, sent).rowcount == 1)

    async def put_back(
        self, delivery: values.Delivery, *, error: str, seconds: float | None
    ) -> None:
        put_back = (
            update(Delivery)
            .where(
                Delivery.turn_id == delivery.turn,
                Delivery.state == "sending",
                Delivery.attempts == delivery.attempts,
            )
            .values(
                state="failed" if seconds is None else "pending",
                error=error,
                due_at=now() + (seconds or 0.0),
                holder=None,
            )
        )
        await self._database.write(lambda line: line.execute(put_back))

    async def give_up(self, *, channels: Collection[str], error: str) -> int:
        """Mark what processes that are gone have left pending as failed; return how much it was.

        For ``channels`` whose replies are shown by the process that writes them, or by nobody:
        one that comes back to life may still say that it ``sent`` them.
        """
        left = {"channels": list(channels), "why": error}
        return await self._database.write(lambda line: line.execute(_GIVE_UP, left).rowcount)


def _take(connection: Connection, take: dict[str, Any]) -> values.Delivery | None:
    """Return what a courier carries."""
    taken = connection.execute(_TAKE, take).one_or_none()
    if taken is None:
        return None
    asked = {"conversation": taken.conversation_id, "turn": taken.turn_id, "at": taken.seq}
    row = connection.execute(_LETTER, asked).one()
    return values.Delivery(
        turn=taken.turn_id,
        channel=row.channel,
        key=row.key,
        customer=row.external_id,
        text=row.text,
        citations=rows.to_citations(row.citations),
        attempts=taken.attempts,
    )
