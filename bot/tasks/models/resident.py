"""Small models that live in this process: each is loaded once, and asked in turn."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

from bot.errors import LocalModelError
from bot.local import Head, Lane, Loaded, Progress, Shape, load

_logger = logging.getLogger(__name__)

T = TypeVar("T")

Show = Callable[[str], AbstractContextManager[Progress]]
"""Shows how far the model of that name is, while the block runs that loads it."""


def unseen(_model: str) -> AbstractContextManager[Progress]:
    """Show nothing."""
    return nullcontext(_silent)


def _silent(_what: str, _share: float) -> None:
    """Tell nobody."""


class Resident:
    """One model with its own thread; loaded by the first who asks."""

    def __init__(self, shape: Shape, *, head: Head) -> None:
        self.name = shape.model
        self._shape = shape
        self._head = head
        self._lane = Lane(name=shape.model)
        self._fits: list[Callable[[Loaded], str]] = []
        self._loaded: Loaded | None = None

    def must(self, fit: Callable[[Loaded], str]) -> None:
        """Refuse the model, once it is loaded, if ``fit`` finds something against it."""
        self._fits.append(fit)

    async def ready(self, progress: Progress = _silent) -> None:
        """Load the model now.

        Raises:
            LocalModelError: it cannot be loaded, or it is not one for its task.
            MissingExtra: torch or transformers is not installed.
        """
        await self._lane.run(self._model, progress)

    async def ask(self, job: Callable[[Loaded], T]) -> T:
        """Return what ``job`` makes of the loaded model, in the model's own thread."""
        return await self._lane.run(lambda: job(self._model()))

    def close(self) -> None:
        """Take no more jobs; safe to call twice."""
        self._lane.close()

    def _model(self, progress: Progress = _silent) -> Loaded:
        if self._loaded is None:
            loaded = load(self._shape, head=self._head, progress=progress)
            for fit in self._fits:
                if against := fit(loaded):
                    raise LocalModelError(f"The model '{self.name}' {against}")
            _logger.info("%s is loaded on %s (%.1f s).", self.name, loaded.device, loaded.seconds)
            self._loaded = loaded
        return self._loaded


class Residents:
    """All small models of a process; two tasks that need the same one share it."""

    def __init__(self) -> None:
        self._all: dict[tuple[Shape, Head], Resident] = {}

    def get(self, shape: Shape, *, head: Head) -> Resident:
        """Return the resident of ``shape``; nothing is loaded yet."""
        if (shape, head) not in self._all:
            self._all[shape, head] = Resident(shape, head=head)
        return self._all[shape, head]

    async def ready(self, show: Show = unseen) -> None:
        """Load them all; raises what ``Resident.ready`` raises."""
        for resident in self._all.values():
            with show(resident.name) as progress:
                await resident.ready(progress)

    def close(self) -> None:
        """Let them take no more jobs."""
        for resident in self._all.values():
            resident.close()
