"""Keeps a turn: its reply, its audit record and its delivery, under the lease."""

from sqlalchemy import func, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import messages as values
from bot.messages import Author, Outcome
from bot.store import rows
from bot.store.base import Finish, Lease
from bot.store.database import Database
from bot.store.leases import BOTS, freed, held, lost
from bot.store.rows import AnyRow
from bot.store.tables import Conversation, Delivery, Message, ToolCall, Turn


async def finish(
    connection: AsyncConnection,
    database: Database,
    lease: Lease,
    turn: values.Turn,
    *,
    tokens: int,
    shown: bool,
) -> Finish:
    """Keep ``turn``, unless nothing of it was shown and a newer message waits."""
    replied = await _reply(connection, database, lease, turn, shown=shown)
    if replied is None:
        await _make_sure(connection, lease)
        return Finish.SUPERSEDED
    await _record(connection, database, turn, replied, tokens=tokens)
    return Finish.WAITING if replied.lease_owner else Finish.RELEASED


async def _reply(
    connection: AsyncConnection, database: Database, lease: Lease, turn: values.Turn, *, shown: bool
) -> AnyRow | None:
    """Give the reply its seq, and let go of the lease unless a newer message waits."""
    waiting = Conversation.asked_seq > turn.reply.answers
    replied: AnyRow | None = (
        await connection.execute(
            update(Conversation)
            .where(held(lease), BOTS, true() if shown else ~waiting)
            .values(
                next_seq=Conversation.next_seq + 1,
                answered_seq=turn.reply.answers,
                latest_at=database.now,
                **freed(unless=waiting),
            )
            .returning(
                Conversation.id,
                Conversation.channel,
                Conversation.lease_owner,
                (Conversation.next_seq - 1).label("seq"),
            )
        )
    ).one_or_none()
    return replied


async def _make_sure(connection: AsyncConnection, lease: Lease) -> None:
    """Raise LeaseLost unless the lease is held."""
    count = select(func.count()).select_from(Conversation).where(held(lease), BOTS)
    if not await connection.scalar(count):
        raise lost(lease)


async def _record(
    connection: AsyncConnection,
    database: Database,
    turn: values.Turn,
    replied: AnyRow,
    *,
    tokens: int,
) -> None:
    insert, now = database.insert, database.now
    place = {"conversation_id": replied.id, "turn_id": turn.id, "seq": replied.seq}
    audit = {"conversation_id": replied.id, "reply_seq": replied.seq, **rows.to_turn_row(turn)}
    reply = {
        "author": Author.BOT,
        "text": turn.reply.text,
        "tokens": tokens,
        "answers_seq": turn.reply.answers,
        "stopped": turn.reply.outcome is Outcome.STOPPED,
    }
    await connection.execute(insert(Turn).values(audit))
    await connection.execute(insert(Message).values(**place, **reply, at=now))
    await connection.execute(insert(Delivery).values(**place, channel=replied.channel, due_at=now))
    if turn.refused_calls:
        calls = [rows.to_call_row(call, turn) for call in turn.refused_calls]
        await connection.execute(insert(ToolCall), calls)
