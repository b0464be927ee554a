"""Slack's rate limits: so many calls of a method in a minute, for each install."""

import math
from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Any

from tests.servers.slack.clock import Clock
from tests.servers.slack.moods import PER_MINUTE, Rules

_POSTS = {"chat.postMessage", "chat.postEphemeral"}


class Limits:
    """Counts calls over the last minute of Slack's."""

    def __init__(self, *, clock: Clock, rules: Rules) -> None:
        self._clock = clock
        self._rules = rules
        self._calls: dict[tuple[str, ...], deque[float]] = defaultdict(deque)

    def wait(self, who: str, method: str, tier: int, arguments: Mapping[str, Any]) -> int | None:
        """Count a call; the whole seconds to wait where it is one too many, else None."""
        key: tuple[str, ...] = (who, method)
        allowed, window = PER_MINUTE[tier], 60.0
        if method in _POSTS:  # one a second in each channel, with a burst of a few
            key, allowed, window = (*key, str(arguments.get("channel"))), 5, 5.0
        if method == "conversations.replies" and self._rules.small_replies:
            allowed = 1
        elif not self._rules.tiers:
            return None
        return self._full(key, allowed, self._rules.seconds(window))

    def _full(self, key: tuple[str, ...], allowed: int, window: float) -> int | None:
        now = self._clock.now()
        calls = self._calls[key]
        while calls and calls[0] <= now - window:
            calls.popleft()
        if len(calls) >= allowed:
            return max(1, math.ceil(calls[0] + window - now))
        calls.append(now)
        return None
