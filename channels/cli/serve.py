"""Serves the web chat, and Slack's requests beside it."""

import click

from bot.settings import Settings
from channels.cli.here import Here, command
from channels.cli.serving import Doors, serve_doors, verbosely


@click.command(
    epilog="""\b
Examples:
  bot serve                              the chat and a demo page on http://127.0.0.1:8000
  bot serve --host 0.0.0.0 --port 80     for everyone who reaches this machine"""
)
@click.option("--host", help="The address to listen on. [default: bot.toml's]")
@click.option("--port", type=click.IntRange(0, 65535), help="The port. [default: bot.toml's]")
@verbosely
@command
async def serve(here: Here, *, host: str | None, port: int | None, verbose: bool) -> None:
    """Serve the web chat: its API, its widget and a demo page.

    With [slack] in bot.toml and Slack's signing secret, it takes Slack's requests as well.

    SIGTERM or Ctrl-C stops it in good order: running answers get their grace, what is left is
    taken over by another process, or at the next start.
    """
    settings = here.settings()
    doors = Doors(
        web=True,
        host=host,
        port=port,
        slack="http" if _hears_slack(settings) else None,
        verbose=verbose,
    )
    await serve_doors(here, settings, doors)


def _hears_slack(settings: Settings) -> bool:
    """Return whether Slack, or somebody who installs the app there, comes to this server."""
    slack = settings.slack
    if slack is None:
        return False
    if slack.mode == "http" or slack.oauth is not None:
        return True
    return settings.secret(slack.signing_secret_env) is not None
