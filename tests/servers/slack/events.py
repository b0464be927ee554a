"""What Slack's events look like, written after recorded ones."""

import re
import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from tests.servers.slack.people import Install
from tests.servers.slack.rooms import Channel, Json, Message

_ENTITY = re.compile(r"<(?:[@#!][^<>]+|https?://[^<>]+|mailto:[^<>]+)>")
_PERSON = re.compile(r"<@([A-Z0-9]+)(?:\|[^<>]*)?>")


def typed(text: str) -> str:
    """Return what Slack makes of what a person types: ``&``, ``<`` and ``>`` are escaped."""
    escaped, end = "", 0
    for entity in _ENTITY.finditer(text):
        escaped += _escaped(text[end : entity.start()]) + entity.group()
        end = entity.end()
    return escaped + _escaped(text[end:])


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(text: str) -> str:
    """Undo what ``typed`` escaped."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def rich_text(text: str) -> list[Json]:
    """Return the block that Slack's own composer sends beside ``text``."""
    elements: list[Json] = []
    end = 0
    for person in _PERSON.finditer(text):
        elements += _plain_element(text[end : person.start()])
        elements.append({"type": "user", "user_id": person.group(1)})
        end = person.end()
    elements += _plain_element(text[end:])
    section = {"type": "rich_text_section", "elements": elements}
    return [{"type": "rich_text", "block_id": secrets.token_hex(3), "elements": [section]}]


def _plain_element(text: str) -> list[Json]:
    return [{"type": "text", "text": plain(text)}] if text else []


def file(name: str, *, user: str, size: int = 1000, at: int = 0) -> Json:
    """Return a shared file."""
    kind = name.rpartition(".")[2]
    number = f"F{secrets.token_hex(4).upper()}"
    return {
        "id": number,
        "created": at,
        "timestamp": at,
        "name": name,
        "title": name,
        "mimetype": "image/png" if kind == "png" else "application/octet-stream",
        "filetype": kind,
        "pretty_type": kind.upper(),
        "user": user,
        "size": size,
        "mode": "hosted",
        "is_external": False,
        "url_private": f"https://files.example.com/{number}/{name}",
        "file_access": "visible",
    }


def message_body(message: Message, *, parent: Message | None) -> Json:
    """Return a message as it stands in events and in ``conversations.replies``."""
    body: Json = {"type": "message", "user": message.user, "ts": message.ts, "text": message.text}
    body["team"] = message.team
    optional = {
        "subtype": message.subtype,
        "client_msg_id": message.client_msg_id,
        "bot_id": message.bot_id,
        "files": list(message.files),
        "blocks": list(message.blocks),
        "thread_ts": message.thread,
    }
    body |= {name: value for name, value in optional.items() if value}
    if message.bot_id:
        body["app_id"] = "A1"
        body["bot_profile"] = {"id": message.bot_id, "app_id": "A1", "team_id": message.team}
    if message.thread and parent:
        body["parent_user_id"] = parent.user
    if message.edited:
        body["edited"] = {"user": message.user, "ts": message.edited}
    if message.files:
        body |= {"upload": False, "display_as_bot": False}
    return body


def stranger(message: Message, channel: Channel) -> Json:
    """Return what is added for somebody of another organisation in a shared channel."""
    if not channel.shared or message.team == channel.team:
        return {}
    return {"user_team": message.team, "source_team": message.team}


def message_event(message: Message, channel: Channel, *, parent: Message | None) -> Json:
    """Return the event that somebody wrote."""
    return {
        **message_body(message, parent=parent),
        **stranger(message, channel),
        "channel": channel.id,
        "event_ts": message.ts,
        "channel_type": channel.type,
    }


def mention_event(message: Message, channel: Channel, *, parent: Message | None) -> Json:
    """Return the second event that a mention of the app makes."""
    event = message_event(message, channel, parent=parent)
    del event["channel_type"]
    event.pop("subtype", None)
    token = {"action_token": secrets.token_hex(8)}
    return event | {"type": "app_mention", "assistant_thread": token}


def changed_event(before: Json, after: Json, channel: Channel, *, ts: str) -> Json:
    """Return the event that a message is not what it was."""
    return {
        "type": "message",
        "subtype": "message_changed",
        "message": after,
        "previous_message": before,
        "channel": channel.id,
        "hidden": True,
        "ts": ts,
        "event_ts": ts,
        "channel_type": channel.type,
    }


def deleted_event(before: Json, channel: Channel, *, ts: str) -> Json:
    """Return the event that a message is gone."""
    return {
        "type": "message",
        "subtype": "message_deleted",
        "previous_message": before,
        "deleted_ts": before["ts"],
        "channel": channel.id,
        "hidden": True,
        "ts": ts,
        "event_ts": ts,
        "channel_type": channel.type,
    }


def callback(
    event: Mapping[str, Any], install: Install, *, team: str, at: int, shared: bool = False
) -> Json:
    """Put an event into its envelope; ``team`` is whose member did it."""
    return {
        "token": "verification-token-of-old",
        "team_id": team,
        "context_team_id": install.team or team,
        "context_enterprise_id": install.enterprise,
        **({"enterprise_id": install.enterprise} if install.enterprise else {}),
        "api_app_id": "A1",
        "event": dict(event),
        "type": "event_callback",
        "event_id": f"Ev{uuid.uuid4().hex[:10].upper()}",
        "event_time": at,
        "authorizations": [
            {
                "enterprise_id": install.enterprise,
                "team_id": install.team,
                "user_id": install.bot_user,
                "is_bot": True,
                "is_enterprise_install": install.is_org,
            }
        ],
        "is_ext_shared_channel": shared,
        "event_context": f"4-{secrets.token_hex(8)}",
    }
