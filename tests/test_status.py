"""People and monitors see at once what of the work needs them, and see no customer's word."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.backends.scripted import ScriptedBackend
from bot.messages import Attempt, Noticed, Outcome, Usage
from bot.settings import BudgetSettings
from bot.store.base import Process
from bot.store.conversations import SqlConversations
from bot.store.database import Database
from bot.store.outbox import SqlOutbox
from bot.store.processes import SqlProcesses
from bot.store.standing import Holding, Outgoing, Queue, Seen, Shunned, Spent, Standing
from channels.cli.paper import lasting, number
from channels.cli.report import Next, remarks
from channels.slack.errors import refusal
from tests.contracts.letters import HOLDER, answer, ask, ask_alone, turn
from tests.house import ask as ask_bot
from tests.house import house
from tests.sql import execute, until_true
from tests.terminals import Terminal

ROOT = Path(__file__).parent.parent
WORDS = "Where is my order?"  # what the customers of letters.py say
KEYS = {
    *("well", "remarks", "at", "queues", "longest", "retried", "holdings", "processes"),
    *("outgoing", "made", "sent", "failed", "failed_lately", "undelivered", "set_aside"),
    *("upset", "topics", "spent", "reads"),
}


@pytest.fixture
def store(sqlite_database: Database) -> SqlConversations:
    return SqlConversations(sqlite_database)


@pytest.fixture
def outbox(sqlite_database: Database) -> SqlOutbox:
    return SqlOutbox(sqlite_database)


@pytest.fixture
def project(tmp_path: Path, sqlite_url: str) -> Path:
    """A folder whose settings name the database of the test."""
    return settle(tmp_path, sqlite_url)


def settle(folder: Path, url: str, more: str = "") -> Path:
    text = f'[bot]\ncontact = "help@shop.example"\n[database]\nurl = "{url}"\n{more}'
    (folder / "bot.toml").write_text(text)
    return folder


async def bot(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run a command in a process of its own; returns its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "channels.cli", *arguments),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def status(folder: Path, *options: str) -> tuple[int, str]:
    return await bot(folder, "status", *options)


async def told(folder: Path, *options: str) -> tuple[int, Any]:
    """Return the exit code and what programs are told."""
    code, said = await status(folder, "--json", *options)
    return code, json.loads(said)


def kinds(found: Any) -> list[str]:
    return [remark["kind"] for remark in found["remarks"]]


# --- All well ---------------------------------------------------------------------------------


async def test_a_bot_that_is_well_takes_a_few_lines(tmp_path: Path, database_url: str) -> None:
    settle(tmp_path, database_url)
    yes, at = ScriptedBackend("Yes."), {"url": database_url}
    async with house(tmp_path, yes, channels=("web", "slack"), database=at) as app:
        reply = await ask_bot(app, "Are you there?")
        await app.outbox.sent(reply.turn, receipt="")
        await until_true(database_url, "SELECT count(*) FROM processes")
        code, said = await status(tmp_path)
        _, everything = await status(tmp_path, "--all")
    assert code == 0
    assert said.splitlines() == [
        "✓ All well.",
        "Waiting: nobody",
        "Replies: 0 pending, 0 being sent, 1 sent and 0 failed in 24 hours",
        "Processes: 1 running, serving slack, web",
    ]
    assert app.holder in everything


async def test_a_database_that_nobody_has_made_is_not_made_by_looking(tmp_path: Path) -> None:
    settle(tmp_path, "sqlite:///new.db")
    code, said = await status(tmp_path)
    assert (code, said.splitlines()) == (
        0,
        ["✓ Nothing is kept yet: the database is made at the first start."],
    )
    code, found = await told(tmp_path)
    assert (code, found["well"], set(found)) == (0, True, KEYS)
    assert not (tmp_path / "new.db").exists()


async def test_an_empty_server_is_told_with_its_cure(
    tmp_path: Path, empty_postgres_url: str
) -> None:
    code, said = await status(settle(tmp_path, empty_postgres_url))
    assert code == 1
    assert "is empty" in said
    assert "Run: bot db upgrade" in said
    assert "Traceback" not in said


async def test_a_database_that_is_away_is_what_is_wrong(tmp_path: Path) -> None:
    settle(tmp_path, "postgresql://me:secret@127.0.0.1:1/shop")
    code, said = await status(tmp_path)
    assert (code, said[0]) == (1, "✗")
    assert "secret" not in said
    code, found = await told(tmp_path)
    assert (code, found["well"], kinds(found), set(found)) == (1, False, ["database"], KEYS)


# --- Processes --------------------------------------------------------------------------------


_PROCESS = """
import asyncio, sys
from pathlib import Path
from bot.backends.base import Text
from bot.backends.scripted import ScriptedBackend
from bot.errors import BackendMisconfigured
from tests.house import house, says

