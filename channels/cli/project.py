"""Begins a project, and shows what its settings may say."""

import shutil
from pathlib import Path

import click

from bot.resources import sample
from channels.cli.here import Told


@click.command(
    epilog="""\b
Example:
  bot init shop && cd shop && bot learn && bot chat"""
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def init(folder: Path) -> None:
    """Make a project of your own in DIR.

    It has settings with comments, a sample shop's help centre, and a place for your own templates.
    A folder in which something lies is not touched.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Told(f"{folder} is not empty, and nothing in it was touched. Name a new folder.")
    try:
        shutil.copytree(sample(), folder, dirs_exist_ok=True)
    except OSError as error:
        raise Told(f"{folder} cannot be made: {error.strerror}. Name another folder.") from error
    click.echo(
        f"Made {folder}: bot.toml, help/ with a sample shop's articles, prompts/ for your own.\n"
        "\n"
        "Next:\n"
        f"  cd {folder}\n"
        "  bot learn       # reads help/\n"
        '  bot chat        # ask: "How do I reset my password?"\n'
        "\n"
        "With ANTHROPIC_API_KEY or OPENAI_API_KEY set, a model writes the answers; without, the\n"
        "bot quotes the articles. 'bot doctor' checks everything and says what to do."
    )


@click.command()
def settings() -> None:
    """Print every key that bot.toml may have.

    Each with its type, its default and what it means, in Markdown.
    """
    from bot.settings.reference import table

    click.echo(table(), nl=False)
