"""What becomes of real payloads, in a file that FRONTDESK_SLACK_EVENTS names, if it does."""

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.messages import Author
from channels.slack.envelopes import installs
from channels.slack.heard import Heard, Ignored, Left, OpenedHome, Said
from channels.slack.hearing import Ears
from channels.slack.workspaces import Workspace
from tests.slack.bodies import SHOP
from tests.slack.halls import Visited, comes, dispatched, visited

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
    "event:tokens_revoked": "of a place that is forgotten already",  # it names none
}


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


def _workspace(body: Mapping[str, Any]) -> Workspace:
    """Return where a payload comes from, with the bot that it names."""
    event = body.get("event") or {}
    named = re.match(r"<@(\w+)>", event.get("text", ""))
    install = next(filter(None, installs(body)), "T1")
    return replace(SHOP, install=install, bot_user=named[1] if named else "UBOT")


def _records(path: Path | None) -> list[dict[str, Any]]:
    if path is None:
        pytest.skip("FRONTDESK_SLACK_EVENTS names no file")
    with path.open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    for record in records:
        if record["nature"] == "schema_blanked" and "event" in record["payload"]:
            record["payload"]["type"] = "event_callback"
    assert records
    return records


def test_every_recorded_payload_is_understood(slack_events: Path | None) -> None:
    for record in _records(slack_events):
        body = record["payload"]
        heard = Ears(workspace=_workspace(body)).hear(body)
        assert (record["id"], _told(heard)) == (record["id"], _expected(record))


async def test_every_recorded_payload_is_taken(
    slack_events: Path | None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="channels")
    records = _records(slack_events)
    kept: dict[str, Said] = {}
    async with visited(tmp_path) as hall:
        for record in records:
            workspace = _workspace(record["payload"])
            hall.workspaces.know(workspace)
            caplog.clear()
            assert (await dispatched(hall.bolt, record["payload"])).status == 200, record["id"]
            heard = Ears(workspace=workspace).hear(record["payload"])
            ignored = isinstance(heard, Ignored) or not any(installs(record["payload"]))
            if isinstance(heard, Said):
                ignored = not await hall.app.visits.find("slack", heard.place.key)
                kept |= {} if ignored else {heard.external_id: heard}
            assert ("Ignored" in caplog.text) == ignored, record["id"]
        assert kept
        for said in kept.values():
            await comes(partial(_is_answered, hall, said))


async def _is_answered(hall: Visited, said: Said) -> bool:
    """Tell whether each message of a thread is there once, and has its answer."""
    found = await hall.app.visits.find("slack", said.place.key)
    assert found
    messages = await hall.app.archive.messages(found.conversation.id)
    asked = [each.text for each in messages if each.author is Author.CUSTOMER]
    assert asked.count(said.text) == 1
    return messages[-1].author is Author.BOT
