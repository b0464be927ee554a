"""Bodies as Slack sends them, for tests: the least that each kind has."""

from typing import Any

from pydantic import SecretStr

from channels.slack.workspaces import Workspace

INSTALL, BOT, ADA, BOB = "T1", "UBOT", "UADA", "UBOB"
CHAT, DIRECT = "C1", "D1"
TS = "1700000000.000100"

SHOP = Workspace(
    install=INSTALL,
    token=SecretStr("xoxb-of-the-shop"),
    team="The shop",
    bot_user=BOT,
    bot_id="BBOT",
    app_id="A1",
    scopes=frozenset(),
)

Body = dict[str, Any]


def envelope(event: Body, **more: Any) -> Body:
    """Return what Slack sends around an event."""
    granted = {
        "enterprise_id": None,
        "team_id": INSTALL,
        "user_id": BOT,
        "is_bot": True,
        "is_enterprise_install": False,
    }
    return {
        "token": "old",
        "team_id": INSTALL,
        "api_app_id": "A1",
        "type": "event_callback",
        "event_id": "Ev1",
        "event_time": 1700000000,
        "authorizations": [granted],
        "is_ext_shared_channel": False,
        "event": event,
    } | more


def message(text: str = "Where is my parcel?", **more: Any) -> Body:
    """Return the event of a message to the bot alone, unless ``more`` says otherwise."""
    return {
        "type": "message",
        "user": ADA,
        "team": INSTALL,
        "text": text,
        "ts": TS,
        "event_ts": TS,
        "channel": DIRECT,
        "channel_type": "im",
    } | more


def in_channel(text: str, **more: Any) -> Body:
    """Return the event of a message in a channel."""
    return message(text, **{"channel": CHAT, "channel_type": "channel"} | more)


def changed(now: Body, before: Body | None = None) -> Body:
    """Return the event of a message that became ``now``."""
    event = {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "channel": now.get("channel", DIRECT),
        "ts": "1700000009.000100",
        "message": {key: each for key, each in now.items() if key != "channel"},
    }
    return event | ({"previous_message": before} if before else {})


def deleted(gone: str = TS, *, channel: str = DIRECT, before: Body | None = None) -> Body:
    """Return the event of a message that is gone."""
    return {
        "type": "message",
        "subtype": "message_deleted",
        "hidden": True,
        "channel": channel,
        "deleted_ts": gone,
        "ts": "1700000009.000200",
        "previous_message": before or {},
    }


def click(action: str, value: str, **more: Any) -> Body:
    """Return the press of a button under a message of the bot in the thread of ``TS``."""
    return {
        "type": "block_actions",
        "user": {"id": ADA, "team_id": INSTALL},
        "team": {"id": INSTALL},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": DIRECT},
        "container": {
            "type": "message",
            "message_ts": "1700000005.000100",
            "channel_id": DIRECT,
            "thread_ts": TS,
        },
        "message": {"bot_id": "BBOT", "team": INSTALL, "ts": "1700000005.000100", "thread_ts": TS},
        "trigger_id": "11.22.trigger",
        "actions": [{"type": "button", "action_id": action, "value": value}],
    } | more


def command(text: str, **more: Any) -> Body:
    """Return a slash command in the channel."""
    return {
        "command": "/ask",
        "text": text,
        "team_id": INSTALL,
        "user_id": ADA,
        "channel_id": CHAT,
        "trigger_id": "11.22.command",
    } | more


def shortcut(text: str, **more: Any) -> Body:
    """Return the message shortcut, used on a message of Bob's."""
    return {
        "type": "message_action",
        "callback_id": "frontdesk_ask",
        "team": {"id": INSTALL},
        "user": {"id": ADA, "team_id": INSTALL},
        "channel": {"id": CHAT},
        "message": {"type": "message", "user": BOB, "ts": TS, "text": text},
        "trigger_id": "11.22.shortcut",
    } | more
