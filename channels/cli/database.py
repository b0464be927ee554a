"""Brings the database's tables up to date, and tells how old they are."""

import click

from channels.cli.here import Here, command


@click.group()
def db() -> None:
    """Upgrade the database, or see which version its tables have.

    A SQLite file is upgraded by itself; PostgreSQL only by 'bot db upgrade'.
    """


@db.command()
@command
async def upgrade(here: Here) -> None:
    """Bring the tables to what this program works with; safe to run again."""
    from bot.store import schema

    before = await schema.upgrade(here.settings().database.url.get_secret_value())
    if before == schema.head():
        click.echo(f"Nothing to do: the tables are at {before}.")
    else:
        click.echo(f"Upgraded from {before or 'an empty database'} to {schema.head()}.")


@db.command()
@command
async def current(here: Here) -> int:
    """Print the version of the tables; exit code 1 where they are not this program's."""
    from bot.store import schema

    found = await schema.current(here.settings().database.url.get_secret_value())
    wanted = schema.head()
    click.echo(found or "empty")
    if found != wanted:
        click.echo(f"This program works with {wanted}. Run: bot db upgrade", err=True)
    return int(found != wanted)
