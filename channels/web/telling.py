"""What one client has been told of a conversation, and what is new to it, as server-sent events."""

from typing import Any

from pydantic import BaseModel
from pydantic_core import to_json

from bot.errors import StoreUnavailable
from bot.messages import Changed, Event, Owner, Piece, Replied, Withdrawn, Working
from bot.store.base import Visits
from channels.web.entries import state_of, to_views
from channels.web.nodes import Writing
from channels.web.schemas import State

_PAGE = 100


def event(name: str, data: BaseModel | dict[str, Any], *, seq: int | None = None) -> bytes:
    """Return an event as WHATWG's HTML has it; with ``seq`` it is one to come back to."""
    of = b"" if seq is None else b"id: %d\n" % seq
    return b"%sevent: %s\ndata: %s\n\n" % (of, name.encode(), to_json(data))


class Telling:
    """Hears what happens in a conversation and tells it on, from the message ``after`` on.

    Pieces that were heard together are told together. ``over`` is set once the message ``until``
    has its reply, or a person has the conversation.
    """

    def __init__(
        self, *, visits: Visits, conversation: int, after: int, until: int | None = None
    ) -> None:
        self.over = False
        self._visits = visits
        self._conversation = conversation
        self._after = after
        self._until = until
        self._heard: list[bytes | Changed] = []
        self._state: State | None = None
        self._turn = ""
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._writing = Writing()
        self._settled = 0
        self._grown = False

    def hear(self, event_: Event | Changed) -> None:
        """Take what happened; it is told with the next ``news``."""
        match event_:
            case Working(turn):
                self._turn = turn
                self._begin_anew()
                self._heard.append(event("working", {"turn": turn}))
            case Piece(text):
                self._writing.feed(text)
                self._grown = True
            case Withdrawn():
                self._begin_anew()
                self._heard.append(event("withdrawn", {"turn": self._turn}))
            case Replied():
                self._grown = False  # all of it comes with the message
            case Changed():
                self._heard = [each for each in self._heard if not isinstance(each, Changed)]
                self._heard.append(event_)

    async def news(self) -> bytes:
        """Return what was heard and not told yet.

        Raises:
            StoreUnavailable: it could not be read; nothing is forgotten.
        """
        told: list[bytes] = []
        while self._heard:
            heard, self._heard = self._heard, []  # more may be heard while we look
            try:
                while heard:
                    told.append(await self._tell(heard[0]))
                    del heard[0]
            except StoreUnavailable:
                self._heard = [*told, *heard, *self._heard]
                raise
        if self._grown:
            told.append(self._piece())
        return b"".join(told)

    async def _tell(self, heard: bytes | Changed) -> bytes:
        return await self._look(heard) if isinstance(heard, Changed) else heard

    async def _look(self, changed: Changed) -> bytes:
        """Return the messages up to ``changed``, and how the conversation stands now."""
        told = []
        after = self._after
        while after < changed.seq:
            page = await self._visits.page(self._conversation, after=after, limit=_PAGE)
            views = await to_views(page)
            told += [event("message", view, seq=view.seq) for view in views]
            if any(entry.message.turn == self._turn for entry in page):
                self._grown = False
            last = page[-1].message.seq if page else 0
            after = last if len(page) == _PAGE else max(changed.seq, last)
        self._after = max(self._after, after)
        state = state_of(changed)
        if state != self._state:
            told.append(event("state", state))
        self._state = state
        if self._until is not None:
            self.over = changed.answered >= self._until or changed.owner is not Owner.BOT
        return b"".join(told)

    def _piece(self) -> bytes:
        self._grown = False
        since = self._settled
        blocks = self._writing.since(since)
        self._settled = self._writing.settled
        data = {
            "turn": self._turn,
            "length": self._writing.length,
            "from": since,
            "blocks": blocks,
        }
        return event("piece", data)
