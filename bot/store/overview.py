"""The overview in SQL: how everything stands, from indexes that hold only what is unfinished."""

from collections.abc import Sequence
from statistics import mean
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    ScalarSelect,
    case,
    func,
    literal_column,
    select,
    union_all,
)

from bot.messages import Author, Outcome, Owner
from bot.store.clock import now
from bot.store.database import Database
from bot.store.leases import BOTS, WAITS
from bot.store.rows import AnyRow, AnySelect
from bot.store.spendings import spent_today
from bot.store.standing import (
    Holding,
    Outgoing,
    Queue,
    Seen,
    SetAside,
    Shunned,
    Standing,
    Undelivered,
    Waiting,
)
from bot.store.tables import Conversation, Delivery, Message, Process, Turn

_LATELY = 86_400.0  # seconds
_FEW = 20  # replies that tell what one takes


def _many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """Return how many rows of a group fulfil ``condition``."""
    return func.count(case((condition, 1)))


# --- Conversations ----------------------------------------------------------------------------

_HAS_HOLDER = Conversation.lease_owner.is_not(None)
_RUNS = Conversation.lease_until > now()
_HELD = _HAS_HOLDER & _RUNS

_QUEUES: AnySelect = (
    select(
        Conversation.channel,
        _many(BOTS & _HELD).label("held"),
        _many(BOTS & ~_HELD).label("free"),
        _many(Conversation.owner == Owner.OPERATOR).label("with_a_person"),
    )
    .where(WAITS)
    .group_by(Conversation.channel)
    .order_by(Conversation.channel)
)
_ASKED: ScalarSelect[float] = (
    select(Message.at)
    .where(
        Message.conversation_id == Conversation.id,
        Message.seq > Conversation.answered_seq,
        Message.author == Author.CUSTOMER,
    )
    .order_by(Message.seq)
    .limit(1)
    .scalar_subquery()
)
_WAITING: AnySelect = select(
    Conversation.id.label("conversation"),
    Conversation.channel,
    Conversation.key,
    case((_HELD, Conversation.lease_owner), else_="").label("holder"),
    Conversation.tries,
    func.coalesce(Conversation.trouble, "").label("trouble"),
    _ASKED.label("since"),
).where(WAITS, BOTS)
_LONGEST = _WAITING.order_by(literal_column("since"), Conversation.id)
_RETRIED = _WAITING.where(Conversation.tries > 1).order_by(
    Conversation.tries.desc(), Conversation.id
)
_HOLDINGS: AnySelect = (
    select(
        Conversation.lease_owner.label("holder"),
        _many(_RUNS).label("leases"),
        func.min(case((_RUNS, Conversation.lease_until))).label("first_until"),
        _many(~_RUNS).label("overdue"),
        func.min(case((~_RUNS, Conversation.lease_until))).label("overdue_since"),
    )
    # A lease is held only on what waits.
    .where(WAITS, BOTS, _HAS_HOLDER)
    .group_by(Conversation.lease_owner)
    .order_by(Conversation.lease_owner)
)


# --- Processes --------------------------------------------------------------------------------

_PROCESSES = select(*Process.__table__.columns, (Process.gone_at <= now()).label("gone")).order_by(
    Process.started_at, Process.holder
)


def _to_seen(row: AnyRow) -> Seen:
    return Seen(
        holder=row.holder,
        host=row.host,
        pid=row.pid,
        channels=tuple(row.channels),
        started=row.started_at,
        seen=row.seen_at,
        gone=bool(row.gone),
        left_alone=tuple(_to_shunned(row, *one) for one in row.left_alone.items()),
        queues=dict(row.queues),
    )


def _to_shunned(row: AnyRow, backend: str, kept: dict[str, Any]) -> Shunned:
    return Shunned(
        backend=backend,
        since=row.seen_at - kept["since"],
        until=row.seen_at + kept["rest"],
        trouble=kept["trouble"],
    )


# --- Replies ---------------------------------------------------------------------------------

# Written out in the statements: an index over a part of the rows serves no parameter.
_OPEN = Delivery.state.in_([literal_column("'pending'"), literal_column("'sending'")])
_FAILED_STATE = Delivery.state == literal_column("'failed'")
# Nobody tries a terminal's own: whoever asked there went away.
_GIVEN_UP = _FAILED_STATE & (Delivery.attempts > 0)
_DUE = Delivery.due_at <= now()

