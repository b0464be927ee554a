"""The workspaces that the bot is installed in, each with the token that it speaks with there."""

from dataclasses import dataclass
from typing import Protocol

from pydantic import SecretStr

from bot.errors import FrontdeskError


class NotInstalled(FrontdeskError):
    """The bot is not, or is no longer, installed there; nothing reaches that workspace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A place where the app is installed.

    ``install`` is the team's id "T…", or the enterprise's "E…" where a whole organisation has it;
    ``team`` is its name, for people.
    """

    install: str
    token: SecretStr
    team: str
    bot_user: str
    bot_id: str
    app_id: str
    scopes: frozenset[str]


class Workspaces(Protocol):
    """Knows where the bot is installed."""

    async def find(self, install: str) -> Workspace:
        """Return the workspace or organisation ``install``.

        Raises:
            NotInstalled: it never installed the app, or removed it.
            StoreUnavailable: that cannot be told now.
        """
        ...
