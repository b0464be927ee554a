"""No customer's word and no token reaches a log, whatever goes wrong."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.backends.scripted import ScriptedBackend
from tests.house import until
from tests.servers.slack import FakeSlack, Moods, Rules
from tests.slack.bodies import changed, envelope, in_channel, message
from tests.slack.halls import Visited, comes, dispatched, locked, visited

SECRET = "quetzal"

# Everywhere in it stands what a person wrote, and hardly any of it is as it should be.
ODD: list[dict[str, Any]] = [
    {"type": f"{SECRET}?", "text": SECRET},
    envelope({"type": f"{SECRET}?", "subtype": f"{SECRET}?", "text": SECRET}),
    envelope(message(SECRET, subtype=f"{SECRET}?")),
    envelope(message(SECRET, ts=SECRET)),
    envelope(message(SECRET, user=None)),
    envelope(message(SECRET, user=[SECRET])),
    envelope(in_channel(SECRET)),
    envelope(changed(message(SECRET), message(SECRET))),
    envelope({"type": "message", "subtype": "message_changed", "message": SECRET}),
    {"command": "/other", "text": SECRET, "team_id": "T1", "user_id": SECRET},
    {"command": "/ask", "text": SECRET, "team_id": "T1", "user_id": "U1", "trigger_id": "1"},
    {"type": "block_actions", "team": {"id": "T1"}, "actions": [{"value": SECRET}]},
    {"type": "view_submission", "team": {"id": "T1"}, "view": {"state": SECRET}},
]


async def test_nothing_that_was_written_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("bot", "channels"):
        caplog.set_level(logging.DEBUG, logger=name)
    backend = ScriptedBackend(
        f"It is the {SECRET}.", RuntimeError(SECRET), f"A {SECRET}, again.", name="scripted"
    )
    rules = Rules(retries=(1.0, 2.0), hourly=False)
    moods = Moods(limited=0.2, broken=0.2, cut=0.1, spared=frozenset({"apps.connections.open"}))
    async with (
        FakeSlack(rules=rules, moods=moods) as slack,
        visited(tmp_path, backend, slack=slack, speaks=True) as hall,
    ):
        await _lively(hall, tmp_path, lambda: "was not kept" in caplog.text)
        secrets = [SECRET, slack.bot_token, slack.app_token, slack.signing_secret]
    told = caplog.text
    assert "Ignored message" in told
    assert "came to nothing" in told
    assert [each for each in secrets if each in told] == []


async def _lively(hall: Visited, folder: Path, refused: Callable[[], bool]) -> None:
    """Talk about the secret in every way, while this and that fails."""
    slack = hall.slack
    ts = await slack.say(f"Where is my {SECRET}?", deliveries=3)
    assert await comes(lambda: hall.texts(ts))
    with locked(folder):
        await slack.say(f"And the other {SECRET}?", thread=ts)
        await until(refused)
    await slack.edit(ts, f"Where are my {SECRET}s?")
    await slack.say(SECRET * 10_000)
    await slack.say(f"{SECRET}?", channel="C1", mention=True, files=[f"{SECRET}.png"])
    await slack.say(f"{SECRET}!", channel="C1")
    await slack.command(f"Any {SECRET}s?")
    await slack.shortcut(ts)
    await slack.open_home()
    for body in ODD:
        await dispatched(hall.bolt, body)
    await slack.delete(ts)
    slack.revoke()
    await slack.say(SECRET * 10_000, channel="D2", user="U2")
    await slack.command(f"No {SECRET}s?")
    await until(lambda: slack.idle)
