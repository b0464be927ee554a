"""Conversations in SQL: messages in, turns out, one holder at a time."""

from collections.abc import Collection, Sequence

from sqlalchemy import select, update

from bot.errors import StoreError
from bot.messages import Inbound, Reply, Turn
from bot.store import accepting, finishing, leases, rows, tables
from bot.store.base import Accepted, Finish, History, Lease
from bot.store.database import Database, retried
from bot.store.tables import Conversation, Message, Prompt


class SqlConversations:
    """Keeps the promise of ``Conversations``: each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @retried
    async def accept(
        self, inbound: Inbound, *, tokens: int, holder: str, seconds: float
    ) -> Accepted:
        async with self._database.writing() as connection:
            return await accepting.accept(
                connection, self._database, inbound, tokens=tokens, holder=holder, seconds=seconds
            )

    @retried
    async def claim(
        self, *, channels: Collection[str], holder: str, seconds: float, limit: int
    ) -> Sequence[Lease]:
        async with self._database.writing() as connection:
            return await leases.claim(
                connection,
                self._database,
                channels=channels,
                holder=holder,
                seconds=seconds,
                limit=limit,
            )

    @retried
    async def renew(self, lease: Lease, *, seconds: float) -> None:
        renew = (
            update(Conversation)
            .where(leases.held(lease), leases.BOTS)
            .values(lease_until=self._database.now + seconds)
        )
        async with self._database.writing() as connection:
            if (await connection.execute(renew)).rowcount == 0:
                raise leases.lost(lease)

    @retried
    async def release(self, lease: Lease) -> bool:
        waiting = leases.BOTS & (Conversation.asked_seq > Conversation.answered_seq)
        release = (
            update(Conversation)
            .where(leases.held(lease))
            .values(leases.freed(unless=waiting))
            .returning(Conversation.lease_owner)
        )
        async with self._database.writing() as connection:
            released = (await connection.execute(release)).one_or_none()
        if released is None:
            raise leases.lost(lease)
        return released.lease_owner is not None

    @retried
    async def abandon(self, lease: Lease) -> None:
        abandon = (
            update(Conversation).where(leases.held(lease)).values(lease_owner=None, lease_until=0.0)
        )
        async with self._database.writing() as connection:
            await connection.execute(abandon)

    @retried
    async def read(self, conversation: int) -> History:
        async with self._database.reading() as connection:
            row = (
                await connection.execute(rows.CONVERSATIONS.where(Conversation.id == conversation))
            ).one_or_none()
            if row is None:
                raise _unknown(conversation)
            messages = await connection.execute(
                rows.MESSAGES.where(
                    Message.conversation_id == conversation, Message.seq > row.summary_seq
                )
            )
        return History(
            conversation=rows.to_conversation(row),
            messages=tuple(rows.to_message(message) for message in messages),
        )

    @retried
    async def asked(self, conversation: int) -> int:
        newest = select(Conversation.asked_seq).where(Conversation.id == conversation)
        async with self._database.reading() as connection:
            seq = await connection.scalar(newest)
        if seq is None:
            raise _unknown(conversation)
        return seq

    @retried
    async def reply(self, conversation: int, *, seq: int) -> Reply | None:
        answer = (
            rows.TURNS.where(
                tables.Turn.conversation_id == conversation,
                # A reply stands after what it answers: so the search begins there, in the index.
                tables.Turn.reply_seq > seq,
                tables.Turn.first_seq <= seq,
                tables.Turn.answers_seq >= seq,
            )
            .order_by(tables.Turn.reply_seq)
            .limit(1)
        )
        async with self._database.reading() as connection:
            row = (await connection.execute(answer)).one_or_none()
        return rows.to_turn(row).reply if row else None

    @retried
    async def finish(self, lease: Lease, turn: Turn, *, tokens: int, shown: bool) -> Finish:
        async with self._database.writing() as connection:
            return await finishing.finish(
                connection, self._database, lease, turn, tokens=tokens, shown=shown
            )

    @retried
    async def fold(self, conversation: int, *, since: int, upto: int, summary: str) -> bool:
        fold = (
            update(Conversation)
            .where(Conversation.id == conversation, Conversation.summary_seq == since)
            .values(summary=summary, summary_seq=upto)
        )
        async with self._database.writing() as connection:
            return (await connection.execute(fold)).rowcount == 1

    @retried
    async def prefer(self, conversation: int, *, backend: str | None, strategy: str | None) -> None:
        prefer = (
            update(Conversation)
            .where(Conversation.id == conversation)
            .values(backend=backend, strategy=strategy)
        )
        async with self._database.writing() as connection:
            await connection.execute(prefer)

    @retried
    async def keep_prompt(self, digest: str, *, name: str, source: str) -> None:
        keep = (
            self._database.insert(Prompt)
            .values(hash=digest, name=name, source=source)
            .on_conflict_do_nothing(index_elements=[Prompt.hash])
        )
        async with self._database.writing() as connection:
            await connection.execute(keep)


def _unknown(conversation: int) -> StoreError:
    return StoreError(f"There is no conversation {conversation}.")
