"""Waits for the models that run in this process, and shows how far they are."""

import asyncio
import logging
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from bot.backends.base import Backend
from bot.local.base import Progress
from channels.terminal.escapes import harmless

_LOOK_SECONDS = 0.1


async def models_loaded(backends: Iterable[Backend]) -> Sequence[str]:
    """Load what runs in this process, one after the other; return why any could not be."""
    from bot.backends.transformers import TransformersBackend

    local = [backend for backend in backends if isinstance(backend, TransformersBackend)]
    for backend in local:
        backend.warm()
        with model_bar(backend.model) as tell:
            while backend.loading is not None:
                tell(*backend.loading)
                await asyncio.sleep(_LOOK_SECONDS)
    return [backend.trouble for backend in local if backend.trouble]


def model_bar(model: str) -> AbstractContextManager[Progress]:
    """Show how far a model is, while the block runs that loads it."""
    return loading_bar(f"Loading {model}")


@contextmanager
def told_once(troubles: Sequence[str]) -> Iterator[None]:
    """Keep standard error from repeating ``troubles`` while the block runs."""

    def is_new(record: logging.LogRecord) -> bool:
        return not any(trouble in record.getMessage() for trouble in troubles)

    with _told(is_new):
        yield


@contextmanager
def told_later(loggers: Collection[str]) -> Iterator[None]:
    """Keep what ``loggers`` warn of from standard error while the block runs, but no trace."""

    def is_a_surprise(record: logging.LogRecord) -> bool:
        return record.name not in loggers or bool(record.exc_info)

    with _told(is_a_surprise):
        yield


@contextmanager
def _told(which: Callable[[logging.LogRecord], bool]) -> Iterator[None]:
    """Let standard error have only such records while the block runs; a set-up log has all.

    What no log was set up for goes to Python's handler of last resort, and so to the person.
    """
    handler = logging.lastResort
    if handler is None:
        yield
        return
    handler.addFilter(which)
    try:
        yield
    finally:
        handler.removeFilter(which)


@contextmanager
def loading_bar(what: str) -> Iterator[Progress]:
    """Show on standard error, if it is a terminal, how far something is while the block runs."""
    if not sys.stderr.isatty():
        yield lambda _what, _share: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(harmless(what), total=None)  # only moves, until there is a share
        yield lambda _what, share: bar.update(task, total=1.0 if share else None, completed=share)


@contextmanager
def waiting() -> Iterator[None]:
    """Show on standard error, if it is a terminal, that an answer is made while the block runs."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status("Answering ..."):
        yield
