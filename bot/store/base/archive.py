"""What people look back at: conversations, and why the bot said what it said."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.messages import Conversation, Message, Passage, Rating, Summary, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One conversation in a list. ``opening`` is its first customer message."""

    conversation: Conversation
    messages: int
    begun: float
    latest: float
    opening: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All that is kept of a turn, for ``bot why``. ``template`` are the sources behind the hash.

    ``delivery`` is how its reply stands in the outbox, and ``undelivered`` why it has failed there.
    """

    conversation: int
    turn: Turn
    questions: tuple[Message, ...]
    passages: tuple[Passage, ...]
    template: str
    delivery: str
    undelivered: str = ""
    rating: Rating | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """A question that the bot could not answer."""

    conversation: int
    turn: str
    question: str
    at: float


class Archive(Protocol):
    """What people look back at."""

    async def find(self, channel: str, key: str) -> Conversation | None:
        """Return the conversation of that key, if there is one."""
        ...

    async def conversation(self, conversation: int) -> Conversation | None:
        """Return the conversation of that id, if there is one."""
        ...

    async def latest(self, channel: str) -> Conversation | None:
        """Return the conversation of ``channel`` in which something was said last."""
        ...

    async def conversations(self, *, limit: int, mood: str = "") -> Sequence[Line]:
        """Return the ``limit`` conversations that were last written in, newest first.

        With a ``mood`` those in which the customer was last found in it.
        """
        ...

    async def messages(self, conversation: int) -> Sequence[Message]:
        """Return every message, folded ones too, in order of seq; empty if there is none."""
        ...

    async def turns(self, conversation: int) -> Sequence[Turn]:
        """Return a conversation's turns in the order of their replies."""
        ...

    async def summaries(self, conversation: int) -> Sequence[Summary]:
        """Return how a conversation's messages were folded, in order.

        Those with an ``error`` stand for nothing; they tell what it cost in vain.
        """
        ...

    async def newest_turn(self) -> str | None:
        """Return the id of the turn that began last, in whichever conversation."""
        ...

    async def record(self, turn: str) -> Sequence[Record]:
        """Return the turns whose id starts with ``turn``; at most ten."""
        ...

    async def unanswered(self, *, limit: int) -> Sequence[Unanswered]:
        """Return the newest questions that ended unanswered, failed or set aside, newest first."""
        ...

    async def rate(self, turn: str, rating: Rating, *, comment: str) -> None:
        """Keep what the customer thought of ``turn``'s reply; a second rating replaces it."""
        ...
