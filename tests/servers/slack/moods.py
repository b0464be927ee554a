"""What Slack allows, and the moods that it has: both to be set by a test."""

from dataclasses import dataclass
from typing import Final

PER_MINUTE: Final = {1: 1, 2: 20, 3: 50, 4: 100}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Slack's own limits, in seconds and characters. ``speed`` makes its times so much shorter."""

    speed: float = 1.0
    ack_seconds: float = 3.0
    retries: tuple[float, ...] = (0.0, 60.0, 300.0)  # seconds before each further delivery
    hourly: bool = True  # "delayed events": once more every hour, for a day
    stream_seconds: float = 300.0
    stream_characters: int = 13_200
    status_seconds: float = 120.0
    ping_seconds: float = 10.0
    tiers: bool = False  # count calls, and refuse with 429 what is too much in a minute
    small_replies: bool = False  # conversations.replies: once a minute, 15 objects

    def seconds(self, of_slack: float) -> float:
        """Return how long ``of_slack`` seconds of Slack's take here."""
        return of_slack / self.speed

    def waits(self) -> tuple[float, ...]:
        """Return the seconds to wait before each delivery that follows the first."""
        later = (3600.0,) * 24 if self.hourly else ()
        return tuple(self.seconds(each) for each in (*self.retries, *later))


@dataclass(frozen=True, slots=True, kw_only=True)
class Moods:
    """Chances between 0 and 1, of each event or each call; ``seed`` makes them the same again."""

    seed: int = 0
    deliveries: int = 1  # each event comes between once and so many times, even when acknowledged
    spread: float = 0.2  # the copies of an event come within so many seconds
    late: float = 0.0  # an event waits up to so many seconds, so that others overtake it
    limited: float = 0.0  # 429, whatever the tiers say
    retry_after: int = 1
    broken: float = 0.0  # 503 before the deed
    broken_after: float = 0.0  # 503 although it is done
    cut: float = 0.0  # the line is cut before the deed
    cut_after: float = 0.0  # the line is cut although it is done
    slow: float = 0.0  # a call takes up to so many seconds
    refresh_every: float | None = None  # a socket is asked to reconnect every so many seconds
    closes_at_once: bool = False  # and is closed without waiting for what is in flight
    spared: frozenset[str] = frozenset()  # methods that no mood touches
