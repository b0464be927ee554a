"""Describes the app to Slack: what it may do and where it is heard, as ``bot.toml`` has it."""

from typing import Any, Literal

from bot.errors import SettingsError
from bot.settings import Settings, SlackSettings
from bot.settings.slack import EVENTS, REDIRECT
from channels.slack.scopes import SCOPES

SHORTCUT = "frontdesk_ask"
"""The callback of the message shortcut."""

_HEARD = (
    *("app_home_opened", "app_mention", "app_uninstalled"),
    *("message.channels", "message.groups", "message.im", "message.mpim", "tokens_revoked"),
)
_HEARD_IN = {"agent": "agent_session_stopped", "assistant": "assistant_thread_started"}

# How long Slack lets these be.
_NAME, _DISPLAY_NAME, _SHORTCUT_NAME = 35, 80, 24
_DESCRIPTION, _SHORTCUT_DESCRIPTION, _VIEW_DESCRIPTION = 140, 150, 300
_PROMPT_TITLE = 75

Mode = Literal["socket", "http"]


def manifest(settings: Settings, *, mode: Mode | None = None) -> dict[str, Any]:
    """Return the app's manifest; ``mode`` takes the place of the one in ``[slack]``.

    Raises:
        SettingsError: Slack must know an address that the settings do not say.
    """
    slack = settings.slack or SlackSettings()
    mode = mode or slack.mode
    if not slack.url and (mode == "http" or slack.oauth):
        raise SettingsError(
            "[slack] url: Slack must know where 'bot serve' is reached. "
            "Set its public address, as 'https://bot.shop.example'."
        )
    events = {"request_url": slack.url + EVENTS} if mode == "http" else {}
    return {
        "display_information": {
            "name": _cut(settings.bot.name, _NAME),
            "description": _cut(_about(settings), _DESCRIPTION),
        },
        "features": _features(settings, slack, url=events.get("request_url")),
        "oauth_config": {
            **({"redirect_urls": [slack.url + REDIRECT]} if slack.oauth else {}),
            "scopes": {"bot": sorted(SCOPES)},
        },
        "settings": {
            "event_subscriptions": {
                **events,
                "bot_events": sorted([*_HEARD, _HEARD_IN[slack.view]]),
            },
            "interactivity": {"is_enabled": True, **events},
            "org_deploy_enabled": slack.oauth is not None,
            "socket_mode_enabled": mode == "socket",
            "token_rotation_enabled": False,
        },
    }


def _features(settings: Settings, slack: SlackSettings, *, url: str | None) -> dict[str, Any]:
    name = settings.bot.name
    command = {
        "command": slack.command,
        "description": _cut(f"Ask {name} a question", _DESCRIPTION),
        "usage_hint": "How long does shipping take?",
        "should_escape": False,
    }
    shortcut = {
        "name": _cut(f"Ask {name}", _SHORTCUT_NAME),
        "type": "message",
        "callback_id": SHORTCUT,
        "description": _cut(f"Has {name} answer this message", _SHORTCUT_DESCRIPTION),
    }
    view = {
        f"{slack.view}_description": _cut(slack.greeting or _about(settings), _VIEW_DESCRIPTION),
        "suggested_prompts": [
            {"title": _cut(each, _PROMPT_TITLE), "message": each} for each in slack.suggestions
        ],
    }
    found: dict[str, Any] = {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": _cut(name, _DISPLAY_NAME), "always_online": True},
        f"{slack.view}_view": view,
        "shortcuts": [shortcut],
    }
    if slack.command:
        found["slash_commands"] = [command | ({"url": url} if url else {})]
    return found


def _about(settings: Settings) -> str:
    return f"Answers questions about {settings.bot.company}."


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
