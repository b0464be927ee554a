"""Asks Slack whose a bot's token is, and whether it may do what the bot does."""

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from bot.errors import SettingsError, SetupError
from channels.slack.errors import SlackBusy, SlackRefused
from channels.slack.scopes import VITAL, lacking
from channels.slack.wire import Wire
from channels.slack.workspaces import Workspace

_REFUSALS = {
    "invalid_auth": "Slack does not know it. Copy it again from OAuth & Permissions",
    "token_revoked": "it was revoked. Reinstall the app and copy the new one",
    "token_expired": "it has expired. Turn token rotation off and reinstall the app",
    "account_inactive": "the app was removed from the workspace. Install it again",
}


class SlackUnreachable(SetupError):
    """Slack did not answer: the network, a proxy or ``[slack] api_url``."""


async def introduced(token: SecretStr, *, wire: Wire, place: str) -> Workspace:
    """Return the workspace of ``token``, which stands at ``place``.

    Raises:
        SlackUnreachable: nobody could be asked.
        SettingsError: the token works no more, or has not even the scopes that are vital.
    """
    try:
        workspace = await asked(token, wire=wire, where=place)
    except SlackBusy as busy:
        raise unreachable(busy) from busy
    except SlackRefused as refused:
        why = _REFUSALS.get(refused.error, f"Slack says {refused.error}")
        raise SettingsError(f"{place} is refused: {why}.") from refused
    if not workspace.scopes >= VITAL:
        raise SettingsError(f"{place}: {shortage(workspace)}")
    return workspace


def shortage(workspace: Workspace) -> str:
    """Return which scopes the app lacks, what will not work, and the cure; empty if it has all."""
    missing = lacking(workspace.scopes)
    if not missing:
        return ""
    return (
        f"the app lacks scopes in {workspace.team}, so this will not work:\n  "
        + "\n  ".join(missing)
        + "\nAdd them under OAuth & Permissions, or take the manifest that 'bot slack manifest'"
        " prints; then reinstall the app."
    )


async def asked(token: SecretStr, *, wire: Wire, where: str) -> Workspace:
    """Return the workspace of ``token``, whatever it may do there.

    Raises:
        SlackBusy, SlackRefused: see there.
    """
    heard = await wire.ask_patiently("auth.test", token=token.get_secret_value(), where=where)
    return _to_workspace(heard.data, token=token, scopes=heard.scopes)


def unreachable(busy: SlackBusy) -> SlackUnreachable:
    """Return what the person who runs the bot is told of a Slack that does not answer."""
    if busy.retry_after is not None:
        return SlackUnreachable(f"{busy} Try again in {busy.retry_after:.0f} seconds.")
    return SlackUnreachable(f"{busy} Check the network, and [slack] api_url; then try again.")


def _to_workspace(
    said: Mapping[str, Any], *, token: SecretStr, scopes: frozenset[str]
) -> Workspace:
    whole = bool(said.get("is_enterprise_install"))
    return Workspace(
        install=str((said.get("enterprise_id") if whole else said.get("team_id")) or ""),
        token=token,
        team=str(said.get("team") or ""),
        bot_user=str(said.get("user_id") or ""),
        bot_id=str(said.get("bot_id") or ""),
        app_id=str(said.get("app_id") or ""),
        scopes=scopes,
        name=str(said.get("user") or ""),
    )
