"""Writes the note for a person who takes a conversation over."""

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from channels.cli.here import Here, Told, command
from channels.cli.paper import as_json, in_language, print_json

if TYPE_CHECKING:
    from bot.tasks.notes import Note


@click.command(short_help="Write a hand-over note of the conversation ID.")
@click.argument("conversation", metavar="ID", type=int)
@in_language
@as_json
@command
async def note(here: Here, conversation: int, *, target: str | None, as_json: bool) -> None:
    """Write a hand-over note of the conversation ID, for whoever goes on with it.

    What the customer wants, what happened, what is still open, and what is known of them; written
    as [tasks.summary] in bot.toml says.
    """
    from bot.app import open_app
    from bot.tasks.notes import make_note
    from channels.terminal.notes import to_markdown

    async with open_app(here.settings()) as app:
        found = await app.archive.conversation(conversation)
        if found is None:
            raise Told(f"There is no conversation {conversation}. 'bot history list' shows them.")
        messages = await app.archive.messages(conversation)
        turns = await app.archive.turns(conversation)
        made = await make_note(app.noticing, found, messages, turns)
    if target is not None:
        made = await _put(here, made, target)
    if as_json:
        print_json(made)
    else:
        here.page().markdown(to_markdown(made))


async def _put(here: Here, made: "Note", target: str) -> "Note":
    from bot.app import open_interpreter

    async with open_interpreter(here.settings(), target=target) as interpreter:

        async def under(text: str) -> str:
            return await interpreter.under(text, language=made.language)

        return replace(
            made,
            wants=await under(made.wants),
            happened=replace(made.happened, text=await under(made.happened.text)),
            open=tuple([await under(text) for text in made.open]),
        )
