"""The archive in SQL: what people look back at."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from sqlalchemy import Connection, func, literal, select, text

from bot import messages as values
from bot.errors import StoreError
from bot.messages import Author, Found, Rating
from bot.store import rows
from bot.store.base import Line, Record, Unanswered
from bot.store.clock import now
from bot.store.conflicts import insert
from bot.store.database import Database
from bot.store.rows import AnyRow, AnySelect
from bot.store.tables import (
    Conversation,
    Delivery,
    Feedback,
    Message,
    Passage,
    Prompt,
    Summary,
    ToolCall,
    Turn,
)

_MOST_RECORDS = 10

# As the index over them says it.
_UNANSWERED = text("outcome IN ('unanswered', 'failed', 'set_aside')")

# The customer's messages that a turn answers.
_ASKED = (
    (Message.conversation_id == Turn.conversation_id)
    & Message.seq.between(Turn.first_seq, Turn.answers_seq)
    & (Message.author == Author.CUSTOMER)
)


class SqlArchive:
    """Keeps the promise of ``Archive``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, channel: str, key: str) -> values.Conversation | None:
        return await self._one(
            rows.CONVERSATIONS.where(Conversation.channel == channel, Conversation.key == key)
        )

    async def conversation(self, conversation: int) -> values.Conversation | None:
        return await self._one(rows.CONVERSATIONS.where(Conversation.id == conversation))

    async def latest(self, channel: str) -> values.Conversation | None:
        return await self._one(
            rows.CONVERSATIONS.where(Conversation.channel == channel)
            .order_by(Conversation.latest_at.desc(), Conversation.id.desc())
            .limit(1)
        )

    async def _one(self, query: AnySelect) -> values.Conversation | None:
        row = await self._database.read(lambda line: line.execute(query).one_or_none())
        return rows.to_conversation(row) if row else None

    async def _all(self, query: AnySelect) -> Sequence[AnyRow]:
        return await self._database.read(lambda line: line.execute(query).all())

    async def conversations(self, *, limit: int, mood: str = "") -> Sequence[Line]:
        said = select(func.count(Message.id)).where(Message.conversation_id == Conversation.id)
        opening = (
            select(Message.text)
            .where(
                Message.conversation_id == Conversation.id,
                Message.author == Author.CUSTOMER,
                Message.text != "",
            )
            .order_by(Message.seq)
            .limit(1)
        )
        query = (
            rows.CONVERSATIONS.add_columns(
                Conversation.begun_at,
                Conversation.latest_at,
                said.scalar_subquery().label("messages"),
                opening.scalar_subquery().label("opening"),
            )
            .order_by(Conversation.latest_at.desc(), Conversation.id.desc())
            .limit(limit)
        )
        if mood:
            # Written out: an index over a part of the rows serves no parameter.
            query = query.where(Conversation.mood == literal(mood, literal_execute=True))
        return [_to_line(row) for row in await self._all(query)]

    async def messages(self, conversation: int) -> Sequence[values.Message]:
        query = rows.MESSAGES.where(Message.conversation_id == conversation)
        return [rows.to_message(row) for row in await self._all(query)]

    async def turns(self, conversation: int) -> Sequence[values.Turn]:
        query = rows.TURNS.where(Turn.conversation_id == conversation).order_by(Turn.reply_seq)

        def deed(connection: Connection) -> list[values.Turn]:
            found = connection.execute(query).all()
            calls = _calls(connection, [row.id for row in found])
            return [rows.to_turn(row, calls.get(row.id, ())) for row in found]

        return await self._database.read(deed)

    async def summaries(self, conversation: int) -> Sequence[values.Summary]:
        query = (
            select(*Summary.__table__.columns)
            .where(Summary.conversation_id == conversation)
            .order_by(Summary.id)
        )
        return [rows.to_summary(row) for row in await self._all(query)]

    async def newest_turn(self) -> str | None:
        query = select(Turn.id).order_by(Turn.started_at.desc(), Turn.id.desc()).limit(1)
        return await self._database.read(lambda line: line.scalar(query))

    async def record(self, turn: str) -> Sequence[Record]:
        query = (
            rows.TURNS.where(func.substr(Turn.id, 1, len(turn)) == turn)
            .add_columns(
                Prompt.source, Delivery.state, Delivery.error, Feedback.rating, Feedback.comment
            )
            .join(Delivery, Delivery.turn_id == Turn.id)
            .outerjoin(Prompt, Prompt.hash == Turn.prompt_hash)
            .outerjoin(Feedback, Feedback.turn_id == Turn.id)
            .order_by(Turn.started_at.desc(), Turn.id)
            .limit(_MOST_RECORDS)
        )
        return await self._database.read(
            lambda line: [_to_record(line, row) for row in line.execute(query).all()]
        )

    async def unanswered(self, *, limit: int) -> Sequence[Unanswered]:
        newest = (
            select(Turn.id)
            .where(_UNANSWERED)
            .order_by(Turn.started_at.desc(), Turn.id)
            .limit(limit)
        )
        query = (
            select(Turn.id, Turn.conversation_id, Turn.started_at, Message.text)
            .join_from(Turn, Message, _ASKED)
            .where(Turn.id.in_(newest), Message.text != "")
            .order_by(Turn.started_at.desc(), Turn.id, Message.seq)
        )
        asked = await self._all(query)
        return [_to_unanswered(list(burst)) for _, burst in groupby(asked, lambda row: row.id)]

    async def rate(self, turn: str, rating: Rating, *, comment: str) -> None:
        said = {"rating": rating, "comment": comment, "at": now()}
        rate = (
            insert(Feedback)
            .values(turn_id=turn, **said)
            .on_conflict_do_update(index_elements=[Feedback.turn_id], set_=said)
        )

        def deed(connection: Connection) -> None:
            if connection.scalar(select(Turn.id).where(Turn.id == turn)) is None:
                raise StoreError(f"There is no turn '{turn}'.")
            connection.execute(rate)

        await self._database.write(deed)


