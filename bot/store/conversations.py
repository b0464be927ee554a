"""Conversations in SQL: messages in, turns out, one holder at a time."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from sqlalchemy import Connection, bindparam, select, update

from bot.messages import Inbound, Owner, Reply, Sealed, Summary, Turn
from bot.store import accepting, finishing, histories, leases, revising, rows, tables
from bot.store.base import Accepted, Finish, History, Lease, Owed, Revised
from bot.store.clock import now
from bot.store.conflicts import insert
from bot.store.database import Database
from bot.store.tables import Conversation, Prompt

_THIS = Conversation.id == bindparam("this")
_OWED = select(
    Conversation.answered_seq,
    Conversation.asked_seq,
    Conversation.revision,
    Conversation.owner,
    Conversation.trouble,
).where(_THIS)
_REPLY = (
    rows.TURNS.where(
        tables.Turn.conversation_id == bindparam("this"),
        # A reply stands after what it answers: so the search begins there, in the index.
        tables.Turn.reply_seq > bindparam("asked"),
        tables.Turn.first_seq <= bindparam("asked"),
        tables.Turn.answers_seq >= bindparam("asked"),
    )
    .order_by(tables.Turn.reply_seq)
    .limit(1)
)
_LATE = "Another summary came first."
_KEEP_SUMMARY = insert(tables.Summary).values(at=now())
_KEEP_PROMPT = insert(Prompt).on_conflict_do_nothing(index_elements=[Prompt.hash])


class SqlConversations:
    """Keeps the promise of ``Conversations``: each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def accept(
        self, inbound: Inbound, *, tokens: int, holder: str, seconds: float
    ) -> Accepted:
        def deed(connection: Connection) -> Accepted:
            return accepting.accept(
                connection, inbound, tokens=tokens, holder=holder, seconds=seconds
            )

        return await self._database.write(deed)

    async def revise(
        self, channel: str, external_id: str, *, text: str, tokens: int
    ) -> Revised | None:
        if not rows.fits(external_id, tables.Message.external_id):
            return None
        return await self._database.write(
            lambda line: revising.revise(line, channel, external_id, text=text, tokens=tokens)
        )

    async def claim(
        self, *, channels: Collection[str], holder: str, seconds: float, limit: int
    ) -> Sequence[Lease]:
        def deed(connection: Connection) -> list[Lease]:
            return leases.claim(
                connection, channels=channels, holder=holder, seconds=seconds, limit=limit
            )

        return await self._database.write(deed)

    async def stop(self, conversation: int) -> None:
        stop = (
            update(Conversation)
            .where(Conversation.id == conversation, leases.WAITS)
            .values(stop_seq=Conversation.asked_seq)
        )
        await self._database.write(lambda line: line.execute(stop))

    async def renew(self, lease: Lease, *, seconds: float) -> int:
        return await self._database.write(lambda line: leases.renew(line, lease, seconds=seconds))

    async def release(self, lease: Lease) -> bool:
        return await self._database.write(lambda line: leases.release(line, lease))

    async def abandon(self, lease: Lease) -> None:
        await self._database.write(lambda line: leases.abandon(line, lease))

    async def fail(self, lease: Lease, *, trouble: str, pause: float) -> None:
        await self._database.write(
            lambda line: leases.fail(line, lease, trouble=trouble, pause=pause)
        )

    async def read(self, conversation: int) -> History:
        # The conversation is read first: what is said meanwhile is only more to answer.
        return await self._database.glance(lambda line: histories.read(line, conversation))

    async def owed(self, conversation: int) -> Owed:
        def deed(connection: Connection) -> Owed:
            row = connection.execute(_OWED, {"this": conversation}).one_or_none()
            if row is None:
                raise histories.unknown(conversation)
            return Owed(
                after=row.answered_seq,
                upto=row.asked_seq,
                revision=row.revision,
                owner=Owner(row.owner),
                trouble=row.trouble or "",
            )

        return await self._database.glance(deed)

    async def reply(self, conversation: int, *, seq: int) -> Reply | None:
        def deed(connection: Connection) -> Reply | None:
            found = connection.execute(_REPLY, {"this": conversation, "asked": seq})
            row = found.one_or_none()
            return rows.to_turn(row).reply if row else None

        return await self._database.glance(deed)

    async def finish(
        self,
        lease: Lease,
        turn: Turn,
        *,
        tokens: int,
        shown: bool,
        revision: int | None = None,
        sealed: Sealed | None = None,
    ) -> Finish:
        def deed(connection: Connection) -> Finish:
            return finishing.finish(
                connection,
                lease,
                turn,
                tokens=tokens,
                shown=shown,
                revision=revision,
                sealed=sealed,
            )

        return await self._database.write(deed)

    async def fold(self, conversation: int, *, since: int, summary: Summary) -> bool:
        fold = (
            update(Conversation)
            .where(Conversation.id == conversation, Conversation.summary_seq == since)
            .values(summary=summary.text, summary_seq=summary.upto)
        )

        def deed(connection: Connection) -> bool:
            folded = not summary.error and connection.execute(fold).rowcount == 1
            if folded or summary.attempts:
                error = summary.error or ("" if folded else _LATE)
                row = rows.to_summary_row(replace(summary, error=error))
                connection.execute(_KEEP_SUMMARY, {"conversation_id": conversation, **row})
            return folded

        return await self._database.write(deed)

    async def prefer(self, conversation: int, *, backend: str | None, strategy: str | None) -> None:
        prefer = (
            update(Conversation)
            .where(Conversation.id == conversation)
            .values(backend=backend, strategy=strategy)
        )
        await self._database.write(lambda line: line.execute(prefer))

    async def keep_prompt(self, digest: str, *, name: str, source: str) -> None:
        prompt = {"hash": digest, "name": name, "source": source}
        await self._database.write(lambda line: line.execute(_KEEP_PROMPT, prompt))