async def main(folder, url, kind):
    if kind == "breaking":
        wrong = BackendMisconfigured("the key is wrong", backend="claude")
        backends = [ScriptedBackend(wrong, name="claude"), ScriptedBackend("Yes.", name="quotes")]
    else:
        backends = [ScriptedBackend([Text("I "), asyncio.Event().wait])]
    at, quick = {"url": url}, {"lease_seconds": 4, "sweep_seconds": 0.1}
    async with house(Path(folder), *backends, database=at, engine=quick) as app:
        await app.engine.accept(says("My card is XX-4111.", key="ada's"))
        print(app.holder, flush=True)
        await asyncio.sleep(600)

asyncio.run(main(*sys.argv[1:]))
"""


@asynccontextmanager
async def elsewhere(folder: Path, url: str, kind: str) -> AsyncIterator[tuple[str, int]]:
    """Run a bot in a process of its own, which has one message; yields its holder and its pid."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _PROCESS, str(folder), url, kind),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        yield (await process.stdout.readline()).decode().strip(), process.pid
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_process_that_was_killed_is_gone_and_its_work_needs_a_person(
    tmp_path: Path, database_url: str
) -> None:
    project = settle(tmp_path, database_url)
    async with elsewhere(project, database_url, "thinking") as (holder, pid):
        await until_true(database_url, "SELECT count(*) FROM processes")
        code, found = await told(project)
        assert (code, kinds(found)) == (0, [])
        assert [one["holder"] for one in found["holdings"]] == [holder]
        assert (found["processes"][0]["pid"], found["processes"][0]["gone"]) == (pid, False)
        os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(60):
            while "left_behind" not in kinds(found):
                code, found = await told(project)
        assert (code, found["processes"][0]["gone"]) == (1, True)
        code, said = await status(project)
    first, second, *_ = said.splitlines()
    assert code == 1
    assert first.startswith(
        f"✗ {holder} is gone, and nobody has taken over the work on 1 conversation."
    )
    assert second.strip() == "→ No running process serves terminal: start one."
    assert f"{holder}  gone, last seen" in said
    assert "XX-4111" not in said + json.dumps(found)


async def test_a_process_that_was_killed_and_whose_work_others_do_needs_nobody(
    project: Path, sqlite_url: str
) -> None:
    async with elsewhere(project, sqlite_url, "thinking") as (holder, pid):
        os.kill(pid, signal.SIGKILL)
        at, quick = {"url": sqlite_url}, {"sweep_seconds": 0.1}
        yes = ScriptedBackend("Yes.")
        async with house(project, yes, database=at, engine=quick):
            await until_true(sqlite_url, "SELECT count(*) FROM turns")
            await until_true(sqlite_url, "SELECT count(*) = 2 FROM processes")
            async with asyncio.timeout(60):
                code, found = await told(project)
                while not kinds(found):
                    code, found = await told(project)
    assert (code, kinds(found)) == (0, ["gone"])
    assert holder in found["remarks"][0]["hint"]


async def test_a_backend_that_broke_in_another_process_is_told(
    project: Path, sqlite_url: str
) -> None:
    async with elsewhere(project, sqlite_url, "breaking"):
        await until_true(sqlite_url, "SELECT CAST(left_alone AS TEXT) <> '{}' FROM processes")
        code, found = await told(project)
        _, said = await status(project)
    assert (code, kinds(found)) == (0, ["left_alone"])
    [left] = found["processes"][0]["left_alone"]
    assert (left["backend"], left["trouble"]) == ("claude", "the key is wrong")
    assert left["since"] <= found["at"] < left["until"]
    first, second, *_ = said.splitlines()
    assert first.startswith("! The backend claude has been failing for ")
    assert "the key is wrong" in first
    assert second.strip().startswith("→ Left alone by 1 of 1 process, for ")


