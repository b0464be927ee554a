"""Shows: the sides of channels that show answers while they are written."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bot.messages import Conversation, Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One turn as a show is told of it: whose answer it is, and to what.

    ``conversation`` is as the turn read it; the answer is to the customer's messages from ``first``
    to ``upto``. Ask ``visible`` before the first piece is shown: True marks the answer as seen, so
    that a newer message no longer supersedes it. False means that it is over or begins anew: show
    nothing.
    """

    conversation: Conversation
    turn: str
    first: int
    upto: int
    visible: Callable[[], bool]


class Show(Protocol):
    """The side of a channel that shows answers. ``name`` is the channel's name."""

    @property
    def name(self) -> str: ...

    def tell(self, scene: Scene, event: Event) -> None:
        """Hear an event of a turn in this channel that this process runs; never wait.

        ``Working`` comes first, a ``Replied`` or ``Released`` last, and what is set aside is told
        by nothing: its reply is delivered whole, as is every other that nobody showed.
        """
        ...
