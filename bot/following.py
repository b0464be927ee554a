"""Those who follow conversations in this process: told of every event, from memory."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager

from bot.errors import StoreUnavailable
from bot.messages import Event, Owner, Piece, Released, Replied
from bot.store.base import Conversations
from bot.work import Work

_logger = logging.getLogger(__name__)

# Who hears nothing looks this often whether another process has answered.
_LOOK_SECONDS = 1.0


class Ear(asyncio.Queue[Event | None]):
    """What one follower has not heard yet; None is a nudge to look elsewhere."""

    def nudge(self) -> None:
        """Put one in now, and another each time that it is to look."""
        self.put_nowait(None)
        self._timer = asyncio.get_running_loop().call_later(_LOOK_SECONDS, self.nudge)

    def close(self) -> None:
        self._timer.cancel()


class Followers:
    """``works`` are the conversations that this process answers at the moment."""

    def __init__(self, *, conversations: Conversations, works: Mapping[int, Work]) -> None:
        self._conversations = conversations
        self._works = works
        self._ears: dict[int, set[Ear]] = {}

    def tell(self, work: Work, event: Event) -> None:
        """Let all who follow know; what they are shown counts as seen."""
        ears = self._ears.get(work.lease.conversation, ())
        if isinstance(event, Piece):
            work.seen = work.seen or bool(ears)
        for ear in ears:
            ear.put_nowait(event)

    async def follow(self, conversation: int, *, seq: int) -> AsyncIterator[Event]:
        """Tell what happens until the message ``seq`` has its reply; see ``Engine.follow``."""
        with self._listening(conversation) as ear:
            work = self._works.get(conversation)
            if work is not None and work.shown and work.first <= seq:
                work.seen = True
                yield Piece(work.shown)
            while True:
                event = await self._next(ear, conversation, seq)
                yield event
                match event:
                    case Replied(reply) if reply.answers >= seq:
                        return
                    case Released():
                        last = await self._from_elsewhere(conversation, seq)
                        if isinstance(last, Replied):
                            yield last
                        if last is not None:
                            return

    @contextmanager
    def _listening(self, conversation: int) -> Iterator[Ear]:
        ear = Ear()
        ear.nudge()
        ears = self._ears.setdefault(conversation, set())
        ears.add(ear)
        try:
            yield ear
        finally:
            ear.close()
            ears.discard(ear)
            if not ears:
                self._ears.pop(conversation, None)

    async def _next(self, ear: Ear, conversation: int, seq: int) -> Event:
        while True:
            event = await ear.get()
            if event is None and ear.empty():
                work = self._works.get(conversation)
                if work is None or not 0 < work.first <= seq:
                    event = await self._from_elsewhere(conversation, seq)
            if event is not None:
                return event

    async def _from_elsewhere(self, conversation: int, seq: int) -> Event | None:
        """Look whether another process has answered, a person shall, or nobody need any more."""
        try:
            # In this order: what is no longer owed then has its reply by now, or gets none.
            owed = await self._conversations.owed(conversation)
            reply = await self._conversations.reply(conversation, seq=seq)
        except StoreUnavailable as error:
            _logger.warning("Could not look for a reply; looking again: %s", error)
            return None
        if reply is not None:
            return Replied(reply)
        waits = owed.owner is Owner.BOT and owed.after < seq <= owed.upto
        return None if waits else Released()
