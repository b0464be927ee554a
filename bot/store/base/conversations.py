"""Conversations under lease: messages in, turns out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.messages import Conversation, Inbound, Message, Owner, Reply, Sealed, Summary, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to answer a conversation until someone claims it with a higher ``epoch``.

    ``tries`` counts how often it was taken since anything was answered, this time included.
    """

    conversation: int
    holder: str
    epoch: int
    tries: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A conversation and its messages after ``conversation.summary_seq``, in order of seq."""

    conversation: Conversation
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What became of an inbound message.

    ``lease`` is set where the caller shall answer it, and with it what there is to read.
    """

    conversation: int
    seq: int
    duplicate: bool = False
    lease: Lease | None = None
    history: History | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revised:
    """A message that its customer changed; ``revision`` is None where it does not wait any more.

    A turn that read an earlier revision of the conversation has read other words.
    """

    conversation: int
    seq: int
    revision: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """The customer's messages ``after`` a seq and ``upto`` one have no reply yet.

    ``revision`` is as in ``Conversation``, ``owner`` who answers at all, and ``trouble`` what the
    last try ran into, if it lived to tell.
    """

    after: int
    upto: int
    revision: int = 0
    owner: Owner = Owner.BOT
    trouble: str = ""


class Finish(StrEnum):
    """What became of a turn."""

    RELEASED = "released"  # kept; nothing else waits, the lease is gone
    WAITING = "waiting"  # kept; a newer message waits, the lease is still held
    SUPERSEDED = "superseded"  # not kept: nothing was shown, and what waits is not what was read


class Conversations(Protocol):
    """What the engine needs: messages in, turns out, one holder at a time."""

    async def accept(
        self, inbound: Inbound, *, tokens: int, holder: str, seconds: float
    ) -> Accepted:
        """Keep ``inbound`` and take the conversation's lease for ``seconds`` if it is free.

        A message whose ``(channel, external_id)`` is known changes nothing and is told so. The
        lease is taken only where the bot owns the conversation. An unknown customer or
        conversation is made; name, language and attributes of a known one are updated.
        """
        ...

    async def revise(
        self, channel: str, external_id: str, *, text: str, tokens: int
    ) -> Revised | None:
        """Let a customer's kept message say ``text``; None where it is not known.

        Without a text it is deleted, for good: nobody answers it any more. What a reply or a
        summary says of its earlier words stays.
        """
        ...

    async def claim(
        self, *, channels: Collection[str], holder: str, seconds: float, limit: int
    ) -> Sequence[Lease]:
        """Take up to ``limit`` conversations of ``channels`` that wait and that nobody holds."""
        ...

    async def stop(self, conversation: int) -> None:
        """Keep that its customer wants no further answer to what was asked so far."""
        ...

    async def renew(self, lease: Lease, *, seconds: float) -> int:
        """Hold ``lease`` for ``seconds`` from now; return the seq up to which to stop answering.

        Raises:
            LeaseLost: another epoch, another owner, or no longer the bot's conversation.
        """
        ...

    async def release(self, lease: Lease) -> bool:
        """Let go, unless a newer message waits: then keep the lease and return True.

        Raises:
            LeaseLost: it was no longer held.
        """
        ...

    async def abandon(self, lease: Lease) -> None:
        """Let go whatever waits, so that another process may take it; it counts as no try.

        Does nothing if the lease was lost.
        """
        ...

    async def fail(self, lease: Lease, *, trouble: str, pause: float) -> None:
        """Let go after a try that failed; nobody takes it before ``pause`` seconds are over.

        Does nothing if the lease was lost.
        """
        ...

    async def read(self, conversation: int) -> History:
        """Return the conversation with the messages that are not folded into its summary."""
        ...

    async def owed(self, conversation: int) -> Owed:
        """Return which messages wait, without their words."""
        ...

    async def reply(self, conversation: int, *, seq: int) -> Reply | None:
        """Return the committed reply that answers the customer's message ``seq``, if any."""
        ...

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
        """Keep the reply, its audit and its delivery, all or nothing, under the lease.

        What the turn noticed goes onto the conversation.
        ``shown`` tells whether the customer has seen any of it; if not, and a newer message is
        waiting, nothing is written and the turn is superseded. So it is where the conversation's
        ``revision`` is given and is another by now. ``sealed`` is kept with the reply.

        Raises:
            LeaseLost: the epoch moved on, or a person owns the conversation. Nothing is written.
        """
        ...

    async def fold(self, conversation: int, *, since: int, summary: Summary) -> bool:
        """Let ``summary`` stand for all that it covers, if ``since`` is still where it stood.

        How it was made is kept as well. Returns False, and changes nothing else, where it failed
        (its ``error`` says why) or another fold came first; what that cost is kept all the same.
        """
        ...

    async def prefer(self, conversation: int, *, backend: str | None, strategy: str | None) -> None:
        """Set both overrides of a conversation; None means the configured choice."""
        ...

    async def keep_prompt(self, digest: str, *, name: str, source: str) -> None:
        """Keep templates' sources under their hash, once, so that a turn can be replayed.

        ``name`` is the one that stands first.
        """
        ...
