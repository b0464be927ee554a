"""The workspaces that the bot is installed in, each with the token that it speaks with there."""

import logging
from dataclasses import dataclass
from typing import Protocol

from pydantic import SecretStr

from bot.errors import DeliveryRefused

_logger = logging.getLogger(__name__)


class NotInstalled(DeliveryRefused):
    """The bot is not, or is no longer, installed there; nothing reaches that workspace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A place where the app is installed.

    ``install`` is the team's id "T…", or the enterprise's "E…" where a whole organisation has it;
    ``team`` is its name, and ``name`` the bot's there, both for people.
    """

    install: str
    token: SecretStr
    team: str
    bot_user: str
    bot_id: str
    app_id: str
    scopes: frozenset[str]
    name: str = ""


class Workspaces(Protocol):
    """Knows where the bot is installed."""

    async def find(self, install: str) -> Workspace:
        """Return the workspace or organisation ``install``.

        Raises:
            NotInstalled: it never installed the app, or removed it.
            SettingsError: what is kept of it cannot be read.
            StoreUnavailable: that cannot be told now.
        """
        ...

    async def newer(self, workspace: Workspace) -> Workspace | None:
        """Return the workspace if it has another token by now, for one that Slack refused."""
        ...

    async def forget(self, install: str, *, at: float) -> None:
        """Note that the app was removed there ``at`` a time, in seconds since the epoch.

        One that was installed anew since then stays. 0 is a time that was not told.
        """
        ...


class OneWorkspace:
    """Keeps the promise of ``Workspaces`` for a bot with one token."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    async def find(self, install: str) -> Workspace:
        if install != self.workspace.install:
            raise NotInstalled(f"The bot's token is for {self.workspace.team}, not for {install}.")
        return self.workspace

    async def newer(self, workspace: Workspace) -> Workspace | None:  # noqa: ARG002 - the promise
        return None

    async def forget(self, install: str, *, at: float) -> None:  # noqa: ARG002 - the promise
        _logger.warning(
            "The app was removed from %s. Install it again, and set its new token.", install
        )
