"""Keeps what a channel heard: the message, its place in the conversation, and the customer."""

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Text, bindparam, cast, func, select, update

from bot.messages import Author, Inbound
from bot.store import rows
from bot.store.base import Accepted, History
from bot.store.clock import now
from bot.store.conflicts import insert
from bot.store.histories import said_since_summary
from bot.store.leases import TAKEN_IF_FREE, to_lease
from bot.store.rows import AnyRow
from bot.store.tables import Conversation, Customer, Message

_WHO = Customer.id == Conversation.customer_id

_ASK = (
    update(Conversation)
    .where(
        Conversation.channel == bindparam("heard_in"),
        Conversation.key == bindparam("under"),
    )
    .values(
        next_seq=Conversation.next_seq + 1,
        asked_seq=Conversation.next_seq,
        latest_at=now(),
        language=func.coalesce(
            bindparam("speaks", type_=Conversation.language.type), Conversation.language
        ),
        **TAKEN_IF_FREE,
    )
    .returning(
        *rows.CONVERSATION,
        # Who asks, by a subquery each: SQLite returns nothing of a table that is joined. As text,
        # so that attributes which cannot be read keep no message from being kept.
        *(
            select(cast(column, Text)).where(_WHO).scalar_subquery().label(column.key)
            for column in rows.CUSTOMER
        ),
        Conversation.lease_seq,
        Conversation.epoch,
        Conversation.tries,
    )
)
_CUSTOMERS_KEY = [Customer.channel, Customer.external_id]
_MEET = insert(Customer).on_conflict_do_nothing(index_elements=_CUSTOMERS_KEY)
_BEGIN = (
    insert(Conversation)
    .values(
        customer_id=select(Customer.id)
        .where(
            Customer.channel == bindparam("heard_in"),
            Customer.external_id == bindparam("heard_from"),
        )
        .scalar_subquery(),
        begun_at=now(),
        latest_at=now(),
    )
    .on_conflict_do_nothing(index_elements=[Conversation.channel, Conversation.key])
)
_KEEP = (
    insert(Message)
    .values(at=now())
    .on_conflict_do_nothing(index_elements=[Message.channel, Message.external_id])
)
_KNOWN = select(Message.conversation_id, Message.seq).where(
    Message.channel == bindparam("heard_in"), Message.external_id == bindparam("known_as")
)


def accept(
    connection: Connection, inbound: Inbound, *, tokens: int, holder: str, seconds: float
) -> Accepted:
    """Keep ``inbound``, or take the transaction back where it was kept before."""
    asked = _ask(connection, inbound, holder=holder, seconds=seconds)
    if not _keep(connection, inbound, asked, tokens=tokens):
        known = connection.execute(
            _KNOWN, {"heard_in": inbound.channel, "known_as": inbound.external_id}
        ).one()
        connection.rollback()
        return Accepted(conversation=known.conversation_id, seq=known.seq, duplicate=True)
    taken = asked.lease_seq == asked.asked_seq
    return Accepted(
        conversation=asked.id,
        seq=asked.asked_seq,
        lease=to_lease(asked, holder) if taken else None,
        history=_look_back(connection, asked) if taken else None,
    )


def _look_back(connection: Connection, asked: AnyRow) -> History | None:
    """Return what there is to read, so that the turn begins without another trip."""
    # What cannot be read shall break the turn, and not keep a message from being kept.
    with suppress(LookupError, TypeError, ValueError):
        conversation = rows.to_conversation(asked)
        return History(
            conversation=replace(conversation, attributes=json.loads(asked.attributes)),
            messages=said_since_summary(connection, conversation),
        )
    return None


def _ask(connection: Connection, inbound: Inbound, *, holder: str, seconds: float) -> AnyRow:
    """Give the message its seq and, where it is free, the holder the lease."""
    ask = {
        "heard_in": inbound.channel,
        "under": inbound.key,
        "speaks": inbound.language,
        "taker": holder,
        "seconds": seconds,
    }
    # The customer's row is locked before the conversation's, always: else two may wait in a circle.
    if said := _said(inbound):
        _learn(connection, inbound, said)
    asked: AnyRow | None = connection.execute(_ASK, ask).one_or_none()
    if asked is None:
        _begin(connection, inbound)
        asked = connection.execute(_ASK, ask).one()
    return asked


def _said(inbound: Inbound) -> dict[str, Any]:
    """Return what the channel says of the customer; what it does not say stays as it was."""
    said = {"name": inbound.name, "attributes": dict(inbound.attributes)}
    return {name: value for name, value in said.items() if value}


def _learn(connection: Connection, inbound: Inbound, said: dict[str, Any]) -> None:
    """Keep what is ``said`` of the customer, whom we may not have met yet."""
    learn = insert(Customer).values(channel=inbound.channel, external_id=inbound.customer, **said)
    connection.execute(learn.on_conflict_do_update(index_elements=_CUSTOMERS_KEY, set_=said))


def _begin(connection: Connection, inbound: Inbound) -> None:
    """Make the conversation, unless another process is just making it."""
    connection.execute(_MEET, {"channel": inbound.channel, "external_id": inbound.customer})
    connection.execute(
        _BEGIN,
        {
            "heard_in": inbound.channel,
            "heard_from": inbound.customer,
            "channel": inbound.channel,
            "key": inbound.key,
            "backend": inbound.backend,
            "strategy": inbound.strategy,
        },
    )


def _keep(connection: Connection, inbound: Inbound, asked: AnyRow, *, tokens: int) -> bool:
    """Keep the message; False where this one was kept before."""
    kept = connection.execute(
        _KEEP,
        {
            "conversation_id": asked.id,
            "seq": asked.asked_seq,
            "author": Author.CUSTOMER,
            "text": inbound.text,
            "tokens": tokens,
            "channel": inbound.channel,
            "external_id": inbound.external_id,
        },
    )
    return kept.rowcount == 1
