"""How a call is refused."""

from typing import Any


class Refused(Exception):
    """Slack answers ``{"ok": false, "error": …}``; ``more`` stands beside it."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.more = more