# --- What needs a person ----------------------------------------------------------------------


async def test_a_customer_who_waits_too_long_is_told_first(
    project: Path, store: SqlConversations, sqlite_url: str
) -> None:
    await ask(store, key="new")
    lease = await ask_alone(store, WORDS, key="visitor-9")
    await store.fail(lease, trouble="KeyError at wire.py:33", pause=0)
    await execute(
        sqlite_url,
        "UPDATE messages SET at = at - 720"
        " WHERE conversation_id IN (SELECT id FROM conversations WHERE key = 'visitor-9')",
    )
    code, said = await status(project)
    first, second, *_ = said.splitlines()
    number_ = lease.conversation
    assert code == 1
    assert first.rstrip() == (
        f"✗ Conversation {number_} (web visitor-9) has waited 12 min for its answer."
    )
    assert second.strip() == "→ It was tried 1 time; last trouble: KeyError at wire.py:33"
    assert WORDS not in said
    code, found = await told(project, "--longest", "1000")
    assert (code, kinds(found)) == (0, [])
    assert found["longest"][0]["key"] == "visitor-9"


async def test_what_is_with_a_person_keeps_no_monitor_awake(
    project: Path, store: SqlConversations, sqlite_url: str
) -> None:
    await ask(store)
    await execute(sqlite_url, "UPDATE conversations SET owner = 'operator'")
    await execute(sqlite_url, "UPDATE messages SET at = at - 9000")
    code, said = await status(project)
    assert code == 0
    assert "Waiting: nobody; 1 with a person" in said


async def test_what_is_tried_again_is_told_with_its_trouble(
    project: Path, store: SqlConversations
) -> None:
    await store.fail(await ask_alone(store), trouble="it broke", pause=0)
    [lease] = await store.claim(channels={"web"}, holder=HOLDER, seconds=15, limit=1)
    await store.fail(lease, trouble="it broke again", pause=60)
    code, said = await status(project)
    assert code == 0
    assert f"Conversation {lease.conversation} (web visitor-1) has been tried 2 times." in said
    assert "Last trouble: it broke again" in said


async def test_a_reply_that_could_not_be_delivered_is_told(
    project: Path, store: SqlConversations, outbox: SqlOutbox, sqlite_url: str
) -> None:
    kept = turn(answers=1)
    await answer(store, await ask_alone(store), kept)
    taken = await outbox.take(channels={"web"}, holder=HOLDER, seconds=15)
    assert taken
    await outbox.put_back(taken, error="channel_not_found", seconds=None)
    code, said = await status(project)
    assert code == 1
    assert "✗ 1 reply could not be delivered in the last 24 hours." in said
    assert f"turn {kept.id}  not delivered to web" in said
    assert "channel_not_found" in said
    assert kept.reply.text not in said
    await execute(sqlite_url, "UPDATE deliveries SET due_at = due_at - 90000")
    code, said = await status(project)
    assert (code, "1 failed before" in said) == (0, True)


async def test_what_was_set_aside_is_told(
    project: Path, store: SqlConversations, sqlite_url: str
) -> None:
    lease = await ask_alone(store)
    [[at]] = await execute(sqlite_url, "SELECT max(at) FROM messages")
    reason = "tried 5 times; the last time: KeyError at wire.py:33"
    kept = turn(answers=1, outcome=Outcome.SET_ASIDE, started=at, trouble=reason)
    await answer(store, lease, kept)
    code, found = await told(project)
    assert (code, kinds(found)) == (1, ["set_aside"])
    assert reason in found["remarks"][0]["hint"]
    assert found["set_aside"][0]["turn"] == kept.id
    await execute(sqlite_url, "UPDATE turns SET started_at = started_at - 90000")
    code, found = await told(project)
    assert (code, kinds(found), len(found["set_aside"])) == (0, [], 1)


