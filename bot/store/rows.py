"""What the tables' rows are as values, and which columns each value needs."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, astuple, fields, replace
from typing import Any

from sqlalchemy import Row, Select, select

from bot import messages as values
from bot.messages import Attempt, Author, Citation, Outcome, Owner, Reply, Usage
from bot.store.tables import Conversation, Customer, Message, Passage, Turn

AnyRow = Row[*tuple[Any, ...]]
AnySelect = Select[*tuple[Any, ...]]

_DIGITS = 6  # of a second, and of a dollar
_AUTHORS = {author.value: author for author in Author}

CONVERSATION = (
    Conversation.id,
    Conversation.channel,
    Conversation.key,
    Conversation.owner,
    Conversation.language,
    Conversation.heard,
    Conversation.mood,
    Conversation.topic,
    Conversation.facts,
    Conversation.asked_seq,
    Conversation.answered_seq,
    Conversation.revision,
    Conversation.summary,
    Conversation.summary_seq,
    Conversation.backend,
    Conversation.strategy,
)
CUSTOMER = (Customer.external_id, Customer.name, Customer.attributes)
CONVERSATIONS: AnySelect = select(*CONVERSATION, *CUSTOMER).join(
    Customer, Customer.id == Conversation.customer_id
)

MESSAGES: AnySelect = select(
    Message.seq,
    Message.author,
    Message.text,
    Message.parts,
    Message.tokens,
    Message.answers_seq,
    Message.stopped,
    Message.turn_id,
    Message.at,
    Message.edited_at,
).order_by(Message.seq)

TURNS: AnySelect = select(*Turn.__table__.columns, Message.text.label("reply_text")).join_from(
    Turn,
    Message,
    (Message.conversation_id == Turn.conversation_id) & (Message.seq == Turn.reply_seq),
)

PASSAGES: AnySelect = select(
    Passage.id, Passage.path, Passage.title, Passage.headings, Passage.link, Passage.text
)


def fits(name: str, column: Any) -> bool:
    """Tell whether a name from anywhere is short enough to be one that is kept."""
    return bool(len(name) <= column.type.longest)


def to_conversation(row: AnyRow) -> values.Conversation:
    return values.Conversation(
        id=row.id,
        channel=row.channel,
        key=row.key,
        customer=row.external_id,
        customer_name=row.name,
        attributes=row.attributes,
        owner=Owner(row.owner),
        language=row.heard or row.language,
        asked=row.asked_seq,
        answered=row.answered_seq,
        revision=row.revision,
        summary=row.summary,
        summary_seq=row.summary_seq,
        backend=row.backend,
        strategy=row.strategy,
        mood=row.mood or "",
        topic=row.topic or "",
        facts=row.facts or {},
    )


def to_message(row: AnyRow) -> values.Message:
    """Return a message as people may look at it."""
    message = to_sent(row)
    return replace(message, sealed=None) if message.sealed else message


def to_sent(row: AnyRow) -> values.Message:
    """Return a message as a model may be sent it: with what is sealed."""
    # Read by place: a history is the longest thing that a turn reads.
    seq, author, text, parts, tokens, answers, stopped, turn, at, edited = row
    message = values.Message(
        seq=seq,
        author=_AUTHORS[author],
        text=text,
        tokens=tokens,
        at=at,
        answers=answers,
        stopped=stopped,
        turn=turn,
        edited=edited,
    )
    return _with_parts(message, parts) if parts else message


def _with_parts(message: values.Message, parts: Mapping[str, Any]) -> values.Message:
    return replace(
        message,
        calls=tuple(values.ToolCall(**call) for call in parts.get("calls", ())),
        results=tuple(values.ToolResult(**result) for result in parts.get("results", ())),
        sealed=values.Sealed(**parts["sealed"]) if "sealed" in parts else None,
    )


def to_turn(row: AnyRow, calls: Iterable[AnyRow] = ()) -> values.Turn:
    return values.Turn(
        id=row.id,
        reply=Reply(
            turn=row.id,
            text=row.reply_text,
            outcome=Outcome(row.outcome),
            answers=row.answers_seq,
            citations=to_citations(row.citations),
        ),
        first=row.first_seq,
        started=row.started_at,
        seconds=row.seconds,
        first_piece=row.first_piece,
        strategy=row.strategy,
        prompt=row.prompt,
        prompt_hash=row.prompt_hash,
        reasoning=row.reasoning,
        passages=tuple(values.Found(*found) for found in row.passages),
        refused_calls=tuple(to_call(call) for call in calls),
        attempts=tuple(_to_attempt(attempt) for attempt in row.attempts),
        steps=tuple(values.Step(**step) for step in row.steps),
        readings=tuple(values.Reading(**reading) for reading in row.readings),
        route=row.route,
        trouble=row.trouble or "",
    )


def to_turn_row(turn: values.Turn) -> dict[str, Any]:
    """Return the columns of ``turns`` that the turn itself knows."""
    return {
        "id": turn.id,
        "first_seq": turn.first,
        "answers_seq": turn.reply.answers,
        "outcome": turn.reply.outcome,
        "strategy": turn.strategy,
        "prompt": turn.prompt,
        "prompt_hash": turn.prompt_hash,
        "reasoning": turn.reasoning,
        "passages": [astuple(found) for found in turn.passages],
        "citations": [asdict(citation) for citation in turn.reply.citations],
        "attempts": [_told(attempt) for attempt in turn.attempts],
        "steps": [_told(step) for step in turn.steps],
        "readings": [_told(reading) for reading in turn.readings],
        "route": turn.route,
        "trouble": turn.trouble or None,
        "started_at": turn.started,
        "first_piece": turn.first_piece,
        "seconds": turn.seconds,
    }


def to_summary(row: AnyRow) -> values.Summary:
    return values.Summary(
        upto=row.upto_seq,
        text=row.text,
        by=row.by,
        seconds=row.seconds,
        error=row.error,
        attempts=tuple(_to_attempt(attempt) for attempt in row.attempts),
        at=row.at,
    )


def to_summary_row(summary: values.Summary) -> dict[str, Any]:
    """Return the columns of ``summaries`` that the summary itself knows."""
    return {
        "upto_seq": summary.upto,
        "text": summary.text,
        "by": summary.by,
        "seconds": summary.seconds,
        "error": summary.error,
        "attempts": [_told(attempt) for attempt in summary.attempts],
    }


def to_call(row: AnyRow) -> values.ToolCall:
    return values.ToolCall(id=row.call_id, name=row.name, arguments=row.arguments)


def to_call_row(call: values.ToolCall, turn: values.Turn) -> dict[str, Any]:
    """Return the row of a call that was not carried out."""
    return {
        "turn_id": turn.id,
        "call_id": call.id,
        "name": call.name,
        "arguments": call.arguments,
        "status": "refused",
    }


def to_citations(kept: Iterable[Mapping[str, Any]]) -> tuple[Citation, ...]:
    return tuple(Citation(**citation) for citation in kept)


def to_passage(row: AnyRow) -> values.Passage:
    return values.Passage(
        id=row.id,
        article=row.path,
        title=row.title,
        headings=tuple(row.headings),
        link=row.link,
        text=row.text,
    )


def _to_attempt(kept: Mapping[str, Any]) -> Attempt:
    return Attempt(**{**kept, "usage": Usage(**kept.get("usage", {}))})


def _told(value: Any) -> dict[str, Any]:
    """Return what a dataclass says beyond its defaults."""
    told = ((field.name, getattr(value, field.name), field.default) for field in fields(value))
    return {name: _short(said) for name, said, default in told if said != default}


def _short(said: Any) -> Any:
    if isinstance(said, Usage):
        return _told(said)
    return round(said, _DIGITS) if isinstance(said, float) else said