_OUTGOING: AnySelect = (
    select(
        Delivery.channel,
        _many(Delivery.state == "pending").label("pending"),
        _many(Delivery.state == "sending").label("sending"),
        _many(_DUE).label("due"),
        func.min(case((_DUE, Delivery.due_at))).label("due_since"),
    )
    .where(_OPEN)
    .group_by(Delivery.channel)
    .order_by(Delivery.channel)
)
_FAILED: AnySelect = select(
    func.count().label("failed"), _many(Delivery.due_at > now() - _LATELY).label("lately")
).where(_GIVEN_UP)
_UNDELIVERED: AnySelect = (
    select(
        Delivery.turn_id.label("turn"),
        Delivery.conversation_id.label("conversation"),
        Delivery.channel,
        Conversation.key,
        Delivery.due_at.label("at"),
        Delivery.attempts,
        func.coalesce(Delivery.error, "").label("error"),
    )
    .join(Conversation, Conversation.id == Delivery.conversation_id)
    .where(_GIVEN_UP)
    .order_by(Delivery.due_at.desc(), Delivery.turn_id)
)


_SET_ASIDE: AnySelect = (
    select(
        Turn.id.label("turn"),
        Turn.conversation_id.label("conversation"),
        Conversation.channel,
        Conversation.key,
        Turn.started_at.label("at"),
        func.coalesce(Turn.trouble, "").label("trouble"),
    )
    .join(Conversation, Conversation.id == Turn.conversation_id)
    .where(Turn.outcome == Outcome.SET_ASIDE)
    .order_by(Turn.started_at.desc(), Turn.id)
)
# What was sent is too much to be counted; what was made in a day is in an index.
_MADE_LATELY = Turn.started_at > now() - _LATELY
_MADE: AnySelect = (
    select(Turn.outcome, func.count().label("turns")).where(_MADE_LATELY).group_by(Turn.outcome)
)
_unsent = union_all(
    select(Delivery.turn_id).where(_OPEN), select(Delivery.turn_id).where(_FAILED_STATE)
).subquery()
_UNSENT: AnySelect = (
    select(func.count())
    .select_from(_unsent)
    .join(Turn, Turn.id == _unsent.c.turn_id)
    .where(Turn.started_at > now() - _LATELY)
)

_NEWEST: AnySelect = select(Turn.attempts).order_by(Turn.started_at.desc()).limit(_FEW)


def _reads(connection: Connection) -> dict[str, int]:
    """Return how many tokens each backend read for one of the newest replies."""
    read: dict[str, list[int]] = {}
    for attempts in connection.scalars(_NEWEST):
        for one in attempts:
            if not one.get("step") and (tokens := one.get("usage", {}).get("input")):
                read.setdefault(one["backend"], []).append(tokens)
    return {backend: round(mean(tokens)) for backend, tokens in read.items()}


# --- Customers --------------------------------------------------------------------------------

_WRITTEN_LATELY = Conversation.latest_at > now() - _LATELY
_UPSET: AnySelect = (
    select(func.count())
    .select_from(Conversation)
    .where(Conversation.mood == literal_column("'upset'"), _WRITTEN_LATELY)
)
_TOPICS: AnySelect = (
    select(Conversation.topic, func.count().label("conversations"))
    .where(Conversation.topic.is_not(None), _WRITTEN_LATELY)
    .group_by(Conversation.topic)
    .order_by(func.count().desc(), Conversation.topic)
)


# --- All of it --------------------------------------------------------------------------------


class SqlOverview:
    """Keeps the promise of ``Overview``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def standing(self, *, few: int) -> Standing:
        return await self._database.read(lambda line: _standing(line, few))


def _standing(connection: Connection, few: int) -> Standing:
    def rows(query: AnySelect) -> Sequence[RowMapping]:
        return connection.execute(query).mappings().all()

    at = connection.scalar(select(now())) or 0.0
    failed = connection.execute(_FAILED).one()
    made = {row.outcome: row.turns for row in connection.execute(_MADE)}
    return Standing(
        at=at,
        queues=tuple(Queue(**row) for row in rows(_QUEUES)),
        longest=tuple(Waiting(**row) for row in rows(_LONGEST.limit(few))),
        retried=tuple(Waiting(**row) for row in rows(_RETRIED.limit(few))),
        holdings=tuple(Holding(**row) for row in rows(_HOLDINGS)),
        processes=tuple(map(_to_seen, connection.execute(_PROCESSES))),
        outgoing=tuple(Outgoing(**row) for row in rows(_OUTGOING)),
        made=made,
        sent=sum(made.values()) - (connection.scalar(_UNSENT) or 0),
        failed=failed.failed,
        failed_lately=failed.lately,
        undelivered=tuple(Undelivered(**row) for row in rows(_UNDELIVERED.limit(few))),
        set_aside=tuple(SetAside(**row) for row in rows(_SET_ASIDE.limit(few))),
        upset=connection.scalar(_UPSET) or 0,
        topics={row.topic: row.conversations for row in connection.execute(_TOPICS)},
        spent=spent_today(connection, at),
        reads=_reads(connection),
    )
