"""Those who watch conversations: told at once of what happens here, and soon of the rest."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress

from bot.errors import StoreError, without_words
from bot.messages import Changed, Event, Piece, Working
from bot.store.base import Mark, Visits
from bot.work import Work

_logger = logging.getLogger(__name__)

# So often all watched conversations are looked at, together, for what others committed.
_LOOK_SECONDS = 1.0


class Ear:
    """What one watcher has not heard yet, from the first ``mark`` that they were told.

    It never grows beyond one answer: who is slow hears pieces together, and of turns that are over
    only how the last of them ended.
    """

    def __init__(self) -> None:
        self.mark: Mark | None = None
        self._pending: list[Event | Changed | list[str]] = []
        self._woken = asyncio.Event()

    def hear(self, event: Event | Changed) -> None:
        match event:
            case Piece(text):
                self._gather(text)
            case Working():
                self._pending = [*self._ends(), event]
            case Changed():
                self._pending = [each for each in self._pending if not isinstance(each, Changed)]
                self._pending.append(event)
            case _:
                self._pending.append(event)
        self._woken.set()

    def _gather(self, text: str) -> None:
        last = self._pending[-1] if self._pending else None
        if isinstance(last, list):
            last.append(text)
        else:
            self._pending.append([text])

    def _ends(self) -> list[Event | Changed | list[str]]:
        """Return the last of each kind of pending event but those of an answer that is over."""
        ends: dict[type, Event | Changed | list[str]] = {}
        for each in self._pending:
            if not isinstance(each, Working | list):
                ends.pop(type(each), None)
                ends[type(each)] = each
        return list(ends.values())

    async def next(self) -> Event | Changed:
        while not self._pending:
            self._woken.clear()
            await self._woken.wait()
        first = self._pending.pop(0)
        return Piece("".join(first)) if isinstance(first, list) else first


class Watchers:
    """``works`` are the conversations that this process answers at the moment."""

    def __init__(self, *, visits: Visits, works: Mapping[int, Work]) -> None:
        self._visits = visits
        self._works = works
        self._ears: dict[int, set[Ear]] = {}
        self._wanted: set[int] = set()
        self._woken = asyncio.Event()
        self._failing = False

    async def watch(self, conversation: int) -> AsyncGenerator[Event | Changed]:
        """Tell what happens in a conversation for as long as one listens; see ``Engine.watch``."""
        with self._listening(conversation) as ear:
            while True:
                yield await ear.next()

    @contextmanager
    def _listening(self, conversation: int) -> Iterator[Ear]:
        ear = Ear()
        ears = self._ears.setdefault(conversation, set())
        ears.add(ear)
        self.look_at(conversation)
        try:
            yield ear
        finally:
            ears.discard(ear)
            if not ears:
                self._ears.pop(conversation, None)

    def tell(self, work: Work, event: Event) -> None:
        """Let all who watch know; what they are shown counts as seen."""
        # Who has just come will be told how things stand, with all that was shown by then.
        ears = [ear for ear in self._ears.get(work.lease.conversation, ()) if ear.mark is not None]
        if ears and isinstance(event, Piece):
            work.seen = True
        for ear in ears:
            ear.hear(event)

    # --- Looking -----------------------------------------------------------------------------

    def look_at(self, conversation: int) -> None:
        """See at once how a conversation stands, if anybody watches it: something was committed."""
        if conversation in self._ears:
            self._wanted.add(conversation)
            self._woken.set()

    async def run(self) -> None:
        """Look, while anybody watches, at all of it every second and at news at once."""
        clock = asyncio.get_running_loop().time
        due = clock()
        while True:
            await self._rest(due - clock())
            wanted: Collection[int] = self._wanted & self._ears.keys()
            if clock() >= due:
                wanted, due = tuple(self._ears), clock() + _LOOK_SECONDS
            self._wanted.clear()
            if wanted:
                await self._look(wanted)

    async def _rest(self, seconds: float) -> None:
        """Wait until something is wanted, for ``seconds`` at most while anybody watches."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0.0) if self._ears else None):
                await self._woken.wait()
        self._woken.clear()

    async def _look(self, conversations: Collection[int]) -> None:
        try:
            marks = await self._visits.marks(conversations)
        except StoreError as error:
            if not self._failing:
                _logger.warning("Could not look at watched conversations; looking on: %s", error)
            self._failing = True
        except Exception as error:  # or it would end all turns
            if not self._failing:
                text = "Could not look at watched conversations; looking on."
                _logger.exception(text, exc_info=without_words(error))
            self._failing = True
        else:
            self._failing = False
            for mark in marks.values():
                for ear in self._ears.get(mark.conversation, ()):
                    self._show(ear, mark)

    def _show(self, ear: Ear, mark: Mark) -> None:
        before, ear.mark = ear.mark, mark
        if before != mark:
            ear.hear(_to_changed(mark))
        work = self._works.get(mark.conversation)
        if before is None and work is not None:
            self._catch_up(ear, mark, work)

    def _catch_up(self, ear: Ear, mark: Mark, work: Work) -> None:
        """Tell of the answer that is being written, unless it was committed at this moment."""
        if not work.announced or work.upto <= mark.answered:
            return
        ear.hear(Working(work.turn))
        if work.shown:
            work.seen = True
            ear.hear(Piece(work.shown))


def _to_changed(mark: Mark) -> Changed:
    return Changed(
        seq=mark.seq, asked=mark.asked, answered=mark.answered, owner=mark.owner, read=mark.read
    )
