"""Shows, fills and checks the templates."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from bot.prompts import PromptBook
from bot.resources import shipped
from channels.cli.here import Here, Told
from channels.cli.paper import as_json, print_json, print_table
from channels.terminal.escapes import harmless

_NUMBERS = {"breadth", "limit"}
_SAMPLES: Mapping[str, Any] = {
    "summary": "The customer wants to return a lamp and was told how. The refund is still open.",
    "today": "2026-01-31",
    "passages": [
        {
            "title": "Returns",
            "headings": ["Returns", "How long you have"],
            "text": "You can return what you bought within 30 days.",
        }
    ],
    "quotes": ["You can return what you bought within 30 days. [1]"],
    "question": "How do I return a lamp?",
    "answers": ["Yes, within 30 days. [1]", "You have 30 days. [1]"],
    "breadth": 2,
    "examples": [
        {
            "question": "Can I send back a chair?",
            "reply": "Of course! You have 30 days to send it back [1].",
            "passages": ["Returns: 30 days"],
        }
    ],
    "path": ["The customer wants to return something; passage 1 says how long that can be done."],
    "paths": [["They ask about returns."], ["They ask about refunds."]],
    "problem": "it holds no JSON object",
    "thoughts": ["The customer wants to return something; passage 1 says that 30 days are enough."],
    "written": "The customer wants to return a lamp.",
    "command": "/ask",
    "rating": "good",
    "system": "You answer the customers of a shop, from its help centre.",
    "lines": [{"speaker": "Customer", "text": "How do I return a lamp?"}],
    "context": "Lamps can be returned within 30 days.",
    "speaker": "Assistant",
    "facts": {"order": "A-10293"},
    "offer": True,
    "labels": {"delivery": "Where is my parcel?", "returns": ""},
    "languages": ["en", "de"],
    "source": "en",
    "target": "de",
    "schema": '{"type": "object", "properties": {"order": {"type": "string"}}}',
    "wrong": "mood: Input should be 'upset', 'neutral' or 'content'",
}


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
    click.echo(f"blake2b {book.digest(name)}", err=True)


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
    """Fill a template and print it.

    What bot.toml says is filled in by itself, samples stand for what belongs to one conversation.
    """
    book = _book(here)
    wanted = next((sheet.variables for sheet in book.sheets() if sheet.name == name), ())
    set_ = dict(map(_variable, given))
    values = {**_configured(here), **_SAMPLES}
    values = {name: value for name, value in values.items() if name in wanted} | set_
    click.echo(harmless(book.render(name, **values)))
    if samples := ", ".join(name for name in _SAMPLES if name in values and name not in set_):
        click.echo(f"\nSamples stand for: {samples}. Your own: --set NAME=VALUE", err=True)


def _configured(here: Here) -> dict[str, Any]:
    bot = here.settings().bot
    return {
        "bot": bot.name,
        "company": bot.company,
        "contact": bot.contact,
        "language": bot.language,
        "limit": bot.longest_message,
    }


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
        if name in _NUMBERS:
            return name, int(value)
        return name, json.loads(value) if value[:1] in {"[", "{"} else value
    except ValueError as error:
        what = "a whole number" if name in _NUMBERS else "JSON"
        raise Told(f"--set {name}: this is not {what}: {error}.") from error
