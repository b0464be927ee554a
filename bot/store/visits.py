"""Visits in SQL: what customers see of their own conversations."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, literal, select, update

from bot import messages as values
from bot.messages import Author, Outcome, Owner, Rating
from bot.store import rows
from bot.store.base import Entry, Mark, Visit
from bot.store.conflicts import insert
from bot.store.database import Database
from bot.store.listed import listed, to_list
from bot.store.rows import AnyRow, AnySelect
from bot.store.tables import Conversation, Customer, Feedback, Message, Secret, Turn

_LARGEST = 2**31 - 1  # that a seq's column holds
_OPENING_LENGTH = 200  # characters

_CUSTOMER = (
    Customer.channel == bindparam("channel"),
    Customer.external_id == bindparam("customer"),
)
_THIS = Conversation.id == bindparam("this")

_MARK = (
    Conversation.id,
    Conversation.next_seq,
    Conversation.asked_seq,
    Conversation.answered_seq,
    Conversation.owner,
    Conversation.read_seq,
)
_MARKS: AnySelect = select(*_MARK).where(Conversation.id.in_(listed("these")))
_OWNERS = {owner.value: owner for owner in Owner}

_OPENING = (
    select(func.substr(Message.text, 1, _OPENING_LENGTH))
    .where(
        Message.conversation_id == Conversation.id,
        Message.author == Author.CUSTOMER,
        Message.text != "",
    )
    .order_by(Message.seq)
    .limit(1)
    .scalar_subquery()
    .label("opening")
)
_VISITS: AnySelect = rows.CONVERSATIONS.add_columns(
    Conversation.next_seq, Conversation.read_seq, Conversation.latest_at, _OPENING
)
_FIND = _VISITS.where(
    Conversation.channel == bindparam("channel"), Conversation.key == bindparam("key")
)
_OF = (
    _VISITS.where(*_CUSTOMER)
    .order_by(Conversation.latest_at.desc(), Conversation.id.desc())
    .limit(bindparam("most"))
)

_ENTRIES: AnySelect = (
    select(
        Message.seq,
        Message.author,
        Message.text,
        Message.tokens,
        Message.answers_seq,
        Message.stopped,
        Message.turn_id,
        Message.at,
        Message.external_id,
        Turn.citations,
        Turn.outcome,
        Turn.first_piece,
        Feedback.rating,
    )
    .outerjoin(Turn, (Turn.id == Message.turn_id) & (Turn.reply_seq == Message.seq))
    .outerjoin(Feedback, Feedback.turn_id == Turn.id)
    .where(
        Message.conversation_id == bindparam("this"),
        Message.seq > bindparam("after"),
        Message.author.in_([Author.CUSTOMER, Author.BOT, Author.OPERATOR]),
        Message.text != "",
    )
    .limit(bindparam("most"))
)
_FIRST = _ENTRIES.order_by(Message.seq)
_LAST = _ENTRIES.where(Message.seq < bindparam("before")).order_by(Message.seq.desc())

_READ_UPTO = (
    update(Conversation)
    .where(
        _THIS,
        Conversation.read_seq < bindparam("seq"),
        Conversation.read_seq < Conversation.next_seq - 1,
    )
    .values(
        read_seq=case(
            (Conversation.next_seq - 1 < bindparam("seq"), Conversation.next_seq - 1),
            else_=bindparam("seq"),
        )
    )
)

_MEET = insert(Customer).on_conflict_do_nothing(
    index_elements=[Customer.channel, Customer.external_id]
)
_WHO = select(Customer.id).where(*_CUSTOMER)
_MOVE = (
    update(Conversation)
    .where(Conversation.customer_id == bindparam("leaves"))
    .values(customer_id=bindparam("joins"))
)

_TURN_OF = select(literal(1)).where(
    Turn.id == bindparam("turn"), Turn.conversation_id == bindparam("this")
)

_SECRET = select(Secret.value).where(Secret.name == bindparam("name"))
_KEEP_SECRET = insert(Secret).on_conflict_do_nothing(index_elements=[Secret.name])


class SqlVisits:
    """Keeps the promise of ``Visits``: each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, channel: str, key: str) -> Visit | None:
        if not rows.fits(key, Conversation.key):
            return None
        found = await self._all(_FIND, {"channel": channel, "key": key})
        return _to_visit(found[0]) if found else None

    async def of(self, channel: str, customer: str, *, limit: int) -> Sequence[Visit]:
        if not rows.fits(customer, Customer.external_id):
            return []
        asked = {"channel": channel, "customer": customer, "most": _within(limit)}
        return [_to_visit(row) for row in await self._all(_OF, asked)]

    async def page(
        self, conversation: int, *, after: int = 0, before: int | None = None, limit: int
    ) -> Sequence[Entry]:
        asked = {"this": conversation, "after": _within(after), "most": _within(limit)}
        if before is None:
            return [_to_entry(row) for row in await self._all(_FIRST, asked)]
        last = await self._all(_LAST, {**asked, "before": _within(before)})
        return [_to_entry(row) for row in reversed(last)]

    async def marks(self, conversations: Collection[int]) -> Mapping[int, Mark]:
        if not conversations:
            return {}
        found = await self._all(_MARKS, {"these": to_list(conversations)})
        return {row[0]: _to_mark(row) for row in found}

    async def read_upto(self, conversation: int, seq: int) -> None:
        read = {"this": conversation, "seq": _within(seq)}
        await self._database.write(lambda line: line.execute(_READ_UPTO, read))

    async def move(self, channel: str, customer: str, *, to: str) -> int:
        if customer == to or not rows.fits(customer, Customer.external_id):
            return 0

        def deed(connection: Connection) -> int:
            connection.execute(_MEET, {"channel": channel, "external_id": to})
            leaves = connection.scalar(_WHO, {"channel": channel, "customer": customer})
            joins = connection.scalar(_WHO, {"channel": channel, "customer": to})
            return connection.execute(_MOVE, {"leaves": leaves, "joins": joins}).rowcount

        return await self._database.write(deed)

    async def turn_of(self, conversation: int, turn: str) -> bool:
        if not rows.fits(turn, Turn.id):
            return False
        return bool(await self._all(_TURN_OF, {"this": conversation, "turn": turn}))

    async def secret(self, name: str, fresh: str) -> str:
        kept = await self._all(_SECRET, {"name": name})
        if kept:
            return str(kept[0].value)

        def deed(connection: Connection) -> str:
            connection.execute(_KEEP_SECRET, {"name": name, "value": fresh})
            return connection.execute(_SECRET, {"name": name}).scalar_one()

        return await self._database.write(deed)

    async def _all(self, query: AnySelect, asked: Mapping[str, Any]) -> Sequence[AnyRow]:
        return await self._database.glance(lambda line: line.execute(query, asked).all())


