"""What the doctor finds, and what it looks at in Slack."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial

from bot.errors import SettingsError, SetupError
from bot.settings import OAuthSettings, Settings, SlackSettings
from channels.cli import extras


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check found; ``cure`` says what to do where ``fact`` does not say it itself."""

    about: str
    fact: str
    well: bool = True
    cure: str = ""


async def slack_findings(settings: Settings, *, online: bool) -> AsyncIterator[Finding]:
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
    if online:
        yield await _asked(settings)
    else:
        fact = "has what it needs; whether its tokens work: bot doctor --online"
        yield Finding(about="slack", fact=fact)


def _offline(settings: Settings) -> Iterator[SettingsError]:
    """Yield what is wrong without asking anybody."""
    from channels.slack import tokens
    from channels.slack.manifest import manifest

    slack = settings.slack or SlackSettings()
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
    keys = settings.demand(oauth.key_env, place="[slack.oauth] key_env")
    Vault.of(keys, place=oauth.key_env)


async def _asked(settings: Settings) -> Finding:
    from channels.slack.opening import open_slack

    try:
        async with open_slack(settings) as slack:
            return Finding(about="slack", fact=f"is {slack.whom}, and may do all it needs")
    except SetupError as error:
        return Finding(about="slack", fact=str(error), well=False)
