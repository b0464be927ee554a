"""What people see, and what stays behind, where Slack or the database fails at a bad moment."""

import asyncio
from pathlib import Path

import pytest

from bot.app import App
from bot.backends.scripted import ScriptedBackend
from bot.errors import BackendUnavailable
from bot.settings import SlackSettings
from bot.store.base import Accepted
from channels.slack.errors import SlackBusy
from channels.slack.workspaces import NotInstalled
from tests.house import until
from tests.servers.slack import FakeSlack
from tests.slack.shops import Fault, hear, is_delivered, lost, refused, reply, shop

QUESTION = "How long does shipping take?"
WHOLE = "Shipping takes three days at most."
QUIET = SlackSettings(streaming=False)


async def _until_delivery(app: App, accepted: Accepted, state: str) -> None:
    """Wait until the delivery of the conversation's reply is in ``state``."""
    async with asyncio.timeout(90):
        while True:
            turns = await app.archive.turns(accepted.conversation)
            records = await app.archive.record(turns[-1].id) if turns else ()
            if records and records[0].delivery == state:
                return
            await asyncio.sleep(0.01)


async def test_a_post_that_cannot_be_looked_for_yet_is_not_made_again(tmp_path: Path) -> None:
    away = Fault(
        method="conversations.replies", error=SlackBusy("Slack cannot be reached."), times=3
    )
    faults = [lost("chat.postMessage", done=True), away]
    backend = ScriptedBackend(WHOLE)
    async with FakeSlack() as slack:
        async with shop(tmp_path, slack, backend, faults=faults, settings=QUIET) as app:
            thread, accepted = await hear(app, slack, QUESTION)
            await _until_delivery(app, accepted, "sent")
        assert reply(slack, thread) == WHOLE
        assert len(slack.called("chat.postMessage")) == 1


async def test_where_slack_fails_to_delete_what_was_withdrawn_is_emptied(tmp_path: Path) -> None:
    fails = asyncio.Event()
    broken = ScriptedBackend(
        ["Wrong.", fails.wait, BackendUnavailable("It broke.", backend="first")], name="first"
    )
    second = ScriptedBackend(WHOLE, name="second")
    faults = [lost("chat.delete", times=1_000)]
    async with FakeSlack() as slack, shop(tmp_path, slack, broken, second, faults=faults) as app:
        thread, _ = await hear(app, slack, QUESTION)
        await until(lambda: "Wrong" in reply(slack, thread))
        fails.set()
        await until(lambda: is_delivered(slack, thread))
        assert reply(slack, thread) == "…" + WHOLE


async def test_a_workspace_that_leaves_in_mid_answer_is_no_fault_of_ours(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gone = NotInstalled("The app is not installed in T1.")
    fault = Fault(method="chat.appendStream", error=gone)
    backend = ScriptedBackend(["Shipping takes ", "three days at most."], delay=0.2)
    async with FakeSlack() as slack, shop(tmp_path, slack, backend, faults=[fault]) as app:
        thread, _ = await hear(app, slack, QUESTION)
        await until(lambda: is_delivered(slack, thread))
        assert fault.met
        assert reply(slack, thread) == WHOLE
    assert not [each for each in caplog.records if each.exc_info]


async def test_what_slack_refuses_again_and_again_holds_up_no_later_reply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery._PAUSES", [0.01] * 9)
    fault = refused("chat.postMessage", "no_text", times=5)
    backend = ScriptedBackend("First.", "Second.")
    async with (
        FakeSlack() as slack,
        shop(tmp_path, slack, backend, faults=[fault], settings=QUIET) as app,
    ):
        thread, accepted = await hear(app, slack, QUESTION)
        await _until_delivery(app, accepted, "failed")
        await hear(app, slack, "And now?", thread=thread)
        await until(lambda: is_delivered(slack, thread))
        assert reply(slack, thread) == "Second."


@pytest.mark.parametrize("view", ["agent", "assistant"])
async def test_nothing_works_for_ever_on_a_reply_that_slack_refuses(
    tmp_path: Path, view: str
) -> None:
    fault = refused("chat.postMessage", "is_archived", times=100)
    settings = SlackSettings.model_validate({"view": view, "streaming": False})
    begun = asyncio.Event()
    backend = ScriptedBackend([begun.wait, WHOLE])
    async with (
        FakeSlack() as slack,
        shop(tmp_path, slack, backend, faults=[fault], settings=settings) as app,
    ):
        thread, accepted = await hear(app, slack, QUESTION)
        await until(lambda: slack.status("D1", thread) not in {"", "active"})
        begun.set()
        await _until_delivery(app, accepted, "failed")
        await until(lambda: slack.status("D1", thread) in {"", "active"}, seconds=20)
