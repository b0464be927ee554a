"""Looking back tells whose a conversation is and what its customer changed since."""

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from bot.messages import Attempt, Author, Message, Noticed, Reading, Summary, Usage
from bot.store.conversations import SqlConversations
from bot.store.database import Database
from bot.tasks.interpreting import Put
from channels.cli.door import bot
from channels.cli.history import Story
from channels.cli.paper import fitted
from tests.contracts.letters import answer, ask, ask_alone, turn
from tests.terminals import Terminal


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


async def test_what_was_noticed_is_shown_with_the_conversation(store: SqlConversations) -> None:
    noticed = Noticed(language="de", mood="upset", topic="delivery", facts={"order": "A-1"})
    lease = await ask_alone(store, "Where is it?!")
    kept = turn(answers=1, noticed=noticed)
    await answer(store, lease, kept)
    made = Summary(upto=2, text="They wait\nfor A-1.", by="small")
    await store.fold(lease.conversation, since=0, summary=made)
    number = str(lease.conversation)
    page = await said("history", "show", number)
    head = page.partition("\n\n")[0].splitlines()[1:]
    assert head == [
        "language: de",
        "mood: upset",
        "topic: delivery",
        "facts: order A-1",
        "summary of messages 1 to 2 (by small): They wait for A-1.",
    ]
    assert "  read: upset 0.90 · topic not read: took too long\n" in page
    assert "- sentiment upset 0.90, by rule in 1.0 ms" in await said("why", kept.id)
    story = json.loads(await said("history", "show", number, "--json"))
    assert (story["mood"], story["facts"]) == ("upset", {"order": "A-1"})
    assert story["turns"][0]["readings"][0]["score"] == 0.9


async def test_what_was_spent_on_summaries_is_shown_of_failed_ones_too(
    store: SqlConversations,
) -> None:
    lease = await ask_alone(store, "Where is it?")
    paid = (Attempt(backend="small", model="m", usage=Usage(input=90, output=9), cost=0.002),)
    made = Summary(upto=1, text="They wait.", by="small", attempts=paid)
    await store.fold(lease.conversation, since=0, summary=made)
    cut = Summary(upto=2, text="", by="small", error="It was cut.", attempts=paid)
    await store.fold(lease.conversation, since=1, summary=cut)
    page = await said("history", "show", str(lease.conversation))
    assert page.partition("\n\n")[0].splitlines()[1:] == [
        "summary of messages 1 to 1 (by small): They wait.",
        "summaries that failed: 1, the last one so: It was cut.",
        "spent on summaries: 180 tokens read, 18 written, cost $0.0040",
    ]


async def test_a_long_reading_is_whole_only_for_programs(store: SqlConversations) -> None:
    translation = "Where is my parcel? " * 50
    lease = await ask_alone(store, "Wo bleibt mein Paket?")
    kept = replace(turn(answers=1), readings=(Reading(task="translation", value=translation),))
    await answer(store, lease, kept)
    show = ("history", "show", str(lease.conversation))
    short = f"question translated {translation[:79]}…"
    assert f"  {short}\n" in await said(*show)
    assert f"- {short}, by" in " ".join((await said("why", kept.id)).split())
    for whole in (await said(*show, "--json"), await said("why", kept.id, "--json")):
        assert translation in whole


async def test_a_translation_is_explained_as_what_it_is(store: SqlConversations) -> None:
    readings = (
        Reading(task="language", value="de", score=0.8, by="rule"),
        Reading(task="translation", value="de to en: Where is it?", by="there", seconds=2.0),
        Reading(task="spans", value="two days (passage 7, 3 to 11)", score=0.5, by="pointer"),
        Reading(task="translation", value="en to de: In the post.", by="back", seconds=1.5),
        Reading(task="translation", by="back", error="It took longer than 9 seconds."),
    )
    lease = await ask_alone(store, "Wo ist es?")
    await answer(store, lease, replace(turn(answers=1), readings=readings))
    read = (await said("why")).partition("### Read\n\n")[2].partition("\n\n")[0]
    assert read.splitlines() == [
        "- language de 0.80, by rule in 0.0 ms",
        "- question translated de to en: Where is it?, by there in 2.0 s",
        "- spans two days (passage 7, 3 to 11) 0.50, by pointer in 0.0 ms",
        "- reply before its translation en to de: In the post., by back in 1.5 s",
        "- reply not translated: It took longer than 9 seconds., by back in 0.0 ms",
    ]


