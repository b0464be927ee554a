"""One answer while it is written: by the model's thread, for whoever waits in the event loop."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import suppress

from bot.errors import without_text


class Unwritten(Exception):
    """An answer that is not written, or not to its end; the text says why."""


class Exhausted(Unwritten):
    """There was not enough memory for this answer beside the others."""


class Strand:
    """Carries the pieces of one answer from the thread to the loop that it was made in.

    ``read`` and ``wrote`` count tokens; ``cut`` tells that there was no room for more. ``left``
    tells the thread that nobody waits any longer.
    """

    def __init__(self) -> None:
        self.read = 0
        self.wrote = 0
        self.cut = False
        self.left = False
        self.loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._pieces: deque[str] = deque()
        self._over = False
        self._error: BaseException | None = None

    async def pieces(self) -> AsyncGenerator[str]:
        """Yield the answer as it comes, and raise what went wrong. Closing it ends the answer."""
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                over = self._over  # looked at first: the last piece is there before it is set
                if text := "".join(self._taken()):
                    yield text
                if over:
                    break
            if self._error is not None:
                raise self._error
        finally:
            self.left = True

    def give(self, text: str) -> None:
        """Add ``text``, in the thread; it is seen once ``tell`` has been called."""
        if text:
            self._pieces.append(text)

    def end(self, error: BaseException | None = None) -> None:
        """Say, in the thread, that nothing will follow."""
        self._error = error
        self._over = True

    @staticmethod
    def tell(strands: Iterable["Strand"]) -> None:
        """Wake those who wait for ``strands``: one call for all of one loop, however many."""
        by_loop: dict[asyncio.AbstractEventLoop, list[Strand]] = {}
        for strand in strands:
            by_loop.setdefault(strand.loop, []).append(strand)
        for loop, told in by_loop.items():
            with suppress(RuntimeError):  # the loop is closed, and nobody waits
                loop.call_soon_threadsafe(_wake, told)

    def wake(self) -> None:
        """Let whoever waits look, in the loop."""
        self._news.set()

    def _taken(self) -> Iterator[str]:
        with suppress(IndexError):
            while True:
                yield self._pieces.popleft()


def plain(error: BaseException) -> Exception:
    """Return ``error`` as one that whoever waits expects: a tokenizer's panic is none."""
    return error if isinstance(error, Exception) else Unwritten(without_text(error))


def _wake(strands: Iterable[Strand]) -> None:
    for strand in strands:
        strand.wake()
