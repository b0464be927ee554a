"""Opens Slack for a bot: its tokens are looked at first, then it joins the house."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cached_property

from slack_bolt.async_app import AsyncApp
from starlette.types import ASGIApp

from bot.app import App, Parts, Side
from bot.errors import SettingsError
from bot.settings import Settings, SlackSettings
from bot.store.base import Installation, Installations
from channels.slack import tokens
from channels.slack.bolt import make_bolt
from channels.slack.calls import Calls
from channels.slack.door import Door
from channels.slack.hall import open_hall
from channels.slack.installed import ManyWorkspaces, to_workspace
from channels.slack.installing import InstallPages
from channels.slack.introduction import introduced, shortage
from channels.slack.joining import joined
from channels.slack.places import CHANNEL
from channels.slack.socket import Socket, open_socket, socket_address
from channels.slack.vault import Vault
from channels.slack.wire import Wire
from channels.slack.workspaces import OneWorkspace, Workspaces

_logger = logging.getLogger(__name__)


class Slack:
    """Slack as the settings have it, with a token of its own or with a vault of many.

    Made by ``open_slack``; a bot is opened with ``joins=[slack.join]``, then it can listen.
    """

    name = CHANNEL

    def __init__(self, whole: Settings, *, wire: Wire, has: OneWorkspace | Vault) -> None:
        self.settings = whole.slack or SlackSettings()
        self.wire = wire
        self._whole = whole
        self._has = has
        self._parts: Parts | None = None

    @property
    def whom(self) -> str:
        """Where the bot is, and as whom, for people."""
        if isinstance(self._has, Vault):
            return "every workspace that installed it"
        workspace = self._has.workspace
        return f"{workspace.team} as {workspace.name or workspace.bot_user}"

    @property
    def shortage(self) -> str:
        """Which scopes are missing, and what will not work without them; empty if none is."""
        return "" if isinstance(self._has, Vault) else shortage(self._has.workspace)

    @asynccontextmanager
    async def join(self, parts: Parts) -> AsyncIterator[Side]:
        """Keep the promise of a ``bot.app.Join``."""
        self._parts = parts
        if isinstance(self._has, Vault):
            await _look_at(parts, self._has)
        async with joined(parts, calls=self._calls, settings=self.settings) as side:
            yield side

    @asynccontextmanager
    async def listening(self, app: App, *, clock: Callable[[], float]) -> AsyncIterator[AsyncApp]:
        """Yield what hears Slack for ``app``, which it joined."""
        async with open_hall(
            app,
            calls=self._calls,
            workspaces=self._workspaces,
            settings=self.settings,
            clock=clock,
        ) as hall:
            yield make_bolt(hall, api_url=self.settings.api_url)

    @asynccontextmanager
    async def connected(self, bolt: AsyncApp) -> AsyncIterator[Socket]:
        """Yield a socket to Slack over which ``bolt`` hears.

        Raises:
            SettingsError: the app's token is missing, or opens no socket.
            SlackUnreachable: Slack does not answer.
        """
        token, place = tokens.app_token(self._whole), self.settings.app_token_env
        async with open_socket(bolt=bolt, token=token, wire=self.wire, place=place) as socket:
            yield socket

    async def try_socket(self) -> None:
        """Ask whether the app's token opens a socket, and open none.

        Raises:
            SettingsError, SlackUnreachable: as for ``connected``.
        """
        token, place = tokens.app_token(self._whole), self.settings.app_token_env
        await socket_address(token, wire=self.wire, place=place)

    async def readable(self, installations: Installations) -> tuple[int, list[str]]:
        """Return how many workspaces' tokens can be read, and why the others cannot."""
        if not isinstance(self._has, Vault):
            return 0, []
        kept = await installations.all(CHANNEL)
        unreadable = [why for each in kept if (why := _unreadable(each, self._has))]
        return len(kept) - len(unreadable), unreadable

    def door(self, bolt: AsyncApp, beyond: ASGIApp, *, clock: Callable[[], float]) -> Door:
        """Return a door for Slack's HTTP requests, before ``beyond``.

        Raises:
            SettingsError: a secret or the public address is missing.
        """
        secret = tokens.signing_secret(self._whole)
        return Door(
            bolt=bolt,
            secret=secret,
            clock=clock,
            pages=self._pages(),
            beyond=beyond,
            place=self.settings.signing_secret_env,
        )

    def _pages(self) -> InstallPages | None:
        oauth, workspaces = self.settings.oauth, self._workspaces
        if oauth is None or not isinstance(workspaces, ManyWorkspaces):
            return None
        if not self.settings.url:
            raise SettingsError(
                "[slack] url: workspaces install the app there. Set the public address of "
                "'bot serve', as 'https://bot.shop.example'."
            )
        return InstallPages(
            name=self._whole.bot.name,
            settings=self.settings,
            oauth=oauth,
            secret=self._whole.demand(
                oauth.client_secret_env, place="[slack.oauth] client_secret_env"
            ),
            wire=self.wire,
            installations=self._joined.installations,
            workspaces=workspaces,
        )

    @cached_property
    def _workspaces(self) -> Workspaces:
        if isinstance(self._has, Vault):
            return ManyWorkspaces(self._joined.installations, self._has)
        return self._has

    @cached_property
    def _calls(self) -> Calls:
        return Calls(workspaces=self._workspaces, wire=self.wire)

    @property
    def _joined(self) -> Parts:
        assert self._parts is not None, "open the bot with joins=[slack.join] first"  # noqa: S101
        return self._parts


@asynccontextmanager
async def open_slack(settings: Settings) -> AsyncIterator[Slack]:
    """Look at the tokens, and hold the lines to Slack until the block ends.

    Raises:
        SettingsError: a token, a key or a vital scope is missing or wrong; the text says which.
        SlackUnreachable: Slack does not answer.
    """
    slack = settings.slack or SlackSettings()
    wire = Wire(api_url=slack.api_url)
    try:
        has: OneWorkspace | Vault
        if slack.oauth:
            has = Vault.from_settings(settings, slack.oauth)
        else:
            token = tokens.bot_token(settings)
            has = OneWorkspace(await introduced(token, wire=wire, place=slack.bot_token_env))
        yield Slack(settings, wire=wire, has=has)
    finally:
        await wire.close()


async def _look_at(parts: Parts, vault: Vault) -> None:
    """Note in the log whose token cannot be read; the others are served."""
    for kept in await parts.installations.all(CHANNEL):
        if why := _unreadable(kept, vault):
            _logger.warning("%s", why)


def _unreadable(kept: Installation, vault: Vault) -> str:
    try:
        to_workspace(kept, vault)
    except SettingsError as error:
        return str(error)
    return ""
