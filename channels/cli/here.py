"""What a command finds around it: the settings, the environment, the archive, the terminal."""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

import click

from bot.errors import StoreError
from bot.settings import Settings, environment, load
from channels.terminal.escapes import harmless

if TYPE_CHECKING:
    from bot.store.base import Archive
    from bot.store.database import Database
    from bot.store.outbox import SqlOutbox
    from channels.terminal.page import Page

CHANNEL = "terminal"

_P = ParamSpec("_P")

_ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
_TERMINATED = 143  # what shells expect of a program that SIGTERM ended


class Told(click.ClickException):
    """What the person at the keyboard must know; no trace, no usage."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        click.echo(harmless(self.message), file=file, err=True)


@dataclass(slots=True)
class Here:
    """The place in which a command was called. ``config`` is what ``--config`` names."""

    config: Path | None = None
    environment: Mapping[str, str] = field(default_factory=environment)
    clock: Callable[[], float] = time.time  # noqa: TID251 - the outermost door: time is real here

    def settings(self) -> Settings:
        """Read the settings.

        Raises:
            SettingsError: they cannot be used; it tells all that must be changed.
        """
        return load(self.config, environment=self.environment)

    def page(self) -> "Page":
        """Return what answers and explanations are shown on."""
        from channels.terminal.screen import open_page

        return open_page(sys.stdout, environment=self.environment)

    @asynccontextmanager
    async def database(self) -> AsyncIterator["Database"]:
        """Open the database alone: enough to look back, and no key is needed for it."""
        from bot.store.database import Database

        settings = self.settings().database
        database = await Database.open(
            settings.url.get_secret_value(), clock=self.clock, pool=settings.pool
        )
        try:
            yield database
        finally:
            await database.close()

    @asynccontextmanager
    async def archive(self) -> AsyncIterator["Archive"]:
        """Open what people look back at, once what no terminal shows any more is marked so."""
        from bot.store.archive import SqlArchive
        from bot.store.outbox import SqlOutbox

        async with self.database() as database:
            await give_up(SqlOutbox(database))
            yield SqlArchive(database)


async def give_up(outbox: "SqlOutbox") -> None:
    """Mark replies whose terminal was closed or killed: only a resumed chat can show them."""
    with suppress(StoreError):  # nothing depends on it, and it may be one that is only read
        await outbox.give_up(channels=[CHANNEL], error="its terminal is gone")


def command(
    deed: Callable[Concatenate[Here, _P], Coroutine[None, None, int | None]],
) -> Callable[_P, None]:
    """Let a coroutine be a command's body: it is handed its ``Here`` and returns an exit code."""

    @wraps(deed)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> None:
        ctx = click.get_current_context()
        with suppress(asyncio.CancelledError):
            ctx.exit(asyncio.run(_until_terminated(deed(ctx.ensure_object(Here), *args, **kwargs))))
        ctx.exit(_TERMINATED)

    return run


async def _until_terminated(deed: Coroutine[None, None, int | None]) -> int:
    """Let a SIGTERM, or a terminal that goes away, end ``deed`` as Ctrl-C does.

    What it has open is closed, and leases are let go.
    """
    if doing := asyncio.current_task():
        for each in _ENDING:
            if signal.getsignal(each) is not signal.SIG_IGN:  # as nohup has it
                with suppress(NotImplementedError):  # Windows
                    asyncio.get_running_loop().add_signal_handler(each, doing.cancel)
    return await deed or 0
