"""Shows: the sides of channels that show answers while they are written."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from bot.errors import without_words
from bot.messages import Conversation, Event, Released, Replied
from bot.work import Work

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One turn as a show is told of it: whose answer it is, and to what.

    ``conversation`` is as the turn read it; the answer is to the customer's messages from ``first``
    to ``upto``. Ask ``visible`` before anything of it is shown: True marks it as seen, so that a
    newer message no longer supersedes it. False means that it is over, is just being finished or
    begins anew: show nothing.
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
        """Hear of a turn in this channel that this process runs; never wait.

        ``Working`` comes first. ``Replied`` or ``Released`` comes last, or it begins anew with the
        ``Working`` of the conversation's next turn. What is set aside is told by nothing: its reply
        is delivered whole, as is every other that nobody showed.
        """
        ...


class Shows:
    """Tells ``shows`` of their channels' turns; ``works`` are those of this process."""

    def __init__(self, *, shows: Iterable[Show], works: Mapping[int, Work]) -> None:
        self._shows = {show.name: show for show in shows}
        self._works = works
        self._scenes: dict[tuple[int, int], Scene] = {}
        self._failed: set[str] = set()

    def open(self, work: Work, conversation: Conversation) -> None:
        """Let the turn that begins be told to its channel's show, if there is one."""
        if conversation.channel in self._shows:
            self._scenes[_key(work)] = Scene(
                conversation=conversation,
                turn=work.turn,
                first=work.first,
                upto=work.upto,
                visible=partial(self._visible, work, work.turn),
            )

    def _visible(self, work: Work, turn: str) -> bool:
        return self._works.get(work.lease.conversation) is work and work.show(turn)

    def tell(self, work: Work, event: Event) -> None:
        """Let the show of this work's channel know."""
        if scene := self._scenes and self._scenes.get(_key(work)):
            if isinstance(event, Replied | Released):
                del self._scenes[_key(work)]
            self._tell(self._shows[scene.conversation.channel], scene, event)

    def leave(self, work: Work) -> None:
        """Let the show know that nothing more comes, unless it knows."""
        self.tell(work, Released())

    def _tell(self, show: Show, scene: Scene, event: Event) -> None:
        try:
            show.tell(scene, event)
        except Exception as error:  # a turn does not end because nobody sees it
            if show.name not in self._failed:
                self._failed.add(show.name)
                text = "The channel %s could not show an answer; it is told of the next ones."
                _logger.exception(text, show.name, exc_info=without_words(error))


def _key(work: Work) -> tuple[int, int]:
    return work.lease.conversation, work.lease.epoch
