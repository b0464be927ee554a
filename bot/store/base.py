"""The promises of the store: conversations under lease, the outbox, the archive, the visits …

Each method is one transaction, and none holds a connection after it returns. Every method may
raise ``StoreUnavailable``; then nothing was written.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.messages import (
    Citation,
    Conversation,
    Delivery,
    Inbound,
    LeftAlone,
    Message,
    Outcome,
    Owner,
    Passage,
    Rating,
    Reply,
    Sealed,
    Summary,
    Turn,
)
from bot.settings import BudgetSettings
from bot.store.standing import Standing


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

        How it was made is kept as well. Returns False, and changes nothing, where another fold
        came first.
        """
        ...

    async def prefer(self, conversation: int, *, backend: str | None, strategy: str | None) -> None:
        """Set both overrides of a conversation; None means the configured choice."""
        ...

    async def keep_prompt(self, digest: str, *, name: str, source: str) -> None:
        """Keep a template's sources under their hash, once, so that a turn can be replayed."""
        ...


class Outbox(Protocol):
    """What a courier needs: replies that are to be posted, each by one courier at a time."""

    async def take(
        self, *, channels: Collection[str], holder: str, seconds: float
    ) -> Delivery | None:
        """Mark the oldest due delivery as sending, for ``seconds``, and return it.

        A reply is due at once for the ``holder`` that wrote it, which may be showing it, and a
        moment later for everyone. One that was left in sending by a courier whose time is over is
        due again; a conversation's deliveries leave in the order of their replies.
        """
        ...

    async def sent(self, turn: str, *, receipt: str) -> bool:
        """Mark the delivery of ``turn`` as sent; False if it was already."""
        ...

    async def put_back(self, delivery: Delivery, *, error: str, seconds: float | None) -> None:
        """Try again in ``seconds``; None gives up and marks it as failed, with ``error``.

        Does nothing where another courier has taken it since: its ``attempts`` moved on.
        """
        ...


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
    """All that is kept of a turn, for ``bot why``. ``template`` is the source behind the hash."""

    conversation: int
    turn: Turn
    questions: tuple[Message, ...]
    passages: tuple[Passage, ...]
    template: str
    delivery: str
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
        """Return how a conversation's messages were folded, in order."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A part of an answer that a channel began to show; ``receipt`` is the channel's id of it.

    It is None where nobody came to keep it: whatever was shown then was shown soon after ``at``.
    """

    turn: str
    part: int
    receipt: str | None
    at: float


class Posts(Protocol):
    """What channels show of answers before their replies are delivered, and must clear away."""

    async def begin(self, channel: str, key: str, turn: str, *, part: int) -> bool:
        """Note that a part of ``turn``'s answer is about to be shown; safe to call again.

        False where the turn is closed or its reply was sent: then do not show it.
        """
        ...

    async def made(self, channel: str, turn: str, *, part: int, receipt: str) -> bool:
        """Keep the channel's id of a part.

        False where it was closed or settled meanwhile: then whoever shows it removes it.
        """
        ...

    async def close(self, channel: str, key: str, *, but: Collection[str]) -> Sequence[Shown]:
        """Return what is shown in a conversation, except of the turns ``but``, to be removed.

        From now on nothing of those turns begins. The same is returned until ``settle``.
        """
        ...

    async def settle(self, channel: str, key: str, turn: str) -> None:
        """Keep that ``turn``'s reply is delivered and what was closed before is removed.

        Its own parts are forgotten, and so is, after an hour, what was closed.
        """
        ...

    async def once(self, channel: str, name: str) -> bool:
        """Tell whether nobody asked for this ``name`` in two days: then the notice may be sent."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Where a channel's app was installed ``at`` a time. Only the channel reads ``sealed``."""

    name: str
    sealed: str
    about: Mapping[str, str]
    at: float


class Installations(Protocol):
    """Where each channel's app is installed, and who is on the way to install it."""

    async def keep(self, channel: str, name: str, *, sealed: str, about: Mapping[str, str]) -> None:
        """Keep an installation; it takes the place of an earlier one of that name."""
        ...

    async def find(self, channel: str, name: str) -> Installation | None:
        """Return the installation of that name, if there is one."""
        ...

    async def all(self, channel: str) -> Sequence[Installation]:
        """Return every installation of ``channel``, by name."""
        ...

    async def reseal(self, channel: str, name: str, *, old: str, new: str) -> bool:
        """Replace what is sealed, if it is still ``old``; nothing else changes."""
        ...

    async def remove(self, channel: str, name: str, *, at: float) -> bool:
        """Forget the installation that was kept ``at`` that time; False if there is none such."""
        ...

    async def issue(self, channel: str, state: str, *, seconds: float) -> None:
        """Let ``state`` be redeemed within ``seconds``."""
        ...

    async def redeem(self, channel: str, state: str) -> bool:
        """Tell whether ``state`` was issued and is still good; it never is a second time."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process at work; ``holder`` is its name on every lease."""

    holder: str
    host: str
    pid: int
    channels: tuple[str, ...]


class Processes(Protocol):
    """Who is at work."""

    async def seen(
        self,
        process: Process,
        *,
        left_alone: Mapping[str, LeftAlone],
        queues: Mapping[str, int],
        seconds: float,
    ) -> None:
        """Note that ``process`` runs; it is gone unless it is seen again within ``seconds``.

        ``queues`` tells how many answers wait in line for a backend that runs in it.
        Processes that are gone for an hour are forgotten.
        """
        ...

    async def ended(self, process: Process) -> None:
        """Forget a process that ended in order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A part of the budgets that is held for one request: those of its day and conversation."""

    id: str
    day: str
    backend: str
    conversation: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedUp:
    """The ``limit`` that leaves too little, by its name in the settings, and what it is of.

    ``left`` is what it leaves, in its own unit; below 0 where it was lowered since.
    """

    limit: str
    scope: str
    left: float


class Spendings(Protocol):
    """What was spent on backends, by all processes together, and what is held for requests."""

    async def reserve(
        self,
        backend: str,
        *,
        conversation: int,
        dollars: float,
        tokens: int,
        limits: BudgetSettings,
        seconds: float,
    ) -> Reservation | UsedUp:
        """Hold what a request may cost at most, unless a limit would be passed by it.

        What nobody settles is free again after ``seconds``. Days are those of UTC; conversation 0
        is none.
        """
        ...

    async def settle(self, held: Reservation, *, dollars: float, tokens: int) -> None:
        """Write down what it cost, and hold it no longer."""
        ...


class Overview(Protocol):
    """What people look at to see whether all is well."""

    async def standing(self, *, few: int) -> Standing:
        """Return how everything stands, with ``few`` of each kind of single things at most."""
        ...
