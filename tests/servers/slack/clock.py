"""The fake's own clock: seconds since it began, and Slack's timestamps, each of them once."""

import time


class Clock:
    """Tells seconds since it was made, which never run backwards."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._last = 0

    def now(self) -> float:
        """Return the seconds since the fake began."""
        return time.monotonic() - self._began

    def epoch(self) -> int:
        """Return the seconds since 1970, as Slack writes them into events and signs requests."""
        return int(time.time())

    def ts(self) -> str:
        """Return a timestamp that is later than every one before."""
        self._last = max(time.time_ns() // 1000, self._last + 1)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"
