"""Finds the tokens that the bot needs, and tells one from another by how it begins."""

import re

from pydantic import SecretStr

from bot.errors import SettingsError
from bot.settings import Settings, SlackSettings

_WHOLE = re.compile(r"[A-Za-z0-9.-]+")
_HEX = re.compile(r"[0-9a-fA-F]{32}")
_BOT, _APP = "xoxb-", "xapp-"

_KINDS = {
    _BOT: "a Bot User OAuth Token",
    _APP: "an App-Level Token",
    "xoxp-": "a user's token",
    "xoxe": "a token that expires (token rotation must be off: see 'bot slack manifest')",
    "xoxa-": "a workspace token of an older kind of apps",
    "xoxs-": "a browser's token",
}
_WHERE = {
    _BOT: "OAuth & Permissions → Bot User OAuth Token",
    _APP: "Basic Information → App-Level Tokens, with the scope connections:write",
}
_SIGNING = (
    "It stands in your app's settings (api.slack.com/apps) under "
    "Basic Information → App Credentials → Signing Secret."
)


class _Swapped(SettingsError):
    """Each of two tokens stands where the other belongs."""


def bot_token(settings: Settings) -> SecretStr:
    """Return the token that the bot speaks with.

    Raises:
        SettingsError: it is missing, or is another kind of token.
    """
    slack = settings.slack or SlackSettings()
    return _found(settings, slack.bot_token_env, _BOT, other=slack.app_token_env)


def app_token(settings: Settings) -> SecretStr:
    """Return the token that the socket is opened with.

    Raises:
        SettingsError: it is missing, or is another kind of token.
    """
    slack = settings.slack or SlackSettings()
    return _found(settings, slack.app_token_env, _APP, other=slack.bot_token_env)


def troubles(settings: Settings) -> list[SettingsError]:
    """Return what is wrong with the tokens of a bot and its socket, once if they are swapped."""
    found: list[SettingsError] = []
    for look in (bot_token, app_token):
        try:
            look(settings)
        except _Swapped as error:
            return [error]
        except SettingsError as error:
            found.append(error)
    return found


def signing_secret(settings: Settings) -> SecretStr | None:
    """Return what Slack signs its requests with; None where none is set, and none is needed.

    Raises:
        SettingsError: it is none; or it is missing, and Slack is heard by HTTP alone.
    """
    slack = settings.slack or SlackSettings()
    found = settings.secret(slack.signing_secret_env)
    if found is None and slack.mode == "http":
        raise SettingsError(
            f"{slack.signing_secret_env} is neither in the environment nor in "
            f"{settings.secrets or 'a secrets file'}. {_SIGNING}"
        )
    if found is not None and not _HEX.fullmatch(found.get_secret_value()):
        raise SettingsError(
            f"{slack.signing_secret_env} is no signing secret, which has 32 hex digits. {_SIGNING}"
        )
    return found


def _found(settings: Settings, variable: str, form: str, *, other: str) -> SecretStr:
    found = settings.secret(variable)
    if found is None:
        raise SettingsError(
            f"{variable} is neither in the environment nor in "
            f"{settings.secrets or 'a secrets file'}. It begins with {form} and stands in your "
            f"app's settings (api.slack.com/apps) under {_WHERE[form]}."
        )
    text = found.get_secret_value()
    if text.startswith(form) and _WHOLE.fullmatch(text):
        return found
    second = settings.secret(other)
    if _kind(text) and second and second.get_secret_value().startswith(form):
        raise _Swapped(
            f"{variable} and {other} are swapped: {variable} is {_kind(text)}. Exchange them."
        )
    raise SettingsError(
        f"{variable} is {_kind(text) or 'no whole token of Slack'}. Wanted is {_KINDS[form]}: "
        f"it begins with {form} and stands in your app's settings (api.slack.com/apps) under "
        f"{_WHERE[form]}."
    )


def _kind(text: str) -> str:
    """Return what ``text`` is; empty for what is no token, or a damaged one."""
    if not _WHOLE.fullmatch(text):
        return ""
    return next((kind for start, kind in _KINDS.items() if text.startswith(start)), "")
