"""The sign in a thread that the bot is at work there."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.errors import FrontdeskError, without_words
from channels.slack.errors import SlackRefused
from channels.slack.pace import Pace
from channels.slack.thread import Thread

_logger = logging.getLogger(__name__)

Title = Callable[[], Awaitable[str | None]]

_WORKING = "is thinking…"  # Slack puts the app's name before it


class Sign:
    """One thread's sign: it is up while any turn holds it, and set by one task alone.

    No failure of it harms an answer.
    """

    def __init__(self, thread: Thread, *, pace: Pace, warned: set[str]) -> None:
        self._thread = thread
        self._pace = pace
        self._warned = warned
        self._holders: set[str] = set()
        self._title: Title | None = None
        self._up = False  # as far as we know
        self._due = False
        self._woken = asyncio.Event()

    def hold(self, turn: str, *, title: Title | None = None) -> None:
        """Put it up for ``turn``, if it is not yet; a new thread gets the ``title``."""
        self._holders.add(turn)
        self._title = title
        self._woken.set()

    def let_go(self, turn: str, *, cleared: bool = False) -> None:
        """Take it down unless another turn holds it; ``cleared`` where Slack did so by itself."""
        self._holders.discard(turn)
        if cleared:
            self._up = False
        self._woken.set()

    def drop(self) -> None:
        """Take it down, whoever holds it."""
        self._holders.clear()
        self._woken.set()

    def clear(self) -> None:
        """Take down what a process put up that is no more."""
        self._up = True
        self._woken.set()

    async def run(self) -> None:
        """Keep it as it should be until nobody holds it any more."""
        while self._holders or self._up:
            self._woken.clear()
            if not self._holders:
                self._up = False
                await self._set("")
            elif self._due or not self._up:
                await self._set(_WORKING)
                # Even if Slack cleared it meanwhile: who knows which of the two came first.
                self._up, self._due = True, False
            if self._holders:
                await self._rest()

    async def _set(self, text: str) -> None:
        title, self._title = self._title, None
        try:
            told = await title() if title and text else None
            await self._thread.status(text, title=told)
        except SlackRefused as refused:
            if refused.error not in self._warned:
                self._warned.add(refused.error)
                _logger.warning("The bot's status is not shown: %s", refused)
        except FrontdeskError as error:
            _logger.debug("The bot's status is not shown: %s", error)
        except Exception as error:
            _logger.exception("The bot's status is not shown.", exc_info=without_words(error))

    async def _rest(self) -> None:
        """Wait until something has changed, or it is to be set again."""
        try:
            async with asyncio.timeout(self._pace.status):
                await self._woken.wait()
        except TimeoutError:
            self._due = True
