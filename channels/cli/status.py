"""Shows how the work stands: what waits, who works on it, what could not be done."""

import asyncio
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from bot.store.standing import Standing
from channels.cli.glass import Glass, View
from channels.cli.here import Here, Told, command
from channels.cli.paper import as_json, print_json, when
from channels.cli.report import LONGEST

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_PAUSE = 2.0  # seconds between two looks
_WIDE = 1000  # columns of a pipe: nothing is folded there


@click.command(
    epilog="""\b
Exit code, for a monitor:
  0  all well
  1  something needs a person: a reply that could not be delivered or a message
     that was set aside in the last 24 hours, a fifth of their answers failed,
     a customer or a reply that waits too long, a process that is gone and whose
     work nobody has taken over, a database that does not answer

\b
Examples:
  bot status               what is wrong, or that nothing is
  bot status --watch       stay and look again every two seconds
  bot status --json | jq '.at - .longest[0].since'"""
)
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="List every process and conversation, though all is well.",
)
@click.option("--watch", is_flag=True, help="Look again every two seconds, until Ctrl-C.")
@click.option(
    "--longest",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    default=LONGEST,
    show_default=True,
    help="How long an answer may be waited for.",
)
@as_json
@command
async def status(
    here: Here, *, everything: bool, watch: bool, longest: float, as_json: bool
) -> int:
    """Show how the work stands, and what needs a person.

    What waits and for how long, which processes run and what they hold, what is on its way out and
    what failed. It reads the database, also while the bot runs, and tells no customer's word.
    """
    if watch and (as_json or not sys.stdout.isatty()):
        raise Told(
            "--watch draws on a terminal. Leave it out, and call again as often as you like."
        )
    async with Glass(here, longest=longest) as glass:
        if watch:
            await _watch(glass, here, everything=everything)
        view = await glass.look()
    if as_json:
        print_json(_plain(view, here))
    else:
        _console(here).print(_drawn(view, everything=everything))
    return view.code


def _plain(view: View, here: Here) -> dict[str, Any]:
    """Return ``view`` for programs; its keys are always the same."""
    standing = view.standing or Standing(at=here.clock())
    found = [asdict(remark) for remark in view.remarks]
    return {"well": not view.code, "remarks": found, **asdict(standing)}


def _console(here: Here) -> "Console":
    from rich.console import Console

    return Console(
        file=sys.stdout,
        width=None if sys.stdout.isatty() else _WIDE,
        no_color=bool(here.environment.get("NO_COLOR")),
        highlight=False,
        emoji=False,
    )


def _drawn(view: View, *, everything: bool) -> "RenderableType":
    from channels.cli.board import board, nothing_yet

    if view.standing is None and not view.remarks:
        return nothing_yet()
    return board(view.standing, view.remarks, everything=everything, budget=view.budget)


async def _watch(glass: Glass, here: Here, *, everything: bool) -> None:
    """Draw, look again, and draw anew, until Ctrl-C; the last picture stays."""
    from rich.console import Group
    from rich.live import Live
    from rich.text import Text

    console, picture = _console(here), Group()
    try:
        with Live(console=console, screen=True, auto_refresh=False) as live:
            while True:
                view = await glass.look()
                foot = f"\n{when(here.clock())}, again every {_PAUSE:g} s until Ctrl-C"
                picture = Group(_drawn(view, everything=everything), Text(foot, "dim"))
                live.update(picture, refresh=True)
                await asyncio.sleep(_PAUSE)
    finally:
        console.print(picture)
