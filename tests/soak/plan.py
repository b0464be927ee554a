"""What will be said and what will be done to the workers: all of it follows from one seed."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby
from operator import attrgetter

_TWICE = 0.3
_SIZES = (1, 1, 1, 2, 3, 4, 5)  # of a burst
_QUESTIONS = (
    "Where is order-{}?",
    "When will order-{} arrive? It was to be a present, and the day is near.",
    "Can I still change the address of order-{}?",
    "order-{} came broken, what now?",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message. ``pause`` is in seconds, after the one before it was acknowledged.

    ``again`` is set where it is delivered twice: so many seconds after the first delivery began,
    or after it was acknowledged where ``acknowledged`` is.
    """

    number: int
    key: str
    burst: int
    text: str
    pause: float
    again: float | None = None
    acknowledged: bool = False

    @property
    def external_id(self) -> str:
        return f"m{self.number}"


class Harm(Enum):
    """What is done to a worker."""

    KILL = "it is killed"
    PAUSE = "it stands still"
    STOP = "it is told to end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something is done to a worker, ``delay`` seconds after so many messages were said.

    ``pick``, from 0 to 1, chooses the worker. ``pause`` is in seconds.
    """

    kind: Harm
    after: int
    delay: float
    pick: float
    pause: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All of a soak. A conversation's messages are said one after the other."""

    seed: int
    conversations: Sequence[Sequence[Said]]
    deeds: Sequence[Deed]

    @property
    def said(self) -> Sequence[Said]:
        """Return every message."""
        return [said for conversation in self.conversations for said in conversation]

    @property
    def bursts(self) -> int:
        """Return how often several messages came at a time."""
        bursts = [
            len(list(burst))
            for conversation in self.conversations
            for _, burst in groupby(conversation, key=attrgetter("burst"))
        ]
        return sum(size > 1 for size in bursts)

    @property
    def twice(self) -> int:
        """Return how many messages are delivered twice."""
        return sum(said.again is not None for said in self.said)


def make(
    *, seed: int, messages: int, harms: Mapping[Harm, int], lease: float, pace: float = 4.5
) -> Plan:
    """Plan a soak; about ``pace`` seconds lie between two deeds. ``lease`` is in seconds."""
    luck = random.Random(seed)
    deeds = _deeds(luck, messages=messages, harms=harms, lease=lease)
    seconds = max(len(deeds) * pace, messages / 20)
    many = max(4, messages // 10)
    shares = [range(first, messages + 1, many) for first in range(1, many + 1)]
    return Plan(
        seed=seed,
        conversations=[
            list(_conversation(luck, f"c{at}", len(share), list(share), seconds=seconds))
            for at, share in enumerate(shares)
        ],
        deeds=deeds,
    )


def _conversation(
    luck: random.Random, key: str, many: int, numbers: Sequence[int], *, seconds: float
) -> Iterator[Said]:
    """Say ``numbers`` in bursts, the last of which begins before ``seconds`` are over."""
    sizes: list[int] = []
    while sum(sizes) < many:
        sizes.append(min(luck.choice(_SIZES), many - sum(sizes)))
    begins = sorted(luck.uniform(0, seconds) for _ in sizes)
    rest, before = iter(numbers), 0.0
    for burst, (size, begin) in enumerate(zip(sizes, begins, strict=True)):
        for place in range(size):
            number = next(rest)
            again = luck.choice((0.0, luck.uniform(0, 0.1), luck.uniform(0, 4)))
            yield Said(
                number=number,
                key=key,
                burst=burst,
                text=luck.choice(_QUESTIONS).format(number),
                pause=luck.uniform(0, 0.4) if place else begin - before,
                again=again if luck.random() < _TWICE else None,
                acknowledged=luck.random() < 0.5,
            )
        before = begin


def _deeds(
    luck: random.Random, *, messages: int, harms: Mapping[Harm, int], lease: float
) -> Sequence[Deed]:
    kinds = [kind for kind, times in harms.items() for _ in range(times)]
    luck.shuffle(kinds)
    return [
        Deed(
            kind=kind,
            after=int((at + luck.random()) * messages / (len(kinds) + 1)),
            delay=luck.uniform(0, 0.5),
            pick=luck.random(),
            pause=luck.uniform(1.3, 2.4) * lease,
        )
        for at, kind in enumerate(kinds)
    ]
