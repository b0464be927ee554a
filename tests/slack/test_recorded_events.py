"""What becomes of real payloads, in a file that FRONTDESK_SLACK_EVENTS names, if it does."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from channels.slack.envelopes import installs
from channels.slack.heard import Heard, Ignored, Left, OpenedHome, Said
from channels.slack.hearing import Ears
from tests.slack.bodies import SHOP

NOTHING = "nothing is done about those"
NO_BUTTON = "no button of the bot"

# By the kind of a payload, as its file names it: how what it becomes is told.
EXPECTED = {
    "event:app_mention": "mention",
    "event:message": "it tells no user",
    "event:message.im": "direct",
    "event:message.channel": "mention",
    "event:message.channel.in_thread": "reply",
    "event:message.bot": "of a bot",
    "event:message.bot.in_thread": "of a bot",
    "event:message.bot_message": "of a bot",
    "event:message.file_share": "not said to the bot",
    "event:message.message_changed": "of a bot",
    "event:message.message_deleted": "of a bot",
    "event:message.me_message": "it tells no user",
    "event:message.channel_leave": "it tells no user",
    "event:message.ekm_access_denied": "the organisation's key was withdrawn: there are no words",
    "event:app_home_opened": "home",
    "event:tokens_revoked": "left",
    "block_actions": NO_BUTTON,
    "slash_command": "another command",
    "message_action": "another shortcut",
}
# What the blanked samples of a kind become, where they have less than a real one.
BLANKED = {
    "event:app_mention": "of a bot",
    "event:message": "of a bot",
    "event:app_home_opened": "it tells no user",
}


def _payloads(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _expected(record: Mapping[str, Any]) -> str:
    kind, payload = record["kind"], record["payload"]
    if record["nature"] == "schema_blanked":
        return BLANKED.get(kind) or EXPECTED.get(kind, NOTHING)
    if kind == "event:app_mention" and "user" not in payload["event"]:
        return "it tells no user"
    return EXPECTED.get(kind, NOTHING)


def _told(heard: Heard) -> str:
    match heard:
        case Said(call=call):
            return str(call)
        case OpenedHome():
            return "home"
        case Left():
            return "left"
        case Ignored(reason=reason):
            return reason
    return repr(heard)


def _hear(body: Mapping[str, Any]) -> Heard:
    event = body.get("event") or {}
    named = re.match(r"<@(\w+)>", event.get("text", ""))
    bot = named[1] if named else "UBOT"
    install = next(filter(None, installs(body)), "T1")
    return Ears(workspace=replace(SHOP, install=install, bot_user=bot)).hear(body)


def test_every_recorded_payload_is_answered_or_ignored(slack_events: Path | None) -> None:
    if slack_events is None:
        pytest.skip("FRONTDESK_SLACK_EVENTS names no file")
    records = list(_payloads(slack_events))
    assert records
    for record in records:
        body = record["payload"]
        if record["nature"] == "schema_blanked" and "event" in body:
            body = body | {"type": "event_callback"}
        assert (record["id"], _told(_hear(body))) == (record["id"], _expected(record))
