"""Keeps a turn: its reply, its audit record and its delivery, under the lease."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, or_, select, update

from bot import messages as values
from bot.messages import Author, Outcome
from bot.store import rows
from bot.store.base import Finish, Lease
from bot.store.clock import now
from bot.store.leases import BOTS, HELD, let_go, lost, of
from bot.store.rows import AnyRow
from bot.store.tables import Conversation, Delivery, Message, ToolCall, Turn


def _learned(column: Any) -> Any:
    """Return what the turn has learned, or else what was known."""
    return func.coalesce(bindparam(f"new_{column.key}", type_=column.type), column)


_WAITING = Conversation.asked_seq > bindparam("answers")
_READ = func.coalesce(
    bindparam("of_revision", type_=Conversation.revision.type), Conversation.revision
)
_REPLY = (
    update(Conversation)
    .where(HELD, BOTS, or_(bindparam("shown"), ~_WAITING), Conversation.revision == _READ)
    .values(
        next_seq=Conversation.next_seq + 1,
        answered_seq=bindparam("answers"),
        latest_at=now(),
        trouble=None,
        heard=_learned(Conversation.heard),
        mood=_learned(Conversation.mood),
        topic=_learned(Conversation.topic),
        facts=_learned(Conversation.facts),
        **let_go(unless=_WAITING),
    )
    .returning(
        Conversation.id,
        Conversation.channel,
        Conversation.lease_owner,
        (Conversation.next_seq - 1).label("seq"),
    )
)
_HOLDS = select(func.count()).select_from(Conversation).where(HELD, BOTS)
_RECORD = insert(Turn)
_SAY = insert(Message).values(at=now())
_SEND = insert(Delivery).values(due_at=now())
_CALLS = insert(ToolCall)


def finish(
    connection: Connection,
    lease: Lease,
    turn: values.Turn,
    *,
    tokens: int,
    shown: bool,
    revision: int | None,
    sealed: values.Sealed | None,
) -> Finish:
    """Keep ``turn``, unless nothing of it was shown and something else waits by now."""
    reply = {
        **of(lease),
        "answers": turn.reply.answers,
        "shown": shown,
        "of_revision": revision,
        "new_heard": turn.noticed.language,
        "new_mood": turn.noticed.mood,
        "new_topic": turn.noticed.topic,
        "new_facts": None if turn.noticed.facts is None else dict(turn.noticed.facts),
    }
    replied: AnyRow | None = connection.execute(_REPLY, reply).one_or_none()
    if replied is None:
        if not connection.scalar(_HOLDS, of(lease)):
            raise lost(lease)
        return Finish.SUPERSEDED
    _record(connection, turn, replied, holder=lease.holder, tokens=tokens, sealed=sealed)
    return Finish.WAITING if replied.lease_owner else Finish.RELEASED


def _record(
    connection: Connection,
    turn: values.Turn,
    replied: AnyRow,
    *,
    holder: str,
    tokens: int,
    sealed: values.Sealed | None,
) -> None:
    place = {"conversation_id": replied.id, "turn_id": turn.id, "seq": replied.seq}
    audit = {"conversation_id": replied.id, "reply_seq": replied.seq, **rows.to_turn_row(turn)}
    reply = {
        "author": Author.BOT,
        "text": turn.reply.text,
        "tokens": tokens,
        "answers_seq": turn.reply.answers,
        "stopped": turn.reply.outcome is Outcome.STOPPED,
    }
    if sealed:
        reply["parts"] = {"sealed": asdict(sealed)}
    connection.execute(_RECORD, audit)
    connection.execute(_SAY, {**place, **reply})
    connection.execute(_SEND, {**place, "channel": replied.channel, "holder": holder})
    if turn.refused_calls:
        connection.execute(_CALLS, [rows.to_call_row(call, turn) for call in turn.refused_calls])
