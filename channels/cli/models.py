"""Looks after the models that run on this machine: the Hugging Face hub's cache."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from typing import TYPE_CHECKING

import click

from bot.errors import MissingExtra
from bot.settings import Settings, TransformersSettings
from channels.cli.here import Here
from channels.cli.loading import loading_bar
from channels.cli.paper import as_json, number, print_json, print_table, when
from channels.terminal.escapes import harmless

if TYPE_CHECKING:
    from bot.local.shelf import Shelved


@click.group()
def models() -> None:
    """Fetch, list and remove models that run on this machine."""
    if find_spec("huggingface_hub") is None:
        raise MissingExtra(
            "Models on this machine need the package 'huggingface_hub'. "
            "Install it with: pip install 'frontdesk[local]'"
        )


@models.command("list")
@as_json
@click.pass_obj
def list_(here: Here, *, as_json: bool) -> None:
    """List the models on this machine, and what bot.toml uses of them."""
    from bot.local.shelf import shelved
    from bot.local.snapshots import is_folder

    users = _users(here.settings())
    found = shelved()
    if as_json:
        print_json([{**asdict(one), "sections": users.get(one.model, [])} for one in found])
        return
    if not found:
        click.echo("No models of the hub are here yet. Fetch one: bot models pull ID")
    else:
        _print(found, users)
    for folder in sorted(filter(is_folder, users)):
        click.echo(harmless(f"{folder} is a folder of yours, used by {', '.join(users[folder])}."))


@models.command(
    epilog="""\b
Examples:
  bot models pull meta-llama/Llama-3.1-8B-Instruct
  bot models pull openai-community/gpt2 --revision main"""
)
@click.argument("model", metavar="ID")
@click.option("--revision", help="A branch, tag or commit. [default: main]")
def pull(model: str, revision: str | None) -> None:
    """Fetch a model from the Hugging Face hub.

    Only what it is loaded from, its weights once. What was broken off is gone on with; what is here
    already is not fetched again.
    """
    from bot.local.snapshots import fetch

    with loading_bar(f"Fetching {model}") as tell:
        folder = fetch(model, revision=revision, progress=tell)
    click.echo(harmless(f"{model} is here: {folder}"))


@models.command()
@click.argument("model", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(model: str, *, yes: bool) -> None:
    """Delete a model from this machine, with all its revisions."""
    from bot.local.memory import gigabytes
    from bot.local.shelf import check, put_away

    check(model)
    if not yes:
        click.confirm(harmless(f"Delete {model} from this machine?"), abort=True, err=True)
    freed = put_away(model)
    click.echo(harmless(f"{model} is deleted; {gigabytes(freed)} are free again."))


def _print(found: "Sequence[Shelved]", users: Mapping[str, Sequence[str]]) -> None:
    from bot.local.memory import gigabytes

    print_table(
        ["MODEL", "SIZE", "LAST USED", "STATE", "USED BY"],
        [
            [
                one.model,
                gigabytes(one.size),
                when(one.used),
                f"lacks {number(len(one.lacks), 'file')}" if one.lacks else "whole",
                ", ".join(users.get(one.model, ())) or "-",
            ]
            for one in found
        ],
    )


def _users(settings: Settings) -> Mapping[str, Sequence[str]]:
    """Return the sections of bot.toml that use each model."""
    from bot.wiring.models import shapes

    users: dict[str, list[str]] = {}
    for name, section in settings.backends.items():
        if isinstance(section, TransformersSettings):
            users.setdefault(section.model, []).append(f"backends.{name}")
    for name, task in settings.tasks:
        for shape in shapes(task):
            users.setdefault(shape.model, []).append(f"tasks.{name}")
    return users