def _calls(connection: Connection, turns: Sequence[str]) -> dict[str, list[AnyRow]]:
    query = select(ToolCall).where(ToolCall.turn_id.in_(turns)).order_by(ToolCall.id)
    found: dict[str, list[AnyRow]] = {}
    for row in connection.execute(query):
        found.setdefault(row.turn_id, []).append(row)
    return found


def _to_record(connection: Connection, row: AnyRow) -> Record:
    questions = connection.execute(
        rows.MESSAGES.join_from(Turn, Message, _ASKED).where(Turn.id == row.id)
    )
    calls = _calls(connection, [row.id])
    turn = rows.to_turn(row, calls.get(row.id, ()))
    return Record(
        conversation=row.conversation_id,
        turn=turn,
        questions=tuple(rows.to_message(question) for question in questions),
        passages=_passages(connection, turn.passages),
        template=row.source or "",
        delivery=row.state,
        undelivered=(row.error or "") if row.state == "failed" else "",
        rating=Rating(row.rating) if row.rating else None,
        comment=row.comment or "",
    )


def _passages(connection: Connection, given: Sequence[Found]) -> tuple[values.Passage, ...]:
    """Return the passages that a turn was given, with what the search found of them then."""
    asked = rows.PASSAGES.where(Passage.id.in_([found.passage for found in given]))
    by_id = {row.id: rows.to_passage(row) for row in connection.execute(asked)}
    return tuple(
        replace(by_id[found.passage], score=found.score, coverage=found.coverage)
        for found in given
        if found.passage in by_id
    )


def _to_line(row: AnyRow) -> Line:
    return Line(
        conversation=rows.to_conversation(row),
        messages=row.messages,
        begun=row.begun_at,
        latest=row.latest_at,
        opening=row.opening or "",
    )


def _to_unanswered(burst: Sequence[AnyRow]) -> Unanswered:
    first = burst[0]
    return Unanswered(
        conversation=first.conversation_id,
        turn=first.id,
        question="\n".join(row.text for row in burst),
        at=first.started_at,
    )
