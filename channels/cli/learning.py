"""Teaches the bot articles, and lists what it could not answer."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.errors import KnowledgeError
from bot.knowledge.base import Articles
from bot.resources import sample
from bot.settings import KnowledgeSettings, Settings
from channels.cli.here import Here, command
from channels.cli.paper import as_json, print_json, print_table, when
from channels.terminal.escapes import harmless

if TYPE_CHECKING:
    from bot.knowledge.learning import Learned, Progress

_Tell = Callable[["Progress"], None]


@click.command(
    epilog="""\b
Examples:
  bot learn                                  the paths under [knowledge] in bot.toml
  bot learn help/ faq.md                     a folder and a file
  bot learn docs --link https://shop.example/help"""
)
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option("--link", help="The address under which the articles stand. [default: bot.toml's]")
@as_json
@command
async def learn(here: Here, paths: Sequence[str], *, link: str | None, as_json: bool) -> None:
    """Read your articles: Markdown, MDX, HTML and text.

    Run it again whenever you like: only what changed is read, and what vanished is forgotten.
    """
    from bot.store.articles import SqlArticles

    settings = here.settings()
    knowledge = settings.knowledge
    if not paths and not knowledge.paths:
        raise KnowledgeError(
            "There is nothing to learn. Name folders or files, as in 'bot learn help/', "
            "or set paths under [knowledge] in bot.toml."
        )
    async with here.database() as database:
        articles = SqlArticles(database)
        with _bar(shown=not as_json and sys.stderr.isatty()) as tell:
            learned = await teach(articles, knowledge, paths=paths, link=link, progress=tell)
    if as_json:
        print_json(learned)
    else:
        _summarise(learned)
        if settings.file is None:
            click.echo(
                "No bot.toml here, so the bot still calls itself the sample shop's and gives its "
                "contact. A project of your own: bot init DIR"
            )


@click.command(
    epilog="""\b
Examples:
  bot forget help/old                        what was learned from a folder, or from one in it
  bot forget help/faq.md                     a file that is gone, or that 'bot learn' skips now"""
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@command
async def forget(here: Here, paths: Sequence[str]) -> None:
    """Forget what was learned from a folder or a file.

    The files stay as they are; those that still lie in a folder are learned again with it.
    """
    from bot.knowledge.learning import forget_path
    from bot.store.articles import SqlArticles

    async with here.database() as database:
        articles = SqlArticles(database)
        for path in paths:
            gone = await forget_path(path, articles=articles)
            click.echo(harmless(f"Forgot {_count(gone, 'article')} from {path}."))


async def teach(
    articles: Articles,
    knowledge: KnowledgeSettings,
    *,
    paths: Sequence[str | Path] = (),
    link: str | None = None,
    progress: _Tell | None = None,
) -> "Learned":
    """Learn ``paths``, or those of the settings; the sample store gives way to one's own."""
    from bot.knowledge.learning import forget as forget_all
    from bot.knowledge.learning import learn as learn_all

    taken = tuple(paths) or knowledge.paths
    learned = await learn_all(
        taken,
        articles=articles,
        link=knowledge.link if link is None else link,
        language=knowledge.language,
        progress=progress,
    )
    store = (sample() / "help").resolve()
    if store not in [path.resolve() for path in map(Path, taken)]:
        await forget_all(store, articles=articles)
    return learned


async def first_words(articles: Articles, settings: Settings) -> str:
    """Return what to tell somebody whose bot has learned nothing; without settings, teach it."""
    if await articles.sources():
        return ""
    if settings.file is not None:
        return (
            f"Nothing is learned yet, so there is nothing to answer from. {how_to_learn(settings)}"
        )
    await teach(articles, settings.knowledge)
    return (
        "No bot.toml here, so the bot has read a sample shop's help centre. Your own: bot init DIR"
    )


def how_to_learn(settings: Settings) -> str:
    """Return the cure for a bot that has learned nothing."""
    return "Run: bot learn" if settings.knowledge.paths else "Run: bot learn PATH"


@click.command()
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="How many, newest first.",
)
@as_json
@command
async def unanswered(here: Here, *, limit: int, as_json: bool) -> None:
    """List the questions that the bot could not answer.

    They are what your articles should say next.
    """
    async with here.archive() as archive:
        questions = await archive.unanswered(limit=limit)
    if as_json:
        print_json(questions)
    elif questions:
        print_table(
            ["TURN", "WHEN", "QUESTION"],
            [[question.turn, when(question.at), question.question] for question in questions],
            cut=True,
        )
    else:
        click.echo("Every question so far was answered.")


def _summarise(learned: "Learned") -> None:
    for note in learned.notes:
        click.echo(harmless(f"Note on {note.path}: {note.text}."), err=True)
    for skipped in learned.skipped:
        click.echo(harmless(f"Skipped {skipped.path}: {skipped.reason}."), err=True)
    click.echo(
        f"Read {_count(learned.read, 'article')} ({_count(learned.passages, 'passage')}), "
        f"{learned.unchanged} unchanged, {learned.removed} removed, "
        f"{len(learned.skipped)} skipped."
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


@contextmanager
def _bar(*, shown: bool) -> Iterator[_Tell | None]:
    """Show a progress bar on standard error while the block runs."""
    if not shown:
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Learning", total=None)

        def tell(progress: "Progress") -> None:
            bar.update(task, completed=progress.done, total=progress.total)

        yield tell
