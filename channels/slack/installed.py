"""The workspaces that installed the app by themselves: their tokens lie sealed in the database."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pydantic import SecretStr

from bot.store.base import Installation, Installations
from channels.slack.places import CHANNEL
from channels.slack.vault import Vault
from channels.slack.workspaces import NotInstalled, Workspace

_logger = logging.getLogger(__name__)

_REMEMBERED = 60.0  # seconds


class ManyWorkspaces:
    """Keeps the promise of ``Workspaces`` for an app that workspaces install by themselves."""

    def __init__(
        self,
        installations: Installations,
        vault: Vault,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._installations = installations
        self._vault = vault
        self._clock = clock
        self._found: dict[str, tuple[float, Workspace]] = {}

    async def find(self, install: str) -> Workspace:
        at, workspace = self._found.get(install, (0.0, None))
        if workspace is not None and self._clock() - at < _REMEMBERED:
            return workspace
        self._found.pop(install, None)
        kept = await self._installations.find(CHANNEL, install)
        if kept is None:
            raise NotInstalled(f"The app is not installed in {install}.")
        workspace = to_workspace(kept, self._vault)
        self._found[install] = (self._clock(), workspace)
        return workspace

    async def newer(self, workspace: Workspace) -> Workspace | None:
        """Look past what is remembered: another process may have heard of a new token."""
        self._found.pop(workspace.install, None)
        with suppress(NotInstalled):
            found = await self.find(workspace.install)
            return found if found.token != workspace.token else None
        return None

    async def keep(self, workspace: Workspace) -> None:
        """Keep a workspace that installed the app; what was kept of it before is replaced."""
        await self._installations.keep(
            CHANNEL,
            workspace.install,
            sealed=self._vault.seal(workspace.install, _to_secrets(workspace)),
            about={"team": workspace.team},
        )
        self._found.pop(workspace.install, None)

    async def forget(self, install: str, *, at: float) -> None:
        kept = await self._installations.find(CHANNEL, install)
        self._found.pop(install, None)
        # Slack tells whole seconds.
        if kept is None or (at and kept.at >= at + 1):
            return
        if await self._installations.remove(CHANNEL, install, at=kept.at):
            _logger.info("The app was removed from %s; its token is forgotten.", install)


async def sealed_anew(installations: Installations, vault: Vault) -> int:
    """Seal everything with the newest key, and return how much was sealed with another one.

    Raises:
        SettingsError: no key opens one of them; those before it, by name, are done.
    """
    done = 0
    for kept in await installations.all(CHANNEL):
        if not vault.is_newest(kept.sealed):
            new = vault.seal(kept.name, vault.open(kept.name, kept.sealed))
            done += await installations.reseal(CHANNEL, kept.name, old=kept.sealed, new=new)
    return done


def to_workspace(kept: Installation, vault: Vault) -> Workspace:
    """Return what was kept of a workspace.

    Raises:
        SettingsError: no key of ``vault`` fits.
    """
    secrets = vault.open(kept.name, kept.sealed)
    return Workspace(
        install=kept.name,
        token=SecretStr(secrets["token"]),
        team=kept.about.get("team", ""),
        bot_user=secrets["bot_user"],
        bot_id=secrets["bot_id"],
        app_id=secrets["app_id"],
        scopes=frozenset(secrets["scopes"]),
    )


def _to_secrets(workspace: Workspace) -> dict[str, Any]:
    return {
        "token": workspace.token.get_secret_value(),
        "bot_user": workspace.bot_user,
        "bot_id": workspace.bot_id,
        "app_id": workspace.app_id,
        "scopes": sorted(workspace.scopes),
    }
