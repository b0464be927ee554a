"""Compares the arms of ``[[router.split]]``."""

import click

from bot.store.standing import Arm
from channels.cli.here import Here, command
from channels.cli.paper import as_json, print_json, print_table

_DAY = 86_400.0
_HEADS = (
    *("ARM", "SHARE", "CONVERSATIONS", "TURNS", "UNANSWERED", "FAILED", "GOOD", "BAD"),
    *("$/TURN", "MEDIAN"),
)


@click.command(
    epilog="""\b
Examples:
  bot splits              how the arms did in the last 30 days
  bot splits --days 1     ... since yesterday
  bot splits --json       ... for programs"""
)
@click.option(
    "--days",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    help="How far to look back.",
)
@as_json
@command
async def splits(here: Here, *, days: float, as_json: bool) -> None:
    """Compare the arms of a split: what each answered, cost and took.

    The arm "rest" are the conversations that no [[router.split]] takes. An arm that is no longer in
    bot.toml is still shown while there are turns of it.
    """
    from bot.store.arms import arms

    async with here.database() as database:
        found = await arms(database, seconds=days * _DAY)
    if as_json:
        print_json(found)
        return
    shares = {split.name: split.share for split in here.settings().router.split}
    if not found:
        click.echo(_nothing(shares))
        return
    shares["rest"] = 100 - sum(shares.values())
    print_table(_HEADS, [_row(arm, shares.get(arm.name)) for arm in found])


def _nothing(shares: dict[str, float]) -> str:
    if shares:
        return f"No turn of {', '.join(shares)} is kept yet."
    return "Nothing is compared. Add [[router.split]] with a name, a share and a chain to bot.toml."


def _row(arm: Arm, share: float | None) -> tuple[str, ...]:
    dollars = f"{arm.dollars / arm.turns:.4f}"
    return (
        arm.name,
        "-" if share is None else f"{share:g}%",
        f"{arm.conversations:,}",
        f"{arm.turns:,}",
        f"{arm.unanswered / arm.turns:.0%}",
        f"{arm.failed / arm.turns:.0%}",
        f"{arm.good:,}",
        f"{arm.bad:,}",
        f"over {dollars}" if arm.unpriced else dollars,
        "-" if arm.median_seconds is None else f"{arm.median_seconds:.1f} s",
    )
