"""Keeps what a channel heard: the message, its place in the conversation, and the customer."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.messages import Author, Inbound
from bot.store.base import Accepted, Lease
from bot.store.database import Database
from bot.store.leases import taken_if_free
from bot.store.rows import AnyRow
from bot.store.tables import Conversation, Customer, Message


async def accept(
    connection: AsyncConnection,
    database: Database,
    inbound: Inbound,
    *,
    tokens: int,
    holder: str,
    seconds: float,
) -> Accepted:
    """Keep ``inbound``, or take the transaction back where it was kept before."""
    asked = await _ask(connection, database, inbound, holder=holder, seconds=seconds)
    if not await _keep(connection, database, inbound, asked, tokens=tokens):
        known = await _known(connection, inbound)
        await connection.rollback()
        return Accepted(conversation=known.conversation_id, seq=known.seq, duplicate=True)
    taken = asked.lease_seq == asked.asked_seq
    return Accepted(
        conversation=asked.id,
        seq=asked.asked_seq,
        lease=Lease(conversation=asked.id, holder=holder, epoch=asked.epoch) if taken else None,
    )


async def _ask(
    connection: AsyncConnection,
    database: Database,
    inbound: Inbound,
    *,
    holder: str,
    seconds: float,
) -> AnyRow:
    """Give the message its seq and, where it is free, the holder the lease."""
    now = database.now
    ask = (
        update(Conversation)
        .where(Conversation.channel == inbound.channel, Conversation.key == inbound.key)
        .values(
            next_seq=Conversation.next_seq + 1,
            asked_seq=Conversation.next_seq,
            latest_at=now,
            language=inbound.language or Conversation.language,
            **taken_if_free(holder, now=now, seconds=seconds),
        )
        .returning(
            Conversation.id, Conversation.asked_seq, Conversation.lease_seq, Conversation.epoch
        )
    )
    # The customer's row is locked before the conversation's, always: else two may wait in a circle.
    if said := _said(inbound):
        await _meet(connection, database, inbound, said)
    asked: AnyRow | None = (await connection.execute(ask)).one_or_none()
    if asked is None:
        await _begin(connection, database, inbound)
        asked = (await connection.execute(ask)).one()
    return asked


def _said(inbound: Inbound) -> dict[str, object]:
    """Return what the channel says of the customer; what it does not say stays as it was."""
    said = {"name": inbound.name, "attributes": dict(inbound.attributes)}
    return {name: value for name, value in said.items() if value}


async def _meet(
    connection: AsyncConnection, database: Database, inbound: Inbound, said: dict[str, object]
) -> None:
    key = [Customer.channel, Customer.external_id]
    meet = database.insert(Customer).values(
        channel=inbound.channel, external_id=inbound.customer, **said
    )
    await connection.execute(
        meet.on_conflict_do_update(index_elements=key, set_=said)
        if said
        else meet.on_conflict_do_nothing(index_elements=key)
    )


async def _begin(connection: AsyncConnection, database: Database, inbound: Inbound) -> None:
    """Make the conversation, unless another process is just making it."""
    await _meet(connection, database, inbound, {})
    customer = select(Customer.id).where(
        Customer.channel == inbound.channel, Customer.external_id == inbound.customer
    )
    await connection.execute(
        database.insert(Conversation)
        .values(
            channel=inbound.channel,
            key=inbound.key,
            customer_id=customer.scalar_subquery(),
            backend=inbound.backend,
            strategy=inbound.strategy,
            begun_at=database.now,
            latest_at=database.now,
        )
        .on_conflict_do_nothing(index_elements=[Conversation.channel, Conversation.key])
    )


async def _keep(
    connection: AsyncConnection,
    database: Database,
    inbound: Inbound,
    asked: AnyRow,
    *,
    tokens: int,
) -> bool:
    """Keep the message; False where this one was kept before."""
    kept = await connection.execute(
        database.insert(Message)
        .values(
            conversation_id=asked.id,
            seq=asked.asked_seq,
            author=Author.CUSTOMER,
            text=inbound.text,
            tokens=tokens,
            channel=inbound.channel,
            external_id=inbound.external_id,
            at=database.now,
        )
        .on_conflict_do_nothing(index_elements=[Message.channel, Message.external_id])
    )
    return kept.rowcount == 1


async def _known(connection: AsyncConnection, inbound: Inbound) -> AnyRow:
    known = select(Message.conversation_id, Message.seq).where(
        Message.channel == inbound.channel, Message.external_id == inbound.external_id
    )
    row: AnyRow = (await connection.execute(known)).one()
    return row
