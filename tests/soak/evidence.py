"""What both databases hold in the end, read with plain SQL and nothing of the bot's."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from tests.servers import mailbox

_CONVERSATIONS = "SELECT id, key, asked_seq, answered_seq, lease_owner FROM conversations"
_MESSAGES = "SELECT conversation_id, seq, author, text, external_id, turn_id FROM messages"
_TURNS = "SELECT id, conversation_id, first_seq, answers_seq, reply_seq, outcome FROM turns"
_DELIVERIES = "SELECT turn_id, state, attempts FROM deliveries"
_WAITING = (
    "SELECT (SELECT count(*) FROM conversations"
    " WHERE asked_seq > answered_seq OR lease_owner IS NOT NULL)"
    " + (SELECT count(*) FROM deliveries WHERE state IN ('pending', 'sending'))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A conversation's row."""

    id: int
    key: str
    asked: int
    answered: int
    holder: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message's row; ``external_id`` is the customer's, ``turn`` the bot's."""

    conversation: int
    seq: int
    author: str
    text: str
    external_id: str | None
    turn: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A turn's row: its reply stands at ``reply`` and answers ``first`` to ``answers``."""

    id: str
    conversation: int
    first: int
    answers: int
    reply: int
    outcome: str

    def covers(self, seq: int) -> bool:
        """Tell whether the message at ``seq`` is among those that it answers."""
        return self.first <= seq <= self.answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A row of the outbox."""

    turn: str
    state: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that the bot keeps and all that the messenger was told."""

    conversations: Sequence[Conversation]
    messages: Sequence[Message]
    turns: Sequence[Turn]
    deliveries: Sequence[Delivery]
    posts: Sequence[mailbox.Post]
    looks: Sequence[mailbox.Look]


async def read(url: str, *, posted: Path) -> Evidence:
    """Read the bot's database at ``url`` and the mailbox's in ``posted``."""
    return Evidence(
        conversations=[
            Conversation(id=row[0], key=row[1], asked=row[2], answered=row[3], holder=row[4])
            for row in await _rows(url, _CONVERSATIONS)
        ],
        messages=[
            Message(
                conversation=row[0],
                seq=row[1],
                author=row[2],
                text=row[3],
                external_id=row[4],
                turn=row[5],
            )
            for row in await _rows(url, _MESSAGES)
        ],
        turns=[
            Turn(
                id=row[0],
                conversation=row[1],
                first=row[2],
                answers=row[3],
                reply=row[4],
                outcome=row[5],
            )
            for row in await _rows(url, _TURNS)
        ],
        deliveries=[
            Delivery(turn=row[0], state=row[1], attempts=row[2])
            for row in await _rows(url, _DELIVERIES)
        ],
        posts=mailbox.posts(posted),
        looks=mailbox.looks(posted),
    )


async def waiting(url: str) -> int:
    """Count what is not yet done: conversations unanswered or held, and replies not yet sent."""
    [[count]] = await _rows(url, _WAITING)
    return int(count)


async def _rows(url: str, statement: str) -> Sequence[Any]:
    if url.startswith("sqlite:"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30)) as connection:
            return connection.execute(statement).fetchall()
    connection = await asyncpg.connect(url)
    try:
        rows: Sequence[Any] = await connection.fetch(statement)
        return rows
    finally:
        await connection.close()