async def test_a_days_moods_and_topics_are_counted(project: Path, store: SqlConversations) -> None:
    for key, mood in (("one", "upset"), ("two", "content")):
        noticed = Noticed(mood=mood, topic="delivery")
        await answer(store, await ask_alone(store, key=key), turn(answers=1, noticed=noticed))
    code, page = await status(project)
    assert code == 0
    assert "Customers: 1 upset in 24 hours, 2 about delivery" in page


async def test_what_programs_are_told_has_the_same_keys_and_no_customers_word(
    project: Path, store: SqlConversations
) -> None:
    await ask(store, WORDS, key="waiting", name="Ada Lovelace")
    kept = turn(answers=1)
    await answer(store, await ask_alone(store, WORDS), kept)
    _, found = await told(project)
    assert set(found) == KEYS
    said = json.dumps(found)
    assert not [words for words in (WORDS, kept.reply.text, "Lovelace") if words in said]


async def test_nothing_that_came_from_outside_steers_the_terminal(
    project: Path, store: SqlConversations
) -> None:
    lease = await ask_alone(store, key="\x1b[2Jvisitor")
    await store.fail(lease, trouble="[bold]\x1b]0;owned\x07", pause=0)
    _, said = await status(project, "--all")
    assert "(web visitor)" in said
    assert "last trouble: [bold]" in said
    assert "\x1b" not in said


# --- Judgement --------------------------------------------------------------------------------

NOTHING = Standing(at=10_000.0)
LATE = Outgoing(channel="slack", pending=2, sending=0, due=2, due_since=9_000.0)


def test_replies_that_nobody_posts_are_told_but_a_terminals_own() -> None:
    late = (LATE, replace(LATE, channel="terminal"))
    [remark] = remarks(replace(NOTHING, outgoing=late))
    assert remark.fact == "2 replies to slack should have left: the oldest is 17 min late."
    assert remark.urgent
    assert not remarks(replace(NOTHING, outgoing=(LATE,)), longest=1_001)


def seen(holder: str, *left_alone: Shunned, gone: bool = False) -> Seen:
    return Seen(
        holder=holder,
        host="ada-laptop",
        pid=1,
        channels=("web",),
        started=0,
        seen=9_999,
        gone=gone,
        left_alone=left_alone,
        queues={},
    )


def test_a_dead_processs_work_is_no_alarm_while_others_are_about_to_take_it_over() -> None:
    dead = Holding(
        holder="dead", leases=0, first_until=None, overdue=2, overdue_since=NOTHING.at - 5
    )
    waiting = Queue(channel="web", held=0, free=2, with_a_person=0)
    now = replace(NOTHING, holdings=(dead,), queues=(waiting,), processes=(seen("alive"),))
    [remark] = remarks(now)
    assert (remark.kind, remark.urgent) == ("left_behind", False)
    [remark] = remarks(replace(now, at=NOTHING.at + 26))
    assert remark.urgent
    [remark] = remarks(replace(now, processes=()))
    assert (remark.urgent, remark.hint) == (True, "No running process serves web: start one.")
    assert not remarks(replace(now, processes=(seen("alive"), seen("dead"))))


def test_a_budget_that_is_nearly_spent_is_told() -> None:
    spent = (Spent(backend="a", dollars=8.0, tokens=10, held_dollars=1.5, held_tokens=5),)
    budget = BudgetSettings(dollars_per_day=10.0, tokens_per_day=1000)
    [told_] = remarks(replace(NOTHING, spent=spent), budget=budget)
    assert (told_.fact, told_.urgent) == ("95% of the budget of $10 a day is spent.", False)
    assert not remarks(replace(NOTHING, spent=spent))


