"""A conversation that this process answers: its lease, and how far the present turn has come."""

import asyncio
import secrets
from dataclasses import dataclass, replace
from enum import Enum, auto

from bot.messages import Attempt, Event, Piece, Released, Replied, Withdrawn, Working
from bot.store.base import History, Lease


class Interrupt(Enum):
    """Why a turn ends before its answer does."""

    STOP = auto()  # the customer has seen enough
    NEWER = auto()  # more was said before anything was shown


@dataclass(slots=True, kw_only=True)
class Work:
    """A conversation that this process answers, and how far its present turn has come."""

    lease: Lease
    history: History | None = None  # where it was read already
    heard: int = 0  # the newest seq that this process accepted
    first: int = 0  # the oldest seq that the present turn answers; 0 until that is known
    upto: int = 0  # and the newest
    revision: int = 0  # of the conversation, as the present turn has read it
    revised: int = 0  # the newest one that this process heard of
    turn: str = ""
    announced: bool = False  # it was told that the turn works, and not yet how it ended
    promised: bool = False  # it was told that some turn works, and not yet how any ended
    started: float = 0.0
    since: float = 0.0  # when the first turn over these messages began
    first_piece: float | None = None
    shown: str = ""
    seen: bool = False  # somebody followed while a piece was shown
    finishing: bool = False
    released: bool = False
    spent: tuple[Attempt, ...] = ()  # on answers to these messages that were begun anew
    trouble: str = ""  # what the turn ran into, if it broke
    interrupt: Interrupt | None = None
    running: asyncio.Task[None] | None = None
    showing: asyncio.Task[None] | None = None

    @property
    def visible(self) -> bool:
        """Whether a customer may have a piece of this answer before their eyes."""
        return self.seen and bool(self.shown)

    def show(self, turn: str) -> bool:
        """Count the answer of ``turn`` as seen; False where it is not to be shown any more."""
        writes = self.turn == turn and not self.finishing and self.interrupt is None
        if writes and self.shown:
            self.seen = True
        return self.visible and writes

    def begin_turn(self, *, at: float) -> None:
        self.turn, self.started, self.first_piece = secrets.token_hex(8), at, None
        self.since = self.since or at
        self.announced = False
        self.shown, self.seen, self.finishing = "", False, False
        if self.interrupt is Interrupt.NEWER:
            self.interrupt = None

    def answered(self) -> None:
        """Begin to count anew: what comes next is another question."""
        self.since, self.spent = 0.0, ()
        self.lease = replace(self.lease, tries=1)

    def note(self, event: Event, *, at: float) -> None:
        """Keep in mind what is before the customer's eyes."""
        match event:
            case Working():
                self.announced, self.promised, self.shown = True, True, ""
            case Replied() | Released():
                self.announced, self.promised = False, False
            case Withdrawn():
                self.shown = ""
            case Piece(text):
                if self.first_piece is None:
                    self.first_piece = at - self.started
                self.shown += text

    def take(self, *, first: int, upto: int, revision: int = 0) -> None:
        """Answer everything up to ``upto``; what was heard while it was read is in it."""
        self.first, self.upto, self.revision = first, upto, revision
        if self.revised > revision:
            self.interrupt = self.interrupt or Interrupt.NEWER
        elif self.interrupt is Interrupt.NEWER and self.heard <= upto:
            self.interrupt = None

    def hear_again(self, seq: int, *, revision: int) -> None:
        """Begin the turn anew if it has read other words than ``seq`` says and shown nothing."""
        self.revised = max(self.revised, revision)
        if self.interrupt is None and not self.finishing and not self.visible and seq <= self.upto:
            self.break_off(Interrupt.NEWER)

    def break_off(self, reason: Interrupt) -> None:
        # Cancelled once: a second time would disturb the backend while it lets go.
        if self.showing is not None and self.interrupt is None:
            self.showing.cancel()
        self.interrupt = reason
