"""Checks everything that a bot needs, and says what to do about what is wrong."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from stat import S_IRWXG, S_IRWXO
from typing import TYPE_CHECKING

import click

from bot.errors import FrontdeskError, KnowledgeError, SettingsError, SetupError
from bot.settings import (
    HostedSettings,
    PromptSettings,
    Settings,
    TransformersSettings,
    WebSettings,
)
from bot.settings.web import DEFAULT_SITE
from channels.cli import extras
from channels.cli.backends import opened
from channels.cli.budgets import budget_findings
from channels.cli.checkup import Finding, model_finding, slack_findings, task_findings
from channels.cli.here import Here, command
from channels.cli.learning import how_to_learn
from channels.cli.paper import as_json, print_json
from channels.cli.variables import variable_findings
from channels.terminal.escapes import harmless

if TYPE_CHECKING:
    from bot.knowledge.base import Articles, Known
    from bot.knowledge.learning import Reader
    from bot.store.base import Overview

_TICK = ("✓", "green")
_SHORTEST_SECRET = 32  # characters that sessions are signed with


@click.command()
@click.option("--online", is_flag=True, help="Also ask Slack whether its tokens work.")
@as_json
@command
async def doctor(here: Here, *, online: bool, as_json: bool) -> int:
    """Check everything, and say what to do.

    Looks at settings, keys, database, articles, templates and the work; exit code 1 if anything is
    wrong. Nobody is asked over the network but the database: a key is looked for, not tried, but
    Slack's tokens with --online.
    """
    findings = [finding async for finding in _examine(here, online=online)]
    ill = [finding for finding in findings if not finding.well]
    if as_json:
        print_json(findings)
        return int(bool(ill))
    for finding in findings:
        _print(finding)
    click.echo(f"\n{len(ill)} of {len(findings)} checks found something." if ill else "\nAll well.")
    return int(bool(ill))


def _print(finding: Finding) -> None:
    mark, colour = ("✗", "red") if not finding.well else ("!", "yellow") if finding.cure else _TICK
    click.echo(f"{click.style(mark, fg=colour)} {finding.about}: {harmless(finding.fact)}")
    if finding.cure:
        click.echo(f"  → {harmless(finding.cure)}")


async def _examine(here: Here, *, online: bool) -> AsyncIterator[Finding]:
    try:
        settings = here.settings()
    except SettingsError as error:
        yield Finding(about="settings", fact=str(error), well=False)
        return
    yield Finding(
        about="settings", fact=str(settings.file or "none, so a sample store and defaults")
    )
    for finding in (
        *_secrets(settings),
        *_backends(settings),
        *variable_findings(settings, here.environment),
        *budget_findings(settings),
        *task_findings(settings),
        *_language(settings),
        *_strategies(settings),
        *_web(settings),
    ):
        yield finding
    async for finding in slack_findings(settings, here=here, online=online):
        yield finding
    yield _contact(settings)
    yield _templates(settings)
    async for finding in _database(here, settings):
        yield finding


def _secrets(settings: Settings) -> Iterator[Finding]:
    if settings.secrets is None:
        return
    open_to_others = settings.secrets.stat().st_mode & (S_IRWXG | S_IRWXO)
    yield Finding(
        about="secrets",
        fact=f"{settings.secrets} {'can be read by others' if open_to_others else 'is yours'}",
        well=not open_to_others,
        cure=f"Run: chmod 600 {settings.secrets}" if open_to_others else "",
    )


def _backends(settings: Settings) -> Iterator[Finding]:
    for name, section in settings.backends.items():
        about = f"backend {name}"
        if isinstance(section, TransformersSettings):
            yield model_finding(about, section)
            continue
        try:
            if isinstance(section, HostedSettings):
                opened(name, settings.model_copy(update={"prompts": PromptSettings()}))
            key = settings.key(name)
        except SetupError as error:
            yield Finding(about=about, fact=str(error), well=False)
        else:
            yield Finding(
                about=about, fact=f"{section.kind}, {'has a key' if key else 'needs no key'}"
            )


def _web(settings: Settings) -> Iterator[Finding]:
    """Yield what keeps the web chat from being served as ``[web]`` says, if it says anything."""
    if settings.web == WebSettings():
        return
    if lacking := extras.missing("web"):
        fact = f"needs the packages {', '.join(lacking)}"
        cure = "Run: pip install 'frontdesk[web]'"
        yield Finding(about="web", fact=fact, well=False, cure=cure)
        return
    from channels.web.sites import Sites

    try:
        Sites(settings)
        _check_secret(settings)
    except SettingsError as error:
        yield Finding(about="web", fact=str(error), well=False)
    else:
        yield Finding(about="web", fact=f"sites: {', '.join(settings.web.known_sites)}")
    for name, site in settings.web.sites.items():
        if not site.origins and name != DEFAULT_SITE:  # that one is for this server's own pages
            yield Finding(
                about=f"site {name}",
                fact="only this server's own pages may embed it",
                well=False,
                cure=f"Set origins under [web.sites.{name}]: ['https://shop.example'].",
            )


def _check_secret(settings: Settings) -> None:
    variable = settings.web.secret_env
    if variable is None:
        return
    secret = settings.demand(variable, place="[web] secret_env").get_secret_value()
    if len(secret) < _SHORTEST_SECRET:
        raise SettingsError(
            f"[web] secret_env: {variable} has {len(secret)} characters, which can be guessed. "
            f"Make one of {_SHORTEST_SECRET} or more, for example with: openssl rand -base64 32"
        )


def _language(settings: Settings) -> Iterator[Finding]:
    from bot.knowledge.terms import Terms

    try:
        Terms(settings.knowledge.language)
    except KnowledgeError as error:
        yield Finding(about="language", fact=str(error), well=False)


def _strategies(settings: Settings) -> Iterator[Finding]:
    from bot.wiring.strategies import build_strategies

    try:
        build_strategies(settings)
    except KnowledgeError:
        return  # the language is unknown, which is told already
    except SettingsError as error:
        yield Finding(about="strategies", fact=str(error), well=False)


def _contact(settings: Settings) -> Finding:
    if settings.bot.contact:
        return Finding(about="contact", fact=settings.bot.contact)
    return Finding(
        about="contact",
        fact="customers are told no way to a person",
        well=False,
        cure="Set contact under [bot] in bot.toml: an address, a number or a page.",
    )


def _templates(settings: Settings) -> Finding:
    from bot.prompts import PromptBook
    from bot.resources import shipped

    try:
        book = PromptBook(shipped=shipped("prompts"), folder=settings.prompts.folder)
    except SetupError as error:
        return Finding(about="templates", fact=str(error), well=False)
    problems = book.check()
    if problems:
        return Finding(about="templates", fact="\n".join(problems), well=False)
    sheets = book.sheets()
    own = sum(sheet.overridden for sheet in sheets)
    return Finding(about="templates", fact=f"{len(sheets)}, {own} of them your own")


async def _database(here: Here, settings: Settings) -> AsyncIterator[Finding]:
    from bot.store import schema
    from bot.store.address import to_address
    from bot.store.articles import SqlArticles
    from bot.store.overview import SqlOverview

    url = settings.database.url.get_secret_value()
    try:
        address = to_address(url)
        if address.file and not address.file.exists():
            yield Finding(about="database", fact=f"{address.shown} is made at the first start")
            yield _nothing_learned(settings)
            return
        found = await schema.current(url)
        async with here.database() as database:
            await database.try_writing()
            yield Finding(
                about="database", fact=f"{address.shown}, tables of {schema.head()}{_was(found)}"
            )
            async for finding in _knowledge(SqlArticles(database), settings):
                yield finding
            async for finding in _work(SqlOverview(database)):
                yield finding
    except KnowledgeError:
        return  # the language is unknown, which is told already
    except FrontdeskError as error:
        yield Finding(about="database", fact=str(error), well=False)


def _was(found: str | None) -> str:
    from bot.store import schema

    return "" if found == schema.head() else f", upgraded just now from {found or 'nothing'}"


async def _work(overview: "Overview") -> AsyncIterator[Finding]:
    """Yield what needs a person; where nothing does, nothing is said."""
    from channels.cli.report import remarks

    for remark in remarks(await overview.standing(few=1)):
        if remark.urgent:
            yield Finding(
                about="work", fact=remark.fact.rstrip("."), well=False, cure="Run: bot status"
            )


async def _knowledge(articles: "Articles", settings: Settings) -> AsyncIterator[Finding]:
    sources = await articles.sources()
    for path in settings.knowledge.paths:
        if not path.exists():
            yield Finding(
                about="articles",
                fact=f"there is no {path}",
                well=False,
                cure="Correct paths under [knowledge] in bot.toml, or make it.",
            )
    if not sources:
        yield _nothing_learned(settings)
    for source, count in sources.items():
        stale = await _stale(Path(source), articles, settings)
        yield Finding(
            about="articles",
            fact=f"{count} from {source}" + (f", {stale}" if stale else ", up to date"),
            well=not stale,
            cure=_cure(Path(source)) if stale else "",
        )


def _cure(source: Path) -> str:
    return f"Run: bot {'learn' if source.is_dir() else 'forget'} {source}"


def _nothing_learned(settings: Settings) -> Finding:
    if settings.file is None:
        return Finding(about="articles", fact="the sample store's are learned at the first start")
    return Finding(
        about="articles",
        fact="nothing is learned yet, so there is nothing to answer from",
        well=False,
        cure=how_to_learn(settings),
    )


async def _stale(source: Path, articles: "Articles", settings: Settings) -> str:
    """Return what has changed in ``source`` since it was learned; empty if nothing has."""
    from bot.knowledge.learning import Reader

    known = await articles.known(str(source))
    reader = Reader(link=settings.knowledge.link, language=settings.knowledge.language)
    changed = await asyncio.to_thread(_changed, source, known, reader)
    return f"{changed} of them changed or gone since" if changed else ""


def _changed(source: Path, known: "Mapping[str, Known]", reader: "Reader") -> int:
    return sum(not reader.says_the_same(source / path, known[path]) for path in known)
