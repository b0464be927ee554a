"""How the work stands at one moment: what waits, who works on it, what is on its way out.

Ids, keys, counts, times and reasons, and never what a customer wrote. Times are the database's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """How many conversations of a channel wait: for the bot, or for a person who has them.

    Of those that wait for the bot, ``held`` are in some process's hands and ``free`` in nobody's.
    """

    channel: str
    held: int
    free: int
    with_a_person: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A conversation that waits for the bot, ``since`` its oldest message without a reply came.

    ``tries`` counts how often it was taken in vain, the present time included, and ``trouble`` is
    what the last of them ran into. ``holder`` is empty where nobody has it.
    """

    conversation: int
    channel: str
    key: str
    since: float
    holder: str
    tries: int
    trouble: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What one holder has: ``leases`` that run, the first until ``first_until``.

    ``overdue`` ones are past their time, the first ``overdue_since``, and nobody took them over.
    """

    holder: str
    leases: int
    first_until: float | None
    overdue: int
    overdue_since: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shunned:
    """A backend that a process left alone; once ``until`` is past, a turn may try it."""

    backend: str
    since: float
    until: float
    trouble: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A process as it was last seen; ``gone`` if it should have been seen again since.

    ``queues`` tells how many answers waited in line for each backend in it, where any did.
    """

    holder: str
    host: str
    pid: int
    channels: tuple[str, ...]
    started: float
    seen: float
    gone: bool
    left_alone: tuple[Shunned, ...]
    queues: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A channel's replies on their way out; ``due_since`` is when the oldest of the ``due`` was."""

    channel: str
    pending: int
    sending: int
    due: int
    due_since: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """A reply that was given up ``at`` a time, after so many ``attempts``."""

    turn: str
    conversation: int
    channel: str
    key: str
    at: float
    attempts: int
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """A message that broke its turn too often; the customer was told so in ``turn``."""

    turn: str
    conversation: int
    channel: str
    key: str
    at: float
    trouble: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a backend cost today, in UTC, and what is held for answers that are being written."""

    backend: str
    dollars: float
    tokens: int
    held_dollars: float = 0.0
    held_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """How the turns of an arm of a comparison went.

    ``good`` and ``bad`` are ratings. ``dollars`` is the sum of all that has a price, and
    ``unpriced`` counts the turns that hold an answer without one. ``median_seconds`` is of whole
    turns, None where there was none.
    """

    name: str
    conversations: int
    turns: int
    unanswered: int
    failed: int
    good: int
    bad: int
    dollars: float
    unpriced: int
    median_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How everything stands ``at`` one moment. Lists of single things hold only a few.

    ``longest`` have waited longest and ``retried`` were tried most often; ``undelivered`` and
    ``set_aside`` are the newest. ``made`` are the replies of the last 24 hours, by their outcome,
    and ``sent`` how many of them have left. ``failed`` are all that could not be delivered, and
    ``failed_lately`` those of the last 24 hours. ``upset`` customers, and conversations by their
    topic, are those of the last 24 hours as well. ``spent`` is kept where there is a budget, and
    ``reads`` is how many tokens each backend read for one of the newest replies, in the mean.
    """

    at: float
    queues: tuple[Queue, ...] = ()
    longest: tuple[Waiting, ...] = ()
    retried: tuple[Waiting, ...] = ()
    holdings: tuple[Holding, ...] = ()
    processes: tuple[Seen, ...] = ()
    outgoing: tuple[Outgoing, ...] = ()
    made: Mapping[str, int] = field(default_factory=dict)
    sent: int = 0
    failed: int = 0
    failed_lately: int = 0
    undelivered: tuple[Undelivered, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    upset: int = 0
    topics: Mapping[str, int] = field(default_factory=dict)
    spent: tuple[Spent, ...] = ()
    reads: Mapping[str, int] = field(default_factory=dict)
