"""Those who follow conversations in this process: told of every event, from memory."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager

from bot.messages import Event, Owner, Piece, Released, Replied
from bot.store.base import Conversations
from bot.work import Work

# Who hears nothing looks this often whether another process has answered.
_LOOK_SECONDS = 1.0


class Followers:
    """``works`` are the conversations that this process answers at the moment."""

    def __init__(self, *, conversations: Conversations, works: Mapping[int, Work]) -> None:
        self._conversations = conversations
        self._works = works
        self._queues: dict[int, set[asyncio.Queue[Event]]] = {}

    def tell(self, work: Work, event: Event) -> None:
        """Let all who follow know; what they are shown counts as seen."""
        queues = self._queues.get(work.lease.conversation, ())
        if isinstance(event, Piece):
            work.seen = work.seen or bool(queues)
        for queue in queues:
            queue.put_nowait(event)

    async def follow(self, conversation: int, *, seq: int) -> AsyncIterator[Event]:
        """Tell what happens until the message ``seq`` has its reply; see ``Engine.follow``."""
        with self._listening(conversation) as queue:
            work = self._works.get(conversation)
            if work is not None and work.shown and work.first <= seq:
                work.seen = True
                yield Piece(work.shown)
            async for event in self._heard(queue, conversation, seq):
                yield event
                if isinstance(event, Replied) and event.reply.answers >= seq:
                    return

    @contextmanager
    def _listening(self, conversation: int) -> Iterator[asyncio.Queue[Event]]:
        queue: asyncio.Queue[Event] = asyncio.Queue()
        queues = self._queues.setdefault(conversation, set())
        queues.add(queue)
        try:
            yield queue
        finally:
            queues.discard(queue)
            if not queues:
                self._queues.pop(conversation, None)

    async def _heard(
        self, queue: asyncio.Queue[Event], conversation: int, seq: int
    ) -> AsyncIterator[Event]:
        while True:
            while not queue.empty():
                yield queue.get_nowait()
            work = self._works.get(conversation)
            if work is None or work.first > seq:
                reply = await self._conversations.reply(conversation, seq=seq)
                if reply is not None:
                    yield Replied(reply)
                elif await self._is_a_persons(conversation):
                    yield Released()
                    return
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    event = await queue.get()
            except TimeoutError:
                continue
            yield event

    async def _is_a_persons(self, conversation: int) -> bool:
        return (await self._conversations.owed(conversation)).owner is not Owner.BOT
