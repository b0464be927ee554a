"""Tells a door that serves until it is told to stop that it is: once in good order, twice at once.

A door opens this first and the bot inside it::

    async with told_to_stop() as stop, open_app(settings, posters=[…]) as app:
        ...
        await stop.wait()

Leaving the bot's block then gives running turns their grace, and their replies leave.
"""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@asynccontextmanager
async def told_to_stop() -> AsyncIterator[asyncio.Event]:
    """Yield an event that the first SIGTERM or SIGINT sets; the second one ends the process."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def first() -> None:
        stop.set()
        for each in _SIGNALS:
            loop.remove_signal_handler(each)
            signal.signal(each, signal.SIG_DFL)

    before = {each: signal.getsignal(each) for each in _SIGNALS}
    for each in _SIGNALS:
        loop.add_signal_handler(each, first)
    try:
        yield stop
    finally:
        for each, handler in before.items():
            loop.remove_signal_handler(each)
            signal.signal(each, handler)