async def test_a_question_that_could_not_be_translated_is_told_apart_from_its_reply(
    store: SqlConversations,
) -> None:
    failed = Reading(task="translation", by="pairs", error="No model translates fr-en.")
    back = Reading(task="translation", by="pairs", error="No model translates en-fr.")
    lease = await ask_alone(store, "Où est-il ?")
    await answer(store, lease, replace(turn(answers=1), readings=(failed, back)))
    page = await said("why")
    assert "- question not translated: No model translates fr-en., by pairs" in page
    assert "- reply not translated: No model translates en-fr., by pairs" in page


READ = (
    Reading(task="language", value="zh", score=0.8, by="rule"),
    Reading(task="sentiment", value="upset", score=0.95, by="rule"),
    Reading(task="topic", value="退货", by="rule"),
    Reading(task="facts", value="order: A-10293, name: 王小明王小明 🙂🙂", by="rule"),
    Reading(task="translation", value=f"zh to en: {'中文 ' * 9}🙂🙂 please", by="there"),
    Reading(task="translation", value="en to zh: Sorry, Mr Wang.", by="back"),
)


async def shown(folder: Path, number: int, *, columns: int, **environment: str) -> Terminal:
    """Return a terminal in which a conversation was looked at."""
    show = ("history", "show", str(number))
    terminal = Terminal(folder, *show, columns=columns, lines=40, environment=environment)
    async with terminal:
        assert await terminal.exit() == 0
    return terminal


async def test_what_was_read_stands_under_its_message_in_lines_that_fit(
    store: SqlConversations, tmp_path: Path
) -> None:
    lease = await ask_alone(store, "我的包裹在哪里?!")
    await answer(store, lease, replace(turn(answers=1), readings=READ))
    wide = (await shown(tmp_path, lease.conversation, columns=80)).rows()
    at = wide.index("  read: language zh · upset 0.95 · topic 退货 · order A-10293")
    assert wide[at - 1 : at + 4] == [
        "  我的包裹在哪里?!",
        "  read: language zh · upset 0.95 · topic 退货 · order A-10293",
        "  name 王小明王小明 🙂🙂",
        "  question translated zh to en: 中文 中文 中文 中文 中文 中文 中文 中文 中文",
        "  🙂🙂 please",
    ]
    assert "  reply before its translation en to zh: Sorry, Mr Wang." in wide
    narrow = (await shown(tmp_path, lease.conversation, columns=40)).rows()
    at = narrow.index("  read: language zh · upset 0.95")
    assert narrow[at : at + 6] == [
        "  read: language zh · upset 0.95",
        "  topic 退货 · order A-10293",
        "  name 王小明王小明 🙂🙂",
        "  question translated zh to en: 中文",
        "  中文 中文 中文 中文 中文 中文 中文",
        "  中文 🙂🙂 please",
    ]


async def test_a_message_breaks_between_words_and_never_in_an_address(
    store: SqlConversations, tmp_path: Path
) -> None:
    link = f"https://shop.example/{'a' * 50}"
    lease = await ask_alone(store, f"I looked at {link} and found nothing about it.")
    await answer(store, lease, turn(answers=1, text=f"- 中文{'中文' * 12}\n\n    indented"))
    told = await shown(tmp_path, lease.conversation, columns=40)
    text = "  I looked at\r\n  " + link + "\r\n  and found nothing about it.\r\n"
    assert text in told.raw  # a terminal breaks the address itself, and copies it whole
    at = told.rows().index(f"  - {'中文' * 8}中")
    assert told.rows()[at + 1 : at + 4] == [
        f"  文{'中文' * 4}",
        "",
        "      indented",
    ]
    piped = await said("history", "show", str(lease.conversation))
    assert f"  I looked at {link} and found nothing about it.\n" in piped


@given(st.text("ab 中🙂", max_size=60), st.integers(4, 30))
def test_rows_fit_and_lose_no_letter(line: str, columns: int) -> None:
    rows = fitted(line, columns)
    assert "".join("".join(rows).split()) == "".join(line.split())
    assert all(cell_len(row) <= columns or row.isascii() for row in rows)
    assert all(" " not in row.strip() for row in rows if cell_len(row) > columns)


