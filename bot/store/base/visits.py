"""What customers see of their own conversations."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.messages import Citation, Conversation, Message, Outcome, Owner, Rating


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far a conversation is: its newest message's ``seq``, whoever wrote it, and the rest.

    ``asked`` and ``answered`` are as in ``Conversation``; its customer has ``read`` up to that seq.
    """

    conversation: int
    seq: int
    asked: int
    answered: int
    owner: Owner
    read: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A conversation as its customer finds it again.

    ``latest`` is when something was last said, ``opening`` how the first message begins.
    """

    conversation: Conversation
    mark: Mark
    latest: float
    opening: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A message as its customer may see it: without tool calls, and none of a tool.

    ``external_id`` is set on the customer's own messages; what a reply came to, on replies.
    ``cut_short`` marks a reply that was stopped in its middle, not before its first word.
    """

    message: Message
    external_id: str | None = None
    citations: tuple[Citation, ...] = ()
    outcome: Outcome | None = None
    rating: Rating | None = None
    cut_short: bool = False


class Visits(Protocol):
    """What customers see of their own conversations.

    A seq may be any number; one beyond what is there means the end. A name or a turn that is too
    long to be kept is one that is not there.
    """

    async def find(self, channel: str, key: str) -> Visit | None:
        """Return the conversation of that key, if there is one."""
        ...

    async def of(self, channel: str, customer: str, *, limit: int) -> Sequence[Visit]:
        """Return the ``limit`` conversations that a customer was last in, newest first."""
        ...

    async def page(
        self, conversation: int, *, after: int = 0, before: int | None = None, limit: int
    ) -> Sequence[Entry]:
        """Return the first ``limit`` messages after a seq, in order of seq.

        Where ``before`` is given, the last ``limit`` that stand between the two, in order as well.
        """
        ...

    async def marks(self, conversations: Collection[int]) -> Mapping[int, Mark]:
        """Return how far each of ``conversations`` is, by its id; those that exist."""
        ...

    async def read_upto(self, conversation: int, seq: int) -> None:
        """Keep that the customer has read up to ``seq``: never backwards, nor beyond the end."""
        ...

    async def move(self, channel: str, customer: str, *, to: str) -> int:
        """Give all conversations of ``customer`` to the customer ``to``; return how many.

        An unknown ``to`` is made. Keys, order and leases stay as they are.
        """
        ...

    async def turn_of(self, conversation: int, turn: str) -> bool:
        """Tell whether ``turn`` answered in ``conversation``."""
        ...

    async def secret(self, name: str, fresh: str) -> str:
        """Keep ``fresh`` under ``name`` unless one is kept; return the one that is, to everyone."""
        ...
