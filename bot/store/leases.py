"""Leases in SQL: what it takes to hold a conversation, and what a write of its holder checks."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, case, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import LeaseLost
from bot.messages import Owner
from bot.store.base import Lease
from bot.store.database import Database
from bot.store.tables import Conversation

BOTS = Conversation.owner == Owner.BOT


def taken_if_free(holder: str, *, now: ColumnElement[float], seconds: float) -> dict[str, Any]:
    """Return what to set so that ``holder`` has the lease if nobody else does.

    ``lease_seq`` equals the message's seq afterwards if it was taken, and not if it was held.
    """
    free = BOTS & (Conversation.lease_until <= now)
    taken = {
        "lease_owner": holder,
        "lease_until": now + seconds,
        "lease_seq": Conversation.next_seq,
        "epoch": Conversation.epoch + 1,
    }
    return {
        name: case((free, value), else_=getattr(Conversation, name))
        for name, value in taken.items()
    }


def freed(*, unless: ColumnElement[bool]) -> dict[str, Any]:
    """Return what to set so that nobody has the lease, or its holder keeps it ``unless``."""
    return {
        "lease_owner": case((unless, Conversation.lease_owner), else_=None),
        "lease_until": case((unless, Conversation.lease_until), else_=0.0),
    }


def held(lease: Lease) -> ColumnElement[bool]:
    """Tell whether the lease is still the one that was given."""
    return (
        (Conversation.id == lease.conversation)
        & (Conversation.lease_owner == lease.holder)
        & (Conversation.epoch == lease.epoch)
    )


def lost(lease: Lease) -> LeaseLost:
    """Return the error for a holder whose write met no row."""
    return LeaseLost(f"'{lease.holder}' no longer holds conversation {lease.conversation}.")


async def claim(
    connection: AsyncConnection,
    database: Database,
    *,
    channels: Collection[str],
    holder: str,
    seconds: float,
    limit: int,
) -> list[Lease]:
    """Take conversations that wait and that nobody holds, those first that waited longest."""
    waiting = (
        select(Conversation.id)
        .where(
            Conversation.asked_seq > Conversation.answered_seq,
            Conversation.lease_until <= database.now,
            Conversation.channel.in_(channels),
            BOTS,
        )
        .order_by(Conversation.lease_until, Conversation.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        # In a WITH, and so asked once: inside an IN, PostgreSQL may ask it again and take more.
        .cte("waiting")
    )
    claimed = await connection.execute(
        update(Conversation)
        .where(Conversation.id.in_(select(waiting.c.id)))
        .values(
            lease_owner=holder, lease_until=database.now + seconds, epoch=Conversation.epoch + 1
        )
        .returning(Conversation.id, Conversation.epoch)
    )
    return [Lease(conversation=row.id, holder=holder, epoch=row.epoch) for row in claimed]
