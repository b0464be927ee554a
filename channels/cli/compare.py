"""Compares ways of answering on a file of questions."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import click

from bot.settings import Settings
from bot.strategies import STRATEGIES
from channels.cli.here import Here, Told, command
from channels.cli.learning import first_words
from channels.cli.loading import told_later
from channels.cli.paper import brief, print_table, to_json

if TYPE_CHECKING:
    from bot.comparison import Contender, Question, Standing
    from bot.knowledge.base import Articles

# What they warn of, question by question, is told below the table.
_LOGGERS = ("bot.answers", "bot.router", "bot.router.budget", "bot.steps")
_MOST_TEXT = 300  # characters of an error's text, which may end in its cure


@click.command(
    epilog="""\b
Examples:
  bot compare questions.yaml
  bot compare questions.yaml --strategy direct --strategy tree_of_thought
  bot compare questions.yaml --backend small --backend large --plot quality.svg
  bot compare questions.yaml --strategy direct --at-least 0.8    fails a build below it"""
)
@click.argument("questions", type=click.Path(path_type=Path))
@click.option(
    "--strategy",
    "strategies",
    type=click.Choice(list(STRATEGIES)),
    multiple=True,
    help="A way of reasoning; may be given several times. [default: all of them]",
)
@click.option(
    "--backend",
    "backends",
    metavar="NAME",
    multiple=True,
    help="Who answers; may be given several times. [default: as bot.toml routes]",
)
@click.option(
    "--at-once", type=click.IntRange(1, 64), default=4, show_default=True, help="Questions."
)
@click.option(
    "--at-least",
    type=click.FloatRange(0, 1),
    help="Exit code 1 where one's share of right answers is below it.",
)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write all into FILE.")
@click.option(
    "--plot",
    "plot_file",
    type=click.Path(path_type=Path),
    help="Draw them, in SVG.",
)
@command
async def compare(
    here: Here,
    questions: Path,
    *,
    strategies: Sequence[str],
    backends: Sequence[str],
    at_once: int,
    at_least: float | None,
    json_file: Path | None,
    plot_file: Path | None,
) -> int:
    """Let ways of reasoning answer the same questions, and tell what each is worth.

    QUESTIONS is a YAML file: a list of questions, each with what a good answer says and cites. They
    are answered as a customer's would be, and cost what a customer's cost; no conversation is kept.
    """
    from bot.comparison import Contender, read_questions

    asked = read_questions(questions)
    contenders = [
        Contender(strategy=strategy, backend=backend)
        for backend in (*backends,) or (None,)
        for strategy in strategies or STRATEGIES
    ]
    standings = await _standings(here.settings(), contenders, asked, at_once=at_once)
    tell(standings)
    if json_file:
        _write(json_file, to_json([_plain(each) for each in standings]) + "\n")
    if plot_file:
        from channels.cli.figure import figure

        _write(plot_file, figure(standings))
    return int(at_least is not None and any(each.quality < at_least for each in standings))


async def _standings(
    settings: Settings,
    contenders: "Sequence[Contender]",
    questions: "Sequence[Question]",
    *,
    at_once: int,
) -> "Sequence[Standing]":
    from bot.app import open_app
    from bot.comparison import Contest, check_cites

    async with open_app(settings) as app:
        for unknown in {each.backend for each in contenders} - {None, *app.backends}:
            known = ", ".join(app.backends)
            raise Told(f"There is no backend called {unknown!r}. Known backends: {known}.")
        if words := await first_words(app.articles, app.settings):
            click.echo(words, err=True)
        check_cites(questions, await _names(app.articles))
        contest = Contest(
            answering=app.answering,
            knowledge=app.knowledge,
            passages=settings.knowledge.passages,
            at_once=at_once,
            clock=time.monotonic,
        )
        with told_later(_LOGGERS), _bar(len(contenders) * len(questions)) as done:
            return await contest.run(contenders, questions, done=done)


async def _names(articles: "Articles") -> set[str]:
    """Return what the files of all learned articles are called, without folders and endings."""
    sources = await articles.sources()
    return {PurePath(path).stem for each in sources for path in await articles.known(each)}


def tell(standings: "Sequence[Standing]") -> None:
    """Print one line for each contender."""
    rows = [
        [
            each.name,
            f"{each.quality:.0%}",
            _percent(each.right),
            _percent(each.cited),
            _percent(each.unanswered),
            str(each.fell_back),
            f"{each.tokens:,.0f}",
            "unknown" if each.cost is None else f"${each.cost:.5f}",
            f"{each.median:.2f}",
            f"{each.p95:.2f}",
        ]
        for each in standings
    ]
    heads = ["STRATEGY", "ALL RIGHT", "ANSWERS", "CITED", "UNKNOWN", "FELL BACK"]
    print_table([*heads, "TOKENS", "COST", "MEDIAN S", "P95 S"], rows)
    count = len(standings[0].results)
    click.echo(
        f"\nOf {count} questions. ANSWERS say what is expected, CITED name the right article, "
        "UNKNOWN rightly\nsay that they do not know. Tokens and cost are those of one answer."
    )
    for each in standings:
        for line in _troubles(each):
            click.echo(f"{each.name}: {line}")


def _troubles(standing: "Standing") -> Iterator[str]:
    """Say how many nobody answered, and who stood in for others; each with the first reason."""
    if standing.failed:
        first = _first(standing.trouble(failed=True))
        yield f"{standing.failed} of {len(standing.results)} were answered by no backend.{first}"
    if trouble := standing.trouble(failed=False):
        by = ", ".join(f"{count} by {name}" for name, count in standing.by.items())
        yield f"who was asked first did not answer all: {by}.{_first(trouble)}"


def _first(trouble: str) -> str:
    return f" The first reason: {brief(trouble, _MOST_TEXT)}" if trouble else ""


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _plain(standing: "Standing") -> dict[str, Any]:
    figures = ("quality", "right", "cited", "unanswered", "fell_back")
    spent = ("tokens", "cost", "median", "p95")
    return {
        "name": standing.name,
        **{name: getattr(standing, name) for name in (*figures, *spent)},
        "results": [
            {
                "question": each.question.question,
                "right": each.right,
                "outcome": each.outcome,
                "text": each.text,
                "cited": each.cited,
                "tokens": each.tokens,
                "cost": each.cost,
                "seconds": round(each.seconds, 3),
                "fell_back": each.fell_back,
                "by": each.by,
                "trouble": each.trouble,
            }
            for each in standing.results
        ],
    }


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Told(f"{file} cannot be written: {error.strerror}.") from error


@contextmanager
def _bar(total: int) -> Iterator[Callable[[], object]]:
    """Show a progress bar on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Comparing", total=total)
        yield lambda: bar.advance(task)