@pytest.mark.parametrize(
    ("spent", "fact", "hint"),
    [
        (6.0, "", ""),
        (
            6.5,
            "Of the budget of $10 a day, $3.50 is left, but an answer of a may take about $4.",
            "Until midnight, UTC, those answer that take less, or cost nothing.",
        ),
        (10.0, "100% of the budget of $10 a day is spent.", "After that only those"),
    ],
)
def test_a_budget_that_the_next_answer_does_not_fit_into_is_told(
    spent: float, fact: str, hint: str
) -> None:
    now = replace(NOTHING, spent=(Spent(backend="a", dollars=spent, tokens=10),))
    budget = BudgetSettings(dollars_per_day=10.0, tokens_per_day=1000)
    found = remarks(now, budget=budget, following=Next(backend="a", dollars=4.0, tokens=990))
    assert [(one.kind, one.fact, one.urgent) for one in found] == (
        [("spent", fact, False)] if fact else []
    )
    assert all(one.hint.startswith(hint) for one in found)


def test_a_budget_that_holds_no_answer_at_all_is_told() -> None:
    following = Next(backend="a", dollars=4.0, tokens=5000)
    [told_] = remarks(NOTHING, budget=BudgetSettings(tokens_per_day=1000), following=following)
    assert told_.fact == (
        "Of the budget of 1,000 tokens a day, 1,000 tokens are left, but an answer of a may take "
        "about 5,000 tokens."
    )
    assert told_.hint == (
        "Not even the whole of it holds one: raise router.budget.tokens_per_day, or lower "
        "max_tokens under [backends.a]."
    )


async def test_what_the_next_answer_takes_is_known_from_the_latest(
    tmp_path: Path, store: SqlConversations, sqlite_url: str
) -> None:
    attempt = Attempt(backend="gpt", model="m", usage=Usage(input=1000, output=50))
    folder = settle(
        tmp_path,
        sqlite_url,
        '[backends.quotes]\nkind = "extractive"\n'
        '[backends.gpt]\nkind = "openai"\nmax_tokens = 500\n'
        "input_price = 10.0\noutput_price = 20.0\n"
        "[router.budget]\ntokens_per_day = 2500\ndollars_per_day = 0.029\n",
    )
    code, found = await told(folder)
    assert (code, found["remarks"], found["reads"]) == (0, [], {})
    await answer(store, await ask_alone(store), turn(answers=1, attempts=(attempt,)))
    _, found = await told(folder)
    assert found["reads"] == {"gpt": 1000}
    [remark] = [one for one in found["remarks"] if one["kind"] == "spent"]
    assert remark["fact"] == (
        "Of the budget of $0.029 a day, $0.029 is left, but an answer of gpt may take about $0.03."
    )
    assert remark["hint"].startswith("Not even the whole of it holds one: raise router.budget.doll")


def test_every_kind_of_remark_is_documented() -> None:
    code = "".join((ROOT / "channels/cli" / name).read_text() for name in ("report.py", "glass.py"))
    readme = (ROOT / "channels/cli/README.md").read_text()
    kinds_ = re.findall(r'kind="(\w+)"', code)
    assert len(kinds_) == 12
    assert len(set(kinds_)) == 11
    assert [kind for kind in kinds_ if f"`{kind}`" not in readme] == []


def test_a_backend_that_several_leave_alone_is_told_once() -> None:
    left = Shunned(backend="claude", since=9_900.0, until=10_020.0, trouble="busy")
    earlier = replace(left, since=9_000.0, until=9_990.0)
    processes = (seen("a", left), seen("b", earlier), seen("c"), seen("d", left, gone=True))
    told_, gone = remarks(replace(NOTHING, processes=processes))
    assert told_.fact == "The backend claude has been failing for 17 min: busy"
    assert told_.hint == "Left alone by 2 of 3 processes, for 20 s more."
    assert not told_.urgent
    assert gone.kind == "gone"
    [told_] = remarks(replace(NOTHING, processes=(seen("b", earlier),)))
    assert told_.hint.endswith("until it is tried again.")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-1, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7_199, "120 min"),
        (7_200, "2 h"),
        (1e6, "12 d"),
    ],
)
def test_how_long_something_lasts_is_said_shortly(seconds: float, said: str) -> None:
    assert lasting(seconds) == said


def test_things_are_counted_in_words() -> None:
    assert [number(1, "reply"), number(2, "reply"), number(0, "process"), number(1234, "turn")] == [
        "1 reply",
        "2 replies",
        "0 processes",
        "1,234 turns",
    ]


