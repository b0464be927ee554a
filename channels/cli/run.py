"""Serves every channel that the settings have, in one process."""

import click

from channels.cli.here import Here, command
from channels.cli.serving import Doors, serve_doors, verbosely


@click.command(
    epilog="""\b
Examples:
  bot run                  the web chat, and Slack where bot.toml has [slack]
  bot run --port 8080      the web chat on another port"""
)
@click.option("--host", help="The address of the web chat. [default: bot.toml's]")
@click.option("--port", type=click.IntRange(0, 65535), help="Its port. [default: bot.toml's]")
@verbosely
@command
async def run(here: Here, *, host: str | None, port: int | None, verbose: bool) -> None:
    """Serve every channel of bot.toml in one process.

    The web chat always, and Slack if there is a [slack]: over a socket, or by HTTP requests, as
    its mode says.

    SIGTERM or Ctrl-C stops it in good order: running answers get their grace, what is left is
    taken over by another process, or at the next start.
    """
    settings = here.settings()
    mode = settings.slack.mode if settings.slack else None
    doors = Doors(web=True, host=host, port=port, slack=mode, verbose=verbose)
    await serve_doors(here, settings, doors)
