"""Turns Ctrl-C into a deed while something runs that it shall stop."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def on_interrupt(deed: Callable[[], None]) -> Iterator[None]:
    """Call ``deed`` in the running loop at every Ctrl-C within the block; then all is as before."""
    loop = asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGINT)
    try:
        loop.add_signal_handler(signal.SIGINT, deed)
    except NotImplementedError:  # Windows: Ctrl-C ends the program there
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)
