"""What the doctor finds, and what it looks at in Slack and in models on this machine."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import FrontdeskError, SettingsError, SetupError
from bot.settings import (
    ExtractiveSettings,
    OAuthSettings,
    Settings,
    SlackSettings,
    TaskSettings,
    TransformersSettings,
)
from channels.cli import extras
from channels.cli.here import Here

if TYPE_CHECKING:
    from bot.local import Head, Shape
    from channels.slack.opening import Slack


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check found; ``cure`` says what to do where ``fact`` does not say it itself.

    One that is ``well`` and has a cure all the same may be just what was wanted.
    """

    about: str
    fact: str
    well: bool = True
    cure: str = ""


def model_finding(about: str, section: TransformersSettings) -> Finding:
    """Say what keeps a model from running in this process: packages, files, memory; loads none."""
    from bot.backends.transformers import to_shape

    return _loadable(about, "transformers, needs no key", to_shape(section), "causal-lm")


def task_findings(settings: Settings) -> Iterator[Finding]:
    """Say the same of the small models that do tasks, and of what else one needs beside a rule."""
    from bot.tasks.library import check_package
    from bot.wiring.models import HEADS, shapes

    for name, section in settings.tasks:
        for shape in shapes(section):
            yield _loadable(f"task {name}", shape.model, shape, HEADS[name])
        if "by" in section.model_fields_set and section.by == "prompt":  # our own choice does well
            yield from _unwritten(name, section, settings)
    yield from _schema(settings.tasks.facts.schema_file)
    if settings.tasks.language.by == "library":
        try:
            check_package()
        except SetupError as error:
            yield Finding(about="task language", fact=str(error), well=False)
        else:
            yield Finding(about="task language", fact="py3langid")


def _unwritten(name: str, section: TaskSettings, settings: Settings) -> Iterator[Finding]:
    """Yield that nobody can answer a task's prompt, where all that would be asked only quote."""
    only = [section.backend] if section.backend else settings.router.chain or settings.backends
    asked = {backend: settings.backends.get(backend) for backend in only}
    if all(isinstance(backend, ExtractiveSettings) for backend in asked.values()):
        yield Finding(
            about=f"task {name}",
            fact=f"asks a backend, and {', '.join(asked)} cannot write",
            well=False,
            cure=f"Name one that writes as backend under [tasks.{name}] in bot.toml, or in the "
            "router's chain; or choose another by.",
        )


def _schema(file: Path | None) -> Iterator[Finding]:
    from bot.tasks.schema import read_schema

    if file is None:
        return
    try:
        read_schema(file)
    except SettingsError as error:
        yield Finding(about="task facts", fact=str(error), well=False)
    else:
        yield Finding(about="task facts", fact=f"the schema {file}")


def _loadable(about: str, what: str, shape: "Shape", head: "Head") -> Finding:
    from bot.local import loading, memory, snapshots

    try:
        loading.check_packages()
        folder = snapshots.find(shape.model, revision=shape.revision)
        needed = loading.check(folder, shape, head=head)
    except SetupError as error:
        return Finding(about=about, fact=str(error), well=False)
    size, place = memory.gigabytes(needed.total), loading.place_of(shape)
    return Finding(about=about, fact=f"{what}; takes {size} on {place}")


async def slack_findings(settings: Settings, *, here: Here, online: bool) -> AsyncIterator[Finding]:
    """Yield what keeps Slack from being served; nothing where nobody wants it.

    Slack itself is asked only if ``online``.
    """
    if settings.slack is None and not settings.secret(SlackSettings().bot_token_env):
        return
    if lacking := extras.missing("slack"):
        fact = f"needs the packages {', '.join(lacking)}"
        cure = "Run: pip install 'frontdesk[slack]'"
        yield Finding(about="slack", fact=fact, well=False, cure=cure)
        return
    errors = list(_offline(settings))
    for error in errors:
        yield Finding(about="slack", fact=str(error), well=False)
    if errors:
        return
    slack = settings.slack or SlackSettings()
    if slack.mode == "http" and not slack.url:
        cure = "Set [slack] url: the public address of 'bot serve', for 'bot slack manifest'."
        fact = "hears by HTTP, and nothing says at which address"
        yield Finding(about="slack", fact=fact, well=False, cure=cure)
    if online:
        async for finding in _asked(settings, here):
            yield finding
    else:
        fact = "has what it needs; whether its tokens work: bot doctor --online"
        yield Finding(about="slack", fact=fact)


def _offline(settings: Settings) -> Iterator[SettingsError]:
    """Yield what is wrong without asking anybody."""
    from channels.slack import tokens
    from channels.slack.manifest import manifest

    slack = settings.slack or SlackSettings()
    if slack.mode == "socket" and slack.oauth is None:
        yield from tokens.troubles(settings)
        return
    looks: list[Callable[[Settings], object]] = [
        tokens.app_token if slack.mode == "socket" else tokens.signing_secret
    ]
    if slack.oauth is None:
        looks.append(tokens.bot_token)
    else:
        looks += [manifest, partial(_many, slack.oauth)]
    for look in looks:
        try:
            look(settings)
        except SettingsError as error:
            yield error


def _many(oauth: OAuthSettings, settings: Settings) -> None:
    """Look at what it takes to have many workspaces.

    Raises:
        SettingsError: a secret or a key is missing, or is none.
    """
    from channels.slack.vault import Vault

    settings.demand(oauth.client_secret_env, place="[slack.oauth] client_secret_env")
    Vault.from_settings(settings, oauth)


async def _asked(settings: Settings, here: Here) -> AsyncIterator[Finding]:
    """Yield what Slack says of the tokens, one after another."""
    from channels.slack.opening import open_slack

    try:
        async with open_slack(settings) as slack:
            if slack.settings.oauth is None:
                fact = slack.shortage or "may do all it needs"
                fact = f"is {slack.whom}, and {fact}"
                yield Finding(about="slack", fact=fact, well=not slack.shortage)
            else:
                yield await _sealed(slack, here)
            if slack.settings.mode == "socket":
                await slack.try_socket()
                yield Finding(about="slack", fact="its app-level token opens sockets")
    except FrontdeskError as error:
        yield Finding(about="slack", fact=str(error), well=False)


async def _sealed(slack: "Slack", here: Here) -> Finding:
    """Return how many workspaces' tokens can be read."""
    from bot.store.installations import SqlInstallations

    async with here.database() as database:
        read, unreadable = await slack.readable(SqlInstallations(database))
    if unreadable:
        fact = f"the tokens of {read} of {read + len(unreadable)} workspaces can be read"
        return Finding(about="slack", fact=fact, well=False, cure=unreadable[0])
    if not read:
        fact = "is in no workspace: none has installed the app"
        cure = "Open /slack/install at the address of 'bot serve' in a browser."
        return Finding(about="slack", fact=fact, well=False, cure=cure)
    return Finding(about="slack", fact=f"the tokens of all {read} workspaces can be read")
