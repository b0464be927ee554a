"""Serves Slack over a socket, and looks after the app there."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal

import click

from bot.errors import SettingsError
from channels.cli import extras
from channels.cli.here import Here, command
from channels.cli.paper import as_json, print_json, print_table, when
from channels.cli.serving import Doors, serve_doors, verbosely

if TYPE_CHECKING:
    from bot.store.installations import SqlInstallations
    from channels.slack.vault import Vault


@command
async def _serve(here: Here, *, verbose: bool) -> None:
    await serve_doors(here, here.settings(), Doors(slack="socket", verbose=verbose))


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  bot slack manifest > app.json      what to make the app from, on api.slack.com/apps
  bot slack                          serve it, with SLACK_BOT_TOKEN and SLACK_APP_TOKEN set""",
)
@verbosely
@click.pass_context
def slack(ctx: click.Context, *, verbose: bool) -> None:
    """Serve Slack, over a socket that the bot opens.

    No [slack] in bot.toml is needed, only the app's two tokens in SLACK_BOT_TOKEN and
    SLACK_APP_TOKEN. For HTTP see 'bot serve', for all channels 'bot run'.

    SIGTERM or Ctrl-C stops it in good order: running answers get their grace, what is left is
    taken over by another process, or at the next start.
    """
    if ctx.invoked_subcommand is None:
        _serve(verbose=verbose)


@slack.command()
@click.option("--mode", type=click.Choice(["socket", "http"]), help="[default: bot.toml's]")
@click.option("--yaml", "as_yaml", is_flag=True, help="Print YAML instead of JSON.")
@click.pass_obj
def manifest(here: Here, *, mode: Literal["socket", "http"] | None, as_yaml: bool) -> None:
    """Print what to make the app in Slack from.

    It has exactly what the bot needs: its scopes, events, commands and, for HTTP, its addresses.
    """
    from channels.slack.manifest import manifest as made

    found = made(here.settings(), mode=mode)
    if not as_yaml:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    import yaml

    click.echo(yaml.safe_dump(found, sort_keys=False, allow_unicode=True), nl=False)


@slack.command()
def key() -> None:
    """Print a new key to seal workspaces' tokens with.

    Put it first in SLACK_TOKEN_KEY, a comma before the old ones, then run 'bot slack rotate'.
    """
    extras.check("slack")
    from channels.slack.vault import Vault

    click.echo(Vault.new_key())


@slack.command()
@as_json
@command
async def workspaces(here: Here, *, as_json: bool) -> None:
    """List the workspaces that installed the app by themselves."""
    async with _installations(here) as kept:
        found = await kept.all("slack")
    if as_json:
        print_json([{"id": one.name, "team": one.about.get("team"), "at": one.at} for one in found])
    elif not found:
        click.echo("No workspace has installed the app. [slack.oauth] lets them.")
    else:
        rows = [[one.name, one.about.get("team", ""), when(one.at)] for one in found]
        print_table(["ID", "WORKSPACE", "INSTALLED"], rows)
    _look_at_the_key(here)


@slack.command()
@command
async def rotate(here: Here) -> None:
    """Seal all tokens anew, with the first key in SLACK_TOKEN_KEY.

    Safe to run again, and while the bot runs. The old keys can go once it is done.
    """
    extras.check("slack")
    from channels.slack.installed import sealed_anew

    vault = _vault(here)
    async with _installations(here) as kept:
        done, all_of_them = await sealed_anew(kept, vault), len(await kept.all("slack"))
    click.echo(f"Sealed {done} of {all_of_them} with the newest key; the others already were.")


def _look_at_the_key(here: Here) -> None:
    """Tell, beside what was asked, of a key that is missing or none."""
    slack = here.settings().slack
    if slack is None or slack.oauth is None or extras.missing("slack"):
        return
    try:
        _vault(here)
    except SettingsError as error:
        click.echo(f"No token can be read: {error}", err=True)


@asynccontextmanager
async def _installations(here: Here) -> AsyncIterator["SqlInstallations"]:
    from bot.store.installations import SqlInstallations

    async with here.database() as database:
        yield SqlInstallations(database)


def _vault(here: Here) -> "Vault":
    from channels.slack.vault import Vault

    settings = here.settings()
    if settings.slack is None or settings.slack.oauth is None:
        raise SettingsError(
            "[slack.oauth] is not in the settings: one workspace's token is not kept, and has no "
            "key. Add the section if others install the app."
        )
    return Vault.from_settings(settings, settings.slack.oauth)