def test_what_is_indented_stays_so() -> None:
    assert fitted("    one two three four", 14) == ["    one two", "    three four"]


def test_what_was_put_into_another_language_stands_apart_from_the_original() -> None:
    asked = Message(seq=1, author=Author.CUSTOMER, text="Hallo\n\nWo?", tokens=0, at=1.0)
    put = Put(source="de", target="en", text="Hello\n\nWhere?")
    whose: dict[str, Any] = {"channel": "web", "key": "one", "customer": "ada"}
    story = Story(id=1, **whose, messages=[asked], turns=[], put={1: put})
    assert story.translated(asked) == ["en: Hello\n    \n    Where?"]


async def test_a_list_ends_where_the_terminal_does_and_its_columns_stand_straight(
    store: SqlConversations, tmp_path: Path
) -> None:
    for number, topic in enumerate(("退货", "returns")):
        lease = await ask_alone(store, "我的包裹在哪里? " * 5, key=f"visitor-{number}")
        await answer(store, lease, turn(answers=1, noticed=Noticed(topic=topic)))
    terminal = Terminal(tmp_path, "history", "list", columns=80)
    async with terminal:
        assert await terminal.exit() == 0
    head, *rows = filter(None, terminal.rows())
    assert len(rows) == 2
    for row in (head, *rows):
        assert cell_len(row) < 80
    at = head.index("BEGAN WITH")
    for row in rows:
        assert cell_len(row.partition("我")[0]) == at
        assert row.endswith("…")
    assert "我的包裹在哪里? " * 4 in await said("history", "list")


@pytest.mark.parametrize("command", [("history", "list"), ("unanswered",)])
@pytest.mark.parametrize("limit", ["0", "-1"])
def test_a_list_of_nothing_is_not_asked_for(command: tuple[str, ...], limit: str) -> None:
    result = CliRunner().invoke(bot, [*command, "--limit", limit])
    assert result.exit_code == 2
    assert f"{limit} is not in the range" in result.output


async def test_what_was_read_is_dim_but_where_no_colour_is_wanted(
    store: SqlConversations, tmp_path: Path
) -> None:
    lease = await ask_alone(store, "Where is it?!")
    await answer(store, lease, turn(answers=1))
    dim = await shown(tmp_path, lease.conversation, columns=80)
    assert "\x1b[2m  read: upset 0.90" in dim.raw
    plain = await shown(tmp_path, lease.conversation, columns=80, NO_COLOR="1")
    assert "\x1b[2m" not in plain.raw
    assert "read: upset 0.90" in plain.raw


async def test_a_neutral_mood_is_told_by_why_alone(store: SqlConversations) -> None:
    neutral = Reading(task="sentiment", value="neutral", by="rule")
    heard = Reading(task="language", value="en", score=0.8, by="rule")
    lease = await ask_alone(store)
    await answer(store, lease, replace(turn(answers=1), readings=(heard, neutral)))
    assert "  read: language en\n" in await said("history", "show", str(lease.conversation))
    assert "- sentiment neutral, by rule" in await said("why")


async def test_upset_customers_are_listed_alone(store: SqlConversations) -> None:
    assert "No customer is upset" in await said("history", "list", "--upset")
    for key, mood in (("one", "upset"), ("two", "content")):
        lease = await ask_alone(store, f"I am {key}.", key=key)
        await answer(store, lease, turn(answers=1, noticed=Noticed(mood=mood, topic="returns")))
    head, *rows = (await said("history", "list", "--upset")).splitlines()
    assert head.split()[4:6] == ["MOOD", "TOPIC"]
    assert [row.split()[5:] for row in rows] == [["upset", "returns", "I", "am", "one."]]
    assert len((await said("history", "list")).splitlines()) == 3


async def test_a_conversation_whose_only_question_was_deleted_is_listed_so(
    store: SqlConversations,
) -> None:
    await ask(store, "My password is lark.", external_id="m1")
    assert "(deleted)" not in await said("history", "list")
    await store.revise("web", "m1", text="", tokens=0)
    assert (await said("history", "list")).rstrip().endswith("(deleted)")