async def test_why_a_reply_was_refused_is_told_with_its_cure(
    project: Path, store: SqlConversations, outbox: SqlOutbox
) -> None:
    await answer(store, await ask_alone(store), turn(answers=1))
    error = str(refusal("missing_scope", method="chat.postMessage", where="T1, channel C3"))
    assert len(error) > 140
    taken = await outbox.take(channels={"web"}, holder=HOLDER, seconds=15)
    assert taken
    await outbox.put_back(taken, error=error, seconds=None)
    _, said = await status(project)
    assert said.count(error) == 2


# --- In a terminal ----------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [80, 40])
async def test_what_is_wrong_stands_on_top_at_every_width(
    tmp_path: Path, sqlite_url: str, columns: int
) -> None:
    settle(tmp_path, sqlite_url)
    async with house(tmp_path, ScriptedBackend("Yes.")) as app:
        reply = await ask_bot(app, "Are you there?")
        given_up = "UPDATE deliveries SET state = 'failed', attempts = 1, error = 'not found'"
        await execute(sqlite_url, given_up)
        async with Terminal(tmp_path, "status", columns=columns, lines=40) as terminal:
            assert await terminal.exit() == 1
    rows = [row for row in terminal.rows() if row]
    assert rows[0].startswith("✗ 1 reply could not be delivered")
    assert max(map(len, rows)) <= columns
    assert app.holder in terminal.text().replace(" ", "")
    assert reply.turn in terminal.text()
    assert f"turn {reply.turn} not delivered" in terminal.text() or columns == 40


async def test_a_watch_sees_what_changes_and_leaves_its_last_picture(
    tmp_path: Path, sqlite_url: str, sqlite_database: Database
) -> None:
    settle(tmp_path, sqlite_url)
    async with Terminal(tmp_path, "status", "--watch") as terminal:
        await terminal.until("✓ All well.")
        await terminal.until("again every 2 s until Ctrl-C")
        await SqlProcesses(sqlite_database).seen(
            Process(holder="vm:1:abc", host="vm", pid=1, channels=("web",)),
            left_alone={},
            queues={},
            seconds=60,
        )
        await terminal.until("1 running, serving web")
        await ask(SqlConversations(sqlite_database))
        await execute(sqlite_url, "UPDATE messages SET at = at - 900")
        await terminal.until("has waited 15 min")
        terminal.press("\x03")
        assert await terminal.exit() == 130
    assert "has waited 15 min" in terminal.text()
    assert "✓ All well." not in terminal.text()


async def test_a_watch_outlives_a_database_that_is_away(tmp_path: Path, sqlite_url: str) -> None:
    settle(tmp_path, sqlite_url)
    (tmp_path / "frontdesk.db").write_text("not a database" * 100)
    async with Terminal(tmp_path, "status", "--watch") as terminal:
        await terminal.until("is not a SQLite database")
        (tmp_path / "frontdesk.db").unlink()
        await terminal.until("Nothing is kept yet")
        terminal.press("\x03")
        assert await terminal.exit() == 130


async def test_a_watch_is_for_terminals(tmp_path: Path, sqlite_url: str) -> None:
    settle(tmp_path, sqlite_url)
    code, said = await status(tmp_path, "--watch")
    assert (code, "draws on a terminal" in said) == (2, True)


# --- The doctor -------------------------------------------------------------------------------


async def _findings(folder: Path) -> Sequence[Any]:
    _, said = await bot(folder, "doctor", "--json")
    return [one for one in json.loads(said) if one["about"] == "work"]


async def test_the_doctor_tells_what_needs_a_person_and_is_quiet_otherwise(
    project: Path, store: SqlConversations, outbox: SqlOutbox
) -> None:
    assert await _findings(project) == []
    await answer(store, await ask_alone(store), turn(answers=1))
    taken = await outbox.take(channels={"web"}, holder=HOLDER, seconds=15)
    assert taken
    await outbox.put_back(taken, error="channel_not_found", seconds=None)
    [finding] = await _findings(project)
    assert finding["fact"] == "1 reply could not be delivered in the last 24 hours"
    assert (finding["well"], finding["cure"]) == (False, "Run: bot status")