def _within(number: int) -> int:
    """Return ``number`` or, where the column cannot hold it, the nearest that it can."""
    return max(0, min(number, _LARGEST))


def _to_mark(columns: Iterable[Any]) -> Mark:
    # Read by place: of all who watch, every second.
    conversation, next_seq, asked, answered, owner, read = columns
    return Mark(
        conversation=conversation,
        seq=next_seq - 1,
        asked=asked,
        answered=answered,
        owner=_OWNERS[owner],
        read=read,
    )


def _to_visit(row: AnyRow) -> Visit:
    return Visit(
        conversation=rows.to_conversation(row),
        mark=_to_mark([getattr(row, column.key) for column in _MARK]),
        latest=row.latest_at,
        opening=row.opening or "",
    )


def _to_entry(row: AnyRow) -> Entry:
    message = values.Message(
        seq=row.seq,
        author=Author(row.author),
        text=row.text,
        tokens=row.tokens,
        at=row.at,
        answers=row.answers_seq,
        stopped=row.stopped,
        turn=row.turn_id,
    )
    return Entry(
        message=message,
        external_id=row.external_id if message.author is Author.CUSTOMER else None,
        citations=rows.to_citations(row.citations or ()),
        outcome=Outcome(row.outcome) if row.outcome else None,
        rating=Rating(row.rating) if row.rating else None,
        cut_short=row.stopped and row.first_piece is not None,
    )
