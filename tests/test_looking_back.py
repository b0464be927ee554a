"""Looking back tells whose a conversation is and what its customer changed since."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from bot.store.conversations import SqlConversations
from bot.store.database import Database
from tests.contracts.letters import answer, ask, ask_alone, turn


@pytest.fixture
def store(sqlite_database: Database) -> SqlConversations:
    return SqlConversations(sqlite_database)


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bot.toml").write_text(f'[database]\nurl = "{sqlite_url}"\n')
    monkeypatch.chdir(tmp_path)


async def said(*arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "channels.cli", *arguments), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode()


async def test_the_newest_answer_is_explained_though_the_last_question_has_none(
    store: SqlConversations,
) -> None:
    answered = turn(answers=1)
    await answer(store, await ask_alone(store, "Where is it?"), answered)
    await ask(store, "Never mind.", key="other", external_id="m2")
    await store.revise("web", "m2", text="", tokens=0)
    assert answered.id in await said("why")


async def test_a_question_that_was_edited_after_its_answer_is_marked(
    store: SqlConversations,
) -> None:
    lease = await ask_alone(store, "Where is order 7?", external_id="m1")
    await answer(store, lease, turn(answers=1))
    number = str(lease.conversation)
    for page in (await said("why"), await said("history", "show", number)):
        assert "edited" not in page
    await store.revise("web", "m1", text="Where is order 8?", tokens=5)
    for page in (await said("why"), await said("history", "show", number)):
        assert "Where is order 8?" in page
        assert "(edited since)" in page
    [question] = json.loads(await said("why", "--json"))["questions"]
    kept, reply = json.loads(await said("history", "show", number, "--json"))["messages"]
    assert question["edited"] == kept["edited"] > kept["at"]
    assert reply["edited"] is None


async def test_a_conversation_tells_its_channel_its_key_and_its_customer(
    store: SqlConversations,
) -> None:
    told = {"channel": "slack", "key": "T1:C1:1.2", "customer": "U1", "name": "Ada\x1b[2J"}
    accepted = await ask(store, "Hello?", **told)
    number = str(accepted.conversation)
    head = (await said("history", "show", number)).splitlines()[0]
    assert head.startswith(f"Conversation {number}: slack T1:C1:1.2, customer U1 (Ada")
    assert "\x1b" not in head
    story = json.loads(await said("history", "show", number, "--json"))
    assert (story["channel"], story["key"], story["customer"]) == ("slack", "T1:C1:1.2", "U1")
    assert "slack" in await said("history", "list")


async def test_a_conversation_whose_only_question_was_deleted_is_listed_so(
    store: SqlConversations,
) -> None:
    await ask(store, "My password is lark.", external_id="m1")
    assert "(deleted)" not in await said("history", "list")
    await store.revise("web", "m1", text="", tokens=0)
    assert (await said("history", "list")).rstrip().endswith("(deleted)")
