"""The frozen values that the house speaks in: what came in, what was said, what goes out.

Order within a conversation is ``seq``, never a clock. Times are seconds since the epoch (UTC).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final


class Author(StrEnum):
    """Who wrote a message."""

    CUSTOMER = "customer"
    BOT = "bot"
    OPERATOR = "operator"
    TOOL = "tool"


class Owner(StrEnum):
    """Who answers a conversation."""

    BOT = "bot"
    OPERATOR = "operator"
    NOBODY = "nobody"


class Outcome(StrEnum):
    """How a turn ended."""

    ANSWERED = "answered"
    UNANSWERED = "unanswered"  # said that it does not know
    STOPPED = "stopped"  # cut short by the customer; what was shown is kept
    REFUSED = "refused"  # the model declined
    FAILED = "failed"  # no backend answered; the customer was told so
    SET_ASIDE = "set_aside"  # every try of it broke or killed its process; likewise


class Rating(StrEnum):
    """What a customer thought of a reply."""

    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """What a channel heard, before anything is kept.

    ``key`` names the conversation within its channel and ``customer`` the person; ``external_id``
    is the channel's id of this very message: a second delivery carries the same one. ``backend``
    and ``strategy`` are the overrides of a conversation that begins with this message.
    """

    channel: str
    key: str
    external_id: str
    text: str
    customer: str
    name: str | None = None
    language: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    backend: str | None = None
    strategy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A model's wish to call a tool. ``arguments`` is the JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a tool gave back for the call with the id ``call_id``."""

    call_id: str
    text: str
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What a provider wants back with a reply that its model wrote: reasoning only it can read.

    ``of`` names that model; any other would refuse it. ``tokens`` is what it takes in its window.
    Nobody is ever shown it, and no log holds it.
    """

    of: str
    tokens: int
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a conversation as it is kept.

    ``answers`` is, on a reply, the seq of the last customer message that it answers. The ``text``
    of a customer's message that they deleted is empty.
    ``tokens`` is what it takes in a model's window. ``stopped`` marks a reply cut short.
    ``edited`` is when the customer changed it, if its reply stood by then: to other words.
    ``sealed`` comes with a reply where a model is to be sent it, and is not there to be looked at.
    """

    seq: int
    author: Author
    text: str
    tokens: int
    at: float
    answers: int | None = None
    stopped: bool = False
    turn: str | None = None
    edited: float | None = None
    calls: tuple[ToolCall, ...] = ()
    results: tuple[ToolResult, ...] = ()
    sealed: Sealed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A conversation as its row stood when it was read.

    ``asked`` and ``answered`` are seqs: of the newest customer message, and of the newest one
    that has a reply. ``revision`` counts how often the customer changed messages that waited.
    Messages up to ``summary_seq`` are folded into ``summary``. ``language`` is the one that they
    write, as far as it was heard, else the one that the channel told. ``mood``, ``topic`` and
    ``facts`` are what was read in their words; empty where nothing was.
    """

    id: int
    channel: str
    key: str
    customer: str
    customer_name: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    owner: Owner = Owner.BOT
    language: str | None = None
    asked: int = 0
    answered: int = 0
    revision: int = 0
    summary: str = ""
    summary_seq: int = 0
    backend: str | None = None
    strategy: str | None = None
    mood: str = ""
    topic: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A piece of an article, cut at a heading.

    ``headings`` leads from the article's title down to the passage; ``link`` goes to the
    heading's anchor. ``text`` is Markdown. ``score`` (BM25, higher is better) and ``coverage``
    (0 to 1: the share of the question's weight whose words the passage has) tell of the search
    that found it.
    """

    id: int
    article: str
    title: str
    headings: tuple[str, ...]
    link: str
    text: str
    score: float = 0.0
    coverage: float = 0.0


