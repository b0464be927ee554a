"""Shows, fills and checks the templates."""

import json
from collections.abc import Sequence
from typing import Any

import click

from bot.prompts import PromptBook
from bot.resources import shipped
from channels.cli.here import Here, Told
from channels.cli.paper import as_json, print_json, print_table
from channels.terminal.escapes import harmless


@click.group()
def prompts() -> None:
    """See and check the words that models and customers are given."""


@prompts.command("list")
@as_json
@click.pass_obj
def list_(here: Here, *, as_json: bool) -> None:
    """List every template: whose it is, its variables and what it is for."""
    sheets = _book(here).sheets()
    if as_json:
        print_json(sheets)
        return
    print_table(
        ["TEMPLATE", "WHOSE", "VARIABLES", "PURPOSE"],
        [
            [
                sheet.name,
                "yours" if sheet.overridden else "shipped",
                ", ".join(sheet.variables) or "-",
                sheet.purpose,
            ]
            for sheet in sheets
        ],
    )


@prompts.command()
@click.argument("name")
@click.pass_obj
def show(here: Here, name: str) -> None:
    """Print the sources of a template and of all that it is made from."""
    book = _book(here)
    click.echo(book.source(name))
    click.echo(f"sha256 {book.digest(name)}", err=True)


@prompts.command(
    epilog="""\b
Examples:
  bot prompts render words/unknown.j2
  bot prompts render system.j2 --set summary="Asked about returns."
  bot prompts render words/too_long.j2 --set limit=2000"""
)
@click.argument("name")
@click.option(
    "--set",
    "given",
    metavar="NAME=VALUE",
    multiple=True,
    help="A variable of the template; a list or a table in JSON. May be given several times.",
)
@click.pass_obj
def render(here: Here, name: str, given: Sequence[str]) -> None:
    """Fill a template and print it. What bot.toml says of the bot is filled in by itself."""
    bot = here.settings().bot
    known = {
        "bot": bot.name,
        "company": bot.company,
        "contact": bot.contact,
        "language": bot.language,
    }
    book = _book(here)
    wanted = next((sheet.variables for sheet in book.sheets() if sheet.name == name), ())
    values = {name: value for name, value in known.items() if name in wanted}
    click.echo(harmless(book.render(name, **values, **dict(map(_variable, given)))))


@prompts.command()
@click.pass_obj
def check(here: Here) -> None:
    """Look for mistakes in every template; exit code 1 where there are any."""
    book = _book(here)
    problems = book.check()
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        raise click.exceptions.Exit(1)
    click.echo(f"{len(book.sheets())} templates, nothing wrong.")


def _book(here: Here) -> PromptBook:
    return PromptBook(shipped=shipped("prompts"), folder=here.settings().prompts.folder)


def _variable(given: str) -> tuple[str, Any]:
    name, equals, value = given.partition("=")
    if not equals:
        raise Told(f"--set {given!r} gives no value. Write --set NAME=VALUE.")
    try:
        return name, json.loads(value) if value[:1] in {"[", "{"} else value
    except ValueError as error:
        raise Told(f"--set {name}: this is not JSON: {error}.") from error
