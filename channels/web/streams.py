"""Knows what stands open, so that all of it can be ended together when the server does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Streams:
    """Streams and long answers that stand open; ``stopping`` is set once they shall end."""

    def __init__(self) -> None:
        self.stopping = False
        self._endings: set[Callable[[], None]] = set()

    @contextmanager
    def opened(self, end: Callable[[], None]) -> Iterator[None]:
        """Call ``end`` if the server stops within the block."""
        self._endings.add(end)
        try:
            yield
        finally:
            self._endings.discard(end)

    def stop(self) -> None:
        """End what stands open; what begins now is told so by ``stopping``."""
        self.stopping = True
        for end in tuple(self._endings):
            end()
