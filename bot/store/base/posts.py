"""What channels show of answers before their replies are delivered."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol


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
