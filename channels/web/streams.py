"""Knows what stands open, so that all of it can be ended together when the server does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Streams:
    """Streams and long answers that stand open.

    Once it is ``stopping``, those end that wait for something to happen; once it is ``cut``, those
    too that show an answer which is being written.
    """

    def __init__(self) -> None:
        self.stopping = False
        self.cut = False
        self._endings: set[Callable[[], None]] = set()

    @contextmanager
    def opened(self, look: Callable[[], None]) -> Iterator[None]:
        """Call ``look`` if it comes to one of both within the block."""
        self._endings.add(look)
        try:
            yield
        finally:
            self._endings.discard(look)

    def stop(self) -> None:
        """End what waits."""
        self.stopping = True
        self._tell()

    def cut_off(self) -> None:
        """End everything."""
        self.cut = True
        self._tell()

    def _tell(self) -> None:
        for look in tuple(self._endings):
            look()
