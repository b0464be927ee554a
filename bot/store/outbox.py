"""The outbox in SQL: replies on their way out, each with one courier at a time."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import CTE, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import InstrumentedAttribute, aliased

from bot import messages as values
from bot.store import rows
from bot.store.database import Database, retried
from bot.store.rows import AnyRow
from bot.store.tables import Conversation, Customer, Delivery, Message, Turn


def _is_open(state: InstrumentedAttribute[str]) -> Any:
    # Written out in the statement: an index over a part of the rows serves no parameter.
    return state.in_(bindparam(None, ["pending", "sending"], expanding=True, literal_execute=True))


class SqlOutbox:
    """Keeps the promise of ``Outbox``: each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @retried
    async def take(
        self, *, channels: Collection[str], holder: str, seconds: float
    ) -> values.Delivery | None:
        due = self._due(channels)
        take = (
            update(Delivery)
            .where(Delivery.turn_id.in_(select(due.c.turn_id)))
            .values(
                state="sending",
                holder=holder,
                due_at=self._database.now + seconds,
                attempts=Delivery.attempts + 1,
            )
            .returning(Delivery.turn_id, Delivery.conversation_id, Delivery.seq, Delivery.attempts)
        )
        async with self._database.writing() as connection:
            taken = (await connection.execute(take)).one_or_none()
            if taken is None:
                return None
            return await _letter(connection, taken)

    def _due(self, channels: Collection[str]) -> CTE:
        """Find the oldest delivery that is due and has none of its conversation before it."""
        earlier = aliased(Delivery)
        before = select(earlier.turn_id).where(
            earlier.conversation_id == Delivery.conversation_id,
            earlier.seq < Delivery.seq,
            _is_open(earlier.state),
        )
        return (
            select(Delivery.turn_id)
            .where(
                _is_open(Delivery.state),
                Delivery.due_at <= self._database.now,
                Delivery.channel.in_(channels),
                ~before.exists(),
            )
            .order_by(Delivery.due_at, Delivery.seq)
            .limit(1)
            .with_for_update(skip_locked=True)
            .cte("due")
        )

    @retried
    async def sent(self, turn: str, *, receipt: str) -> bool:
        sent = (
            update(Delivery)
            .where(Delivery.turn_id == turn, Delivery.state != "sent")
            .values(state="sent", receipt=receipt, holder=None)
        )
        async with self._database.writing() as connection:
            return (await connection.execute(sent)).rowcount == 1

    @retried
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
                due_at=self._database.now + (seconds or 0.0),
                holder=None,
            )
        )
        async with self._database.writing() as connection:
            await connection.execute(put_back)


async def _letter(connection: AsyncConnection, taken: AnyRow) -> values.Delivery:
    """Return what a courier carries."""
    # Each row is named by its own key, which keeps a planner from joining whole tables.
    letter = select(
        Conversation.channel, Conversation.key, Customer.external_id, Message.text, Turn.citations
    ).where(
        Conversation.id == taken.conversation_id,
        Customer.id == Conversation.customer_id,
        Turn.conversation_id == Conversation.id,
        Turn.id == taken.turn_id,
        Message.conversation_id == Conversation.id,
        Message.seq == taken.seq,
    )
    row = (await connection.execute(letter)).one()
    return values.Delivery(
        turn=taken.turn_id,
        channel=row.channel,
        key=row.key,
        customer=row.external_id,
        text=row.text,
        citations=rows.to_citations(row.citations),
        attempts=taken.attempts,
    )
