"""Opens a bot and its doors, and serves until it is told to stop."""

import asyncio
import gc
import logging
import socket
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

import click

from bot.errors import SettingsError
from bot.settings import Settings
from channels.cli import extras
from channels.cli.here import Here

if TYPE_CHECKING:
    from slack_bolt.async_app import AsyncApp
    from starlette.types import ASGIApp

    from bot.app import App
    from channels.slack.opening import Slack

_logger = logging.getLogger(__name__)

_TOLD = ("channels.web", "channels.slack.installed", "channels.slack.installing")

T = TypeVar("T")

_Serving = Coroutine[None, None, bool]


class _GraceIsOver(Exception):
    """Answers were still running: they are left to others at once."""


class _NeverOpened(Exception):
    """It was told to stop while it was still opening: a model may take minutes to load."""


verbosely = click.option(
    "-v", "--verbose", is_flag=True, help="Log all that the bot does, and what it ignores, and why."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """What is served. Where ``host`` or ``port`` is None, the settings say it.

    ``verbose`` logs all that the bot does.
    """

    web: bool = False
    host: str | None = None
    port: int | None = None
    slack: Literal["socket", "http"] | None = None
    verbose: bool = False


async def serve_doors(here: Here, settings: Settings, doors: Doors) -> None:
    """Serve until SIGTERM or Ctrl-C; then running answers get their grace.

    Raises:
        SetupError: something must be changed first; the text says what.
    """
    if doors.web:
        extras.check("web")
    if doors.slack:
        extras.check("slack")
    _log(verbose=doors.verbose)
    with suppress(_GraceIsOver, _NeverOpened):
        async with AsyncExitStack() as stack:
            await _House(here, settings, doors, stack).serve()


class _House:
    """A bot with its doors; ``stack`` holds what is open, and closes it in good order."""

    def __init__(self, here: Here, settings: Settings, doors: Doors, stack: AsyncExitStack) -> None:
        self._here = here
        self._settings = settings
        self._doors = doors
        self._stack = stack

    async def serve(self) -> None:
        from channels.cli.learning import first_words
        from channels.stopping import told_to_stop

        on = self._address() if self._doors.web else None
        stop = await self._stack.enter_async_context(told_to_stop())
        slack = await self._slack() if self._doors.slack else None
        app = await _unless(stop, self._app(slack))
        if words := await first_words(app.articles, self._settings):
            click.echo(words)
        serving: list[_Serving] = []
        bolt: AsyncApp | None = None
        if slack is not None:
            hears = slack.listening(app, clock=self._here.clock)
            bolt = await self._stack.enter_async_context(hears)
            if self._doors.slack == "socket":
                serving.append(await self._over_a_socket(slack, bolt, stop))
        if on is not None:
            serving.append(await self._over_http(app, slack, bolt, on, stop))
        gc.freeze()  # what is open stays: no collection of garbage looks through it any more
        await _together([*serving, self._farewell(app, stop)], stop)

    async def _farewell(self, app: "App", stop: asyncio.Event) -> bool:
        """Say, once it is told to stop, what is still done."""
        await stop.wait()
        click.echo(farewell(app.engine.running, seconds=self._settings.engine.grace_seconds))
        return True

    def _address(self) -> socket.socket:
        from channels.web import server

        web, doors = self._settings.web, self._doors
        port = web.port if doors.port is None else doors.port
        return self._stack.enter_context(server.listening(doors.host or web.host, port))

    async def _slack(self) -> "Slack":
        from channels.slack import tokens
        from channels.slack.opening import open_slack

        section = self._settings.slack
        alone = section is None or section.oauth is None
        if self._doors.slack == "socket" and alone and (wrong := tokens.troubles(self._settings)):
            raise SettingsError("\n".join(map(str, wrong)))
        slack = await self._stack.enter_async_context(open_slack(self._settings))
        if slack.shortage:
            _logger.warning("Slack: %s", slack.shortage)
        return slack

    async def _app(self, slack: "Slack | None") -> "App":
        from bot.app import open_app

        channels, posters = [], []
        if self._doors.web:
            from channels.web.poster import WebPoster

            channels.append(WebPoster.name)
            posters.append(WebPoster())
        if slack is not None:
            channels.append(slack.name)
        return await self._stack.enter_async_context(
            open_app(
                self._settings,
                channels=channels,
                posters=posters,
                joins=[slack.join] if slack else [],
            )
        )

    async def _over_a_socket(
        self, slack: "Slack", bolt: "AsyncApp", stop: asyncio.Event
    ) -> _Serving:
        line = await self._stack.enter_async_context(slack.connected(bolt))
        click.echo(f"Slack: connected to {slack.whom} (Ctrl-C stops it).")

        async def serve() -> bool:
            await line.serve(stop)
            return True

        return serve()

    async def _over_http(
        self,
        app: "App",
        slack: "Slack | None",
        bolt: "AsyncApp | None",
        on: socket.socket,
        stop: asyncio.Event,
    ) -> _Serving:
        from channels.web import server
        from channels.web.app import make_web
        from channels.web.streams import Streams

        streams = Streams()
        pages = await make_web(app, streams=streams, clock=self._here.clock)
        click.echo(f"The chat is served on {server.address(on)} (Ctrl-C stops it).")
        front: ASGIApp = pages
        if slack is not None and bolt is not None:
            front = door = slack.door(bolt, pages, clock=self._here.clock)
            if door.hears:
                click.echo(f"Slack: its requests are taken there, for {slack.whom}.")
        return server.serve(
            front,
            on=on,
            streams=streams,
            settings=self._settings.web,
            stop=stop,
            grace=self._settings.engine.grace_seconds,
        )


def farewell(running: int, *, seconds: float) -> str:
    """Return what is said at the end, while so many answers are ``running``."""
    match running:
        case 0:
            rest = "no answer is being written"
        case 1:
            rest = f"1 answer is finished, for at most {seconds:g} seconds"
        case _:
            rest = f"{running} answers are finished, for at most {seconds:g} seconds"
    return f"Stopping: {rest}. A second Ctrl-C ends at once."


async def _unless(stop: asyncio.Event, opening: Coroutine[None, None, T]) -> T:
    """Return what ``opening`` does; where it is told to stop before, that is given up."""

    async def told() -> None:
        await stop.wait()
        click.echo("Stopping: the bot was still opening.")
        raise _NeverOpened

    try:
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(told())
            opened = await opening
            waiting.cancel()
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
    return opened


async def _together(serving: Sequence[_Serving], stop: asyncio.Event) -> None:
    """Serve at all doors; where one ends, all do."""

    async def until_the_end(door: _Serving) -> bool:
        try:
            return await door
        finally:
            stop.set()

    async with asyncio.TaskGroup() as tasks:
        doing = [tasks.create_task(until_the_end(door)) for door in serving]
    if not all(task.result() for task in doing):
        raise _GraceIsOver


def _log(*, verbose: bool) -> None:
    """Note requests and warnings where the errors go; if ``verbose``, all that the bot does."""
    form = "%(asctime)s %(levelname)s %(name)s %(message)s"
    logging.basicConfig(level=logging.WARNING, format=form)
    for ours in ("bot", "channels") if verbose else _TOLD:
        logging.getLogger(ours).setLevel(logging.DEBUG if verbose else logging.INFO)
    for library in ("slack_bolt", "slack_sdk"):  # they print tokens, and what people write
        logging.getLogger(library).setLevel(logging.CRITICAL)
