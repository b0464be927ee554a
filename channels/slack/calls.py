"""Calls to Slack in the name of a workspace, which wait where Slack says that they must."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from channels.slack.errors import SlackBusy, SlackRefused
from channels.slack.wire import Wire
from channels.slack.workspaces import Workspace, Workspaces

# Its limit is one for each channel, not for the workspace.
_BY_CHANNEL: Final = "chat.postMessage"

# What Slack says of a token that was revoked, or that knows of no scope that came later.
_DEAD: Final = frozenset({"account_inactive", "invalid_auth", "missing_scope", "token_revoked"})


class Calls:
    """Asks Slack for things, each in the workspace that it names.

    Where Slack says that a method is called too often, everyone who calls it there waits.
    """

    def __init__(
        self,
        *,
        workspaces: Workspaces,
        wire: Wire,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.workspaces = workspaces
        self._wire = wire
        self._clock = clock
        self._sleep = sleep
        self._gates: dict[tuple[str, ...], float] = {}  # shut until then

    async def __call__(
        self, install: str, method: str, /, *, patience: float = 30.0, **arguments: Any
    ) -> Mapping[str, Any]:
        """Call ``method`` in the workspace or organisation ``install``; None is left out.

        It is called again where Slack asked to wait, if that is over within ``patience`` seconds.

        Raises:
            SlackBusy: Slack is asked too often for longer than that, cannot be reached, failed,
                or its answer was lost.
            SlackRefused: Slack will not do that; ``SlackGone`` where it never will.
            NotInstalled: the bot has no token there.
        """
        workspace = await self.workspaces.find(install)
        gate = _gate(install, method, arguments)
        until = self._clock() + patience
        while True:
            await self._pass(gate, method, until=until)
            try:
                heard = await self._wire.ask(
                    method,
                    token=workspace.token.get_secret_value(),
                    where=_where(install, arguments),
                    arguments=arguments,
                )
            except SlackBusy as busy:
                if busy.retry_after is None:
                    raise
                self._gates[gate] = self._clock() + busy.retry_after
            except SlackRefused as refused:
                newer = await self._newer(workspace, refused)
                if newer is None:
                    raise
                workspace = newer
            else:
                return heard.data

    async def _newer(self, workspace: Workspace, refused: SlackRefused) -> Workspace | None:
        """Return the workspace with another token, if it was this one that Slack refused."""
        return await self.workspaces.newer(workspace) if refused.error in _DEAD else None

    async def _pass(self, gate: tuple[str, ...], method: str, *, until: float) -> None:
        """Wait before a shut gate, or say at once that it stays shut for too long."""
        while (opens := self._gates.get(gate, 0.0)) > (now := self._clock()):
            if opens > until:
                text = f"Slack is asked too often for {method} in {gate[0]}."
                raise SlackBusy(text, retry_after=opens - now)
            await self._sleep(opens - now)
        self._gates.pop(gate, None)

    async def close(self) -> None:
        await self._wire.close()


def _where(install: str, arguments: Mapping[str, Any]) -> str:
    channel = arguments.get("channel")
    return f"{install}, channel {channel}" if channel else install


def _gate(install: str, method: str, arguments: Mapping[str, Any]) -> tuple[str, ...]:
    channel = str(arguments.get("channel")) if method == _BY_CHANNEL else ""
    return install, method, channel
