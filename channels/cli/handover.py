"""Writes the note for a person who takes a conversation over."""

import click

from channels.cli.here import Here, Told, command
from channels.cli.paper import as_json, print_json


@click.command()
@click.argument("conversation", metavar="ID", type=int)
@as_json
@command
async def note(here: Here, conversation: int, *, as_json: bool) -> None:
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
    if as_json:
        print_json(made)
    else:
        here.page().markdown(to_markdown(made))
