"""What people say in Slack during the soak: all of it follows from one seed."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_QUESTIONS: Final = (
    "Where is {}?",
    "When will {} arrive? It was to be a present, and the day is near.",
    "Can I still change the address of {}?",
    "{} came broken & the box was open, what now?",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A message that asks for one order; ``pause`` seconds after the one before."""

    order: str
    text: str
    pause: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A thread: the first line begins it, the others follow in it. ``start`` is in seconds."""

    channel: str
    user: str
    start: float
    lines: Sequence[Line]


def make(*, seed: int, messages: int, seconds: float) -> Sequence[Talk]:
    """Plan talks with so many messages, which begin within ``seconds``."""
    luck = random.Random(seed)
    talks: list[Talk] = []
    left, number = messages, 0
    while left:
        lines = []
        for _ in range(min(left, luck.choice((1, 1, 2, 3, 5)))):
            number += 1
            order = f"order-{number}"
            lines.append(_line(luck, order))
        left -= len(lines)
        user = f"U{luck.randint(1, 30)}"
        channel = f"D{user[1:]}" if luck.random() < 0.6 else f"C{luck.randint(1, 4)}"
        start = luck.uniform(0, seconds)
        talks.append(Talk(channel=channel, user=user, start=start, lines=lines))
    return talks


def _line(luck: random.Random, order: str) -> Line:
    pause = luck.choice((luck.uniform(0, 0.3), luck.uniform(0, 3), luck.uniform(2, 8)))
    return Line(order=order, text=luck.choice(_QUESTIONS).format(order), pause=pause)
