"""The hall: where everything that is heard from Slack comes in, and is kept before it is answered.

What must not be lost is in the database when ``take`` returns; only then may Slack be told that it
arrived. Whatever asks Slack for something runs afterwards, as an errand.
"""

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from bot.app import App
from bot.settings.slack import SlackSettings
from channels.slack.asking import Asking
from channels.slack.calls import Calls
from channels.slack.envelopes import installs, kind
from channels.slack.errands import Errands
from channels.slack.heard import (
    Asked,
    Began,
    Deleted,
    Edited,
    Heard,
    Ignored,
    Left,
    OpenedHome,
    OpenedMessages,
    Rated,
    Said,
    Stopped,
)
from channels.slack.hearing import Ears
from channels.slack.notices import Notices
from channels.slack.talk import Talk
from channels.slack.welcome import Welcome
from channels.slack.workspaces import NotInstalled, Workspace, Workspaces

_logger = logging.getLogger(__name__)

_MOST_MISSED = 100  # places that are told of in the log, each once


class Hall:
    """Does what is asked for in Slack. Made by ``open_hall``."""

    def __init__(
        self,
        *,
        app: App,
        calls: Calls,
        workspaces: Workspaces,
        settings: SlackSettings,
        errands: Errands,
        clock: Callable[[], float],
    ) -> None:
        self._workspaces = workspaces
        self._settings = settings
        self._errands = errands
        self._missed: set[str] = set()
        notices = Notices(app=app, calls=calls)
        self._asking = Asking(
            app=app, calls=calls, notices=notices, errands=errands, command=settings.command
        )
        self._welcome = Welcome(
            app=app, calls=calls, notices=notices, settings=settings, clock=clock
        )
        self._talk = Talk(
            app=app,
            calls=calls,
            notices=notices,
            errands=errands,
            settings=settings,
            clock=clock,
        )

    async def take(self, body: Mapping[str, Any]) -> str:
        """Do what ``body`` says; return words for whoever sent a command, else none.

        Raises:
            StoreUnavailable: it is not kept: let Slack say it again.
        """
        workspace = await self._workspace(body)
        if workspace is None:
            _ignored(kind(body), "the bot is not installed there")
            return ""
        ears = Ears(
            workspace=workspace,
            strangers=self._settings.strangers,
            command=self._settings.command,
        )
        heard = ears.hear(body)
        if isinstance(heard, Asked):
            return await self._asking.take(heard)
        if reason := await self._done(heard):
            _ignored(kind(body), reason)
        return ""

    async def _workspace(self, body: Mapping[str, Any]) -> Workspace | None:
        missing = None
        for install in dict.fromkeys(filter(None, installs(body))):
            try:
                return await self._workspaces.find(install)
            except NotInstalled as error:
                missing = missing or error
        if missing and str(missing) not in self._missed and len(self._missed) < _MOST_MISSED:
            self._missed.add(str(missing))
            _logger.warning("Slack tells of a place that the bot has no token for. %s", missing)
        return None

    async def _done(self, heard: Heard) -> str:
        """Do what belongs to a conversation, or return why nothing was to be done."""
        match heard:
            case Said():
                return await self._talk.said(heard)
            case Edited(said=said):
                return await self._talk.edited(said)
            case Deleted(external_id=external_id):
                return await self._talk.deleted(external_id)
            case Rated():
                return await self._talk.rated(heard)
            case Stopped():
                return await self._talk.stopped(heard)
        return await self._received(heard)

    async def _received(self, heard: Heard) -> str:
        """Do what belongs to none; likewise."""
        match heard:
            case OpenedHome():
                self._errands.run("the App Home", self._welcome.show_home(heard))
            case OpenedMessages():
                self._errands.run("suggestions", self._welcome.suggest(heard))
            case Began():
                self._errands.run("a greeting", self._welcome.greet(heard))
            case Left(install=install, at=at):
                await self._workspaces.forget(install, at=at)
            case Ignored(reason=reason):
                return reason
        return ""


@asynccontextmanager
async def open_hall(
    app: App,
    *,
    calls: Calls,
    workspaces: Workspaces,
    settings: SlackSettings,
    clock: Callable[[], float],
) -> AsyncIterator[Hall]:
    """Open the hall until the block ends; what was begun for people gets a few seconds more."""
    async with Errands() as errands:
        yield Hall(
            app=app,
            calls=calls,
            workspaces=workspaces,
            settings=settings,
            errands=errands,
            clock=clock,
        )


def _ignored(kind: str, reason: str) -> None:
    _logger.debug("Ignored %s: %s.", kind, reason)