@dataclass(frozen=True, slots=True)
class Found:
    """A passage by its id, as a search found it; ``score`` and ``coverage`` as in ``Passage``."""

    passage: int
    score: float
    coverage: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A source that a reply names as ``[number]``; numbers start at 1 in every reply."""

    number: int
    passage: int
    title: str
    heading: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one or several requests. ``input`` includes the cached and written ones."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            input=self.input + other.input,
            output=self.output + other.output,
            cache_read=self.cache_read + other.cache_read,
            cache_write=self.cache_write + other.cache_write,
        )


GIVEN_UP: Final = "Given up before it had answered."
"""The error of an attempt that nobody waited for any longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One backend that was tried in a turn. ``error`` is empty where it answered.

    ``first_piece`` and ``seconds`` count from the start of the attempt, None where none came.
    ``cost`` is in US dollars, None where the provider told no usage or no price is known.
    ``step`` is what it was asked for beside the reply: a step of a strategy, or a task.
    """

    backend: str
    model: str
    error: str = ""
    first_piece: float | None = None
    seconds: float = 0.0
    usage: Usage = Usage()
    cost: float | None = None
    step: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One hidden step of a way of reasoning, kept for the audit and never shown to a customer.

    ``text`` is what it came to; ``error`` is why it came to nothing.
    """

    name: str
    text: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a task read in the customer's words: the mood, the topic, the language …

    ``score`` (0 to 1) tells how sure it is, None where it does not say; ``by`` is the rule, model
    or backend that read it. ``error`` is why nothing was read.
    """

    task: str
    value: str = ""
    score: float | None = None
    by: str = ""
    seconds: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """What a turn has learned of its conversation: see there. None leaves what was known."""

    language: str | None = None
    mood: str | None = None
    topic: str | None = None
    facts: Mapping[str, Any] | None = None


NOTHING_NEW: Final = Noticed()
"""What a turn has learned where nothing was noticed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What stands for a conversation's messages up to the seq ``upto``, and how it was made.

    ``by`` and ``error`` are as in ``Reading``; ``attempts`` are what it cost, also in vain.
    """

    upto: int
    text: str
    by: str = ""
    seconds: float = 0.0
    error: str = ""
    attempts: tuple[Attempt, ...] = ()
    at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the customer gets: the text with its ``[1]`` marks, and the sources they name."""

    turn: str
    text: str
    outcome: Outcome
    answers: int
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One run of the engine over the unanswered messages, as it is kept for the audit.

    ``prompt`` names the strategy's template and ``prompt_hash`` the exact sources of it and of
    all that was filled beside it for what was asked; ``passages`` stand in the order of their
    numbers, from 1. ``cost`` is in US dollars, None where no price is known. ``started`` is a
    time; ``first_piece`` and ``seconds`` count from it.
    ``route`` says why these backends were asked, where it was not plainly their chain's turn.
    ``noticed`` goes onto the conversation. ``trouble`` is why it was set aside, if it was.
    """

    id: str
    reply: Reply
    first: int
    started: float
    seconds: float
    first_piece: float | None = None
    strategy: str = ""
    prompt: str = ""
    prompt_hash: str = ""
    reasoning: str = ""
    passages: tuple[Found, ...] = ()
    refused_calls: tuple[ToolCall, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    steps: tuple[Step, ...] = ()
    readings: tuple[Reading, ...] = ()
    noticed: Noticed = Noticed()
    route: str = ""
    trouble: str = ""

    @property
    def cut_short(self) -> bool:
        """Whether the customer stopped the reply in its middle, not before its first word."""
        return self.reply.outcome is Outcome.STOPPED and self.first_piece is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A reply on its way out through a channel. ``attempts`` counts this one."""

    turn: str
    channel: str
    key: str
    customer: str
    text: str
    citations: tuple[Citation, ...]
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftAlone:
    """A backend that keeps failing, and so is not asked: see ``Breaker``.

    It is so ``since`` seconds, and for ``rest`` more; then a turn tries it. ``trouble`` is how it
    failed last.
    """

    since: float
    rest: float
    trouble: str = ""


# --- Events: what a turn tells while it runs --------------------------------------------------


@dataclass(frozen=True, slots=True)
class Working:
    """The turn has begun, or begun anew because more messages came."""

    turn: str


@dataclass(frozen=True, slots=True)
class Piece:
    """Some more text of the reply, safe to show."""

    text: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Forget every piece of this turn: another backend answers from the start."""


@dataclass(frozen=True, slots=True)
class Replied:
    """The reply is committed. It is the whole text, whatever pieces were seen."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Released:
    """This process answers no further: a person or another process has the conversation."""


Event = Working | Piece | Withdrawn | Replied | Released


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """Something was committed in a conversation, by whomever: look.

    ``seq`` is its newest message, ``asked`` and ``answered`` as in ``Conversation``; the customer
    has ``read`` up to that seq.
    """

    seq: int
    asked: int
    answered: int
    owner: Owner
    read: int
