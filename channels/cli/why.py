"""Explains one answer."""

from collections.abc import Sequence

import click

from bot.store.base import Archive, Record
from channels.cli.here import Here, Told, command
from channels.cli.paper import as_json, print_json
from channels.terminal.escapes import harmless


@click.command(
    epilog="""\b
Examples:
  bot why                  explain the latest answer
  bot why 4f3a             explain the turn whose id begins so
  bot why 4f3a --prompt    print the templates that it was asked with"""
)
@click.argument("turn", required=False)
@click.option("--prompt", is_flag=True, help="Print the templates' sources as they were then.")
@as_json
@command
async def why(here: Here, turn: str | None, *, prompt: bool, as_json: bool) -> None:
    """Explain an answer: how it came about, and what it cost.

    The page has the question, passages, reasoning, attempts, tokens, cost, times, delivery and
    rating. 'bot history show' and 'bot unanswered' tell the turns; the first characters are enough,
    and without any it is the latest.
    """
    async with here.archive() as archive:
        chosen = await _newest(archive) if turn is None else turn
        record = _only(chosen, await archive.record(chosen))
    if as_json:
        print_json(record)
    elif prompt:
        click.echo(harmless(record.template))
    else:
        from channels.terminal.explanation import explanation

        here.page().markdown(explanation(record))


async def _newest(archive: Archive) -> str:
    if newest := await archive.newest_turn():
        return newest
    raise Told('Nothing has been answered yet. Begin with: bot ask "Where is my parcel?"')


def _only(turn: str, records: Sequence[Record]) -> Record:
    if not records:
        raise Told(
            f"There is no turn {turn!r}. 'bot history show ID' tells a conversation's turns."
        )
    if len(records) > 1:
        found = ", ".join(record.turn.id for record in records)
        raise Told(f"{turn!r} begins more than one turn: {found}. Write some more characters.")
    return records[0]
