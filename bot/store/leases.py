"""Leases in SQL: what it takes to hold a conversation, and what a write of its holder checks."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, case, select, update

from bot.errors import LeaseLost
from bot.messages import Owner
from bot.store.base import Lease
from bot.store.clock import now
from bot.store.rows import AnyRow
from bot.store.tables import Conversation

BOTS = Conversation.owner == Owner.BOT
WAITS = Conversation.asked_seq > Conversation.answered_seq

# The lease that is still the one that was given: filled in by ``of``.
HELD = (
    (Conversation.id == bindparam("of_conversation"))
    & (Conversation.lease_owner == bindparam("of_holder"))
    & (Conversation.epoch == bindparam("of_epoch"))
)


def of(lease: Lease) -> dict[str, Any]:
    """Return what ``HELD`` asks for."""
    return {
        "of_conversation": lease.conversation,
        "of_holder": lease.holder,
        "of_epoch": lease.epoch,
    }


def lost(lease: Lease) -> LeaseLost:
    """Return the error for a holder whose write met no row."""
    return LeaseLost(f"'{lease.holder}' no longer holds conversation {lease.conversation}.")


# --- Taking -----------------------------------------------------------------------------------

# For ``taker``, who has them for ``seconds``.
TAKEN: dict[str, Any] = {
    "lease_owner": bindparam("taker", type_=Conversation.lease_owner.type),
    "lease_until": now() + bindparam("seconds"),
    "epoch": Conversation.epoch + 1,
    "tries": Conversation.tries + 1,
}
_FREE = BOTS & (Conversation.lease_until <= now())

TAKEN_IF_FREE: dict[str, Any] = {
    name: case((_FREE, value), else_=getattr(Conversation, name))
    # lease_seq equals the message's seq afterwards if the lease was taken, and not if it was held.
    for name, value in {**TAKEN, "lease_seq": Conversation.next_seq}.items()
}

_WAITING = (
    select(Conversation.id)
    .where(
        WAITS,
        Conversation.lease_until <= now(),
        Conversation.channel.in_(bindparam("channels", expanding=True)),
        BOTS,
    )
    .order_by(Conversation.lease_until, Conversation.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
    # In a WITH, and so asked once: inside an IN, PostgreSQL may ask it again and take more.
    .cte("waiting")
)
_CLAIM = (
    update(Conversation)
    .where(Conversation.id.in_(select(_WAITING.c.id)))
    .values(TAKEN)
    .returning(Conversation.id, Conversation.epoch, Conversation.tries)
)


def to_lease(row: AnyRow, holder: str) -> Lease:
    return Lease(conversation=row.id, holder=holder, epoch=row.epoch, tries=row.tries)


def claim(
    connection: Connection,
    *,
    channels: Collection[str],
    holder: str,
    seconds: float,
    limit: int,
) -> list[Lease]:
    """Take conversations that wait and that nobody holds, those first that waited longest."""
    asked = {"channels": list(channels), "taker": holder, "seconds": seconds, "most": limit}
    return [to_lease(row, holder) for row in connection.execute(_CLAIM, asked)]


# --- Holding and letting go -------------------------------------------------------------------


def let_go(*, unless: ColumnElement[bool]) -> dict[str, Any]:
    """Return what to set once all is answered; ``unless`` that is so, the holder tries the rest."""
    return {
        "lease_owner": case((unless, Conversation.lease_owner), else_=None),
        "lease_until": case((unless, Conversation.lease_until), else_=0.0),
        "tries": case((unless, 1), else_=0),
    }


_RENEW = (
    update(Conversation)
    .where(HELD, BOTS)
    .values(lease_until=TAKEN["lease_until"])
    .returning(Conversation.stop_seq)
)
_RELEASE = (
    update(Conversation)
    .where(HELD)
    .values(let_go(unless=BOTS & WAITS))
    .returning(Conversation.lease_owner)
)
_ABANDON = (
    update(Conversation)
    .where(HELD)
    .values(lease_owner=None, lease_until=0.0, tries=Conversation.tries - 1)
)
_FAIL = (
    update(Conversation)
    .where(HELD)
    .values(
        lease_owner=None,
        lease_until=now() + bindparam("pause"),
        trouble=bindparam("ran_into", type_=Conversation.trouble.type),
    )
)


def renew(connection: Connection, lease: Lease, *, seconds: float) -> int:
    """Hold ``lease`` for ``seconds`` from now and return ``stop_seq``, or raise LeaseLost."""
    renewed = connection.execute(_RENEW, {**of(lease), "seconds": seconds}).one_or_none()
    if renewed is None:
        raise lost(lease)
    return int(renewed.stop_seq)


def release(connection: Connection, lease: Lease) -> bool:
    """Let go, and tell whether the lease is still held because more waits."""
    released = connection.execute(_RELEASE, of(lease)).one_or_none()
    if released is None:
        raise lost(lease)
    return released.lease_owner is not None


def abandon(connection: Connection, lease: Lease) -> None:
    """Let go as if it had never been taken."""
    connection.execute(_ABANDON, of(lease))


def fail(connection: Connection, lease: Lease, *, trouble: str, pause: float) -> None:
    """Let go, and let nobody try before ``pause`` seconds are over."""
    connection.execute(_FAIL, {**of(lease), "ran_into": trouble, "pause": pause})
