"""Serves the web chat."""

import logging
from contextlib import suppress
from importlib.util import find_spec

import click

from bot.errors import MissingExtra
from channels.cli.here import Here, command

NEEDED = ("fastapi", "fastapi_swagger", "jwt", "limits", "rjsmin", "uvicorn")
"""The packages of the extra ``web``."""


class _GraceIsOver(Exception):
    """Answers were still running: they are left to others at once."""


@click.command(
    epilog="""\b
Examples:
  bot serve                              the chat and a demo page on http://127.0.0.1:8000
  bot serve --host 0.0.0.0 --port 80     for everyone who reaches this machine"""
)
@click.option("--host", help="The address to listen on. [default: bot.toml's]")
@click.option("--port", type=click.IntRange(0, 65535), help="The port. [default: bot.toml's]")
@command
async def serve(here: Here, *, host: str | None, port: int | None) -> None:
    """Serve the web chat: its API, its widget and a demo page.

    SIGTERM or Ctrl-C stops it in good order: running answers get their grace, what is left is
    taken over by another process, or at the next start.
    """
    _check_extra()
    from bot.app import open_app
    from channels.cli.learning import first_words
    from channels.stopping import told_to_stop
    from channels.web import server
    from channels.web.app import make_web
    from channels.web.poster import CHANNEL, WebPoster
    from channels.web.streams import Streams

    _log()
    settings = here.settings()
    web = settings.web
    with (
        server.listening(host or web.host, web.port if port is None else port) as on,
        suppress(_GraceIsOver),
    ):
        async with (
            told_to_stop() as stop,
            open_app(settings, channels={CHANNEL}, posters=[WebPoster()]) as app,
        ):
            if words := await first_words(app.articles, settings):
                click.echo(words)
            streams = Streams()
            pages = await make_web(app, streams=streams, clock=here.clock)
            click.echo(f"The chat is served on {server.address(on)} (Ctrl-C stops it).")
            grace = settings.engine.grace_seconds
            if not await server.serve(
                pages, on=on, streams=streams, settings=web, stop=stop, grace=grace
            ):
                raise _GraceIsOver


def missing() -> list[str]:
    """Return the packages that serving needs and that are not installed."""
    return [name for name in NEEDED if find_spec(name) is None]


def _check_extra() -> None:
    if lacking := missing():
        raise MissingExtra(
            f"Serving the web chat needs {', '.join(lacking)}. "
            "Install it with: pip install 'frontdesk[web]'"
        )


def _log() -> None:
    """Note requests and warnings where the errors go."""
    form = "%(asctime)s %(levelname)s %(name)s %(message)s"
    logging.basicConfig(level=logging.WARNING, format=form)
    logging.getLogger("channels.web").setLevel(logging.INFO)
