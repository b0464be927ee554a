"""A database that does not do its work says why; the next one who asks is served."""

import asyncio
import itertools
import os
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import asyncpg
import pytest
from sqlalchemy import Connection, Executable, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.util.concurrency import await_, in_greenlet

from bot.errors import MissingExtra, SettingsError, SetupError, StoreError, StoreUnavailable
from bot.store import schema
from bot.store.address import to_address
from bot.store.clock import now
from bot.store.conversations import SqlConversations
from bot.store.database import Database
from bot.store.tables import Customer, Feedback
from bot.store.wall import Clash, wall
from tests.contracts.letters import HOLDER, answer, ask, ask_alone, inbound, turn
from tests.servers.relay import Relay, relay
from tests.sql import execute

NOBODY = 65534


def _now() -> float:
    return 1_800_000_000.0


async def _add(database: Database, name: str) -> None:
    await database.write(lambda line: line.execute(*_adding(name)))


def _adding(name: str) -> tuple[Executable, dict[str, Any]]:
    return insert(Customer), {
        "channel": "web",
        "external_id": name,
        "name": name,
        "attributes": {},
    }


def _wait_within(loop: asyncio.AbstractEventLoop, until: Coroutine[Any, Any, object]) -> None:
    """Wait in the middle of a deed, wherever it runs."""
    if in_greenlet():
        await_(until)
    else:
        asyncio.run_coroutine_threadsafe(until, loop).result()


def _tells(error: BaseException, secret: str) -> bool:
    """Tell whether a log of ``error`` and all behind it would hold ``secret``."""
    told: BaseException | None = error
    while told:
        if secret in f"{told} {told!r}":
            return True
        told = told.__cause__ or told.__context__
    return False


async def _names(database: Database) -> list[str | None]:
    names = select(Customer.name).order_by(Customer.id)
    return await database.read(lambda line: list(line.scalars(names)))


# --- The url ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "fact"),
    [
        ("frontdesk.db", "no '://'"),
        ("mysql://me:secret@host/name", "begins with 'mysql://'"),
        ("sqlite://frontdesk.db", "no file is named"),
        ("sqlite:///", "no file is named"),
        ("sqlite:///:memory:", "keeps nothing"),
        ("postgresql://me:secret@host:port/name", "cannot be read"),
    ],
)
async def test_a_url_that_names_no_database_is_explained(url: str, fact: str) -> None:
    with pytest.raises(SettingsError, match=fact) as caught:
        await Database.open(url, clock=_now)
    assert not _tells(caught.value, "secret")


async def test_a_missing_folder_is_named_with_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=f"mkdir -p '{tmp_path}/data'"):
        await Database.open(f"sqlite:///{tmp_path}/data/frontdesk.db", clock=_now)


async def test_a_folder_is_not_a_database(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="is a folder"):
        await Database.open(f"sqlite:///{tmp_path}", clock=_now)


async def test_a_missing_driver_is_named_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(MissingExtra, match=r"pip install 'frontdesk\[postgres\]'"):
        await Database.open("postgresql://localhost/frontdesk", clock=_now)


# --- Files ------------------------------------------------------------------------------------


async def test_a_text_file_is_not_a_database(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("Buy milk.\n" * 500)
    with pytest.raises(SetupError, match=r"notes\.txt' is not a SQLite database"):
        await Database.open(f"sqlite:///{notes}", clock=_now)
    assert notes.read_text() == "Buy milk.\n" * 500


@pytest.fixture
def read_only_file() -> Iterator[Path]:
    """Return a database of ours that this process may read and not write."""
    me = os.geteuid()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "frontdesk.db"
        asyncio.run(schema.upgrade(f"sqlite:///{file}"))
        file.chmod(0o444)
        Path(folder).chmod(0o555)
        if me == 0:
            os.seteuid(NOBODY)  # the superuser may write everything
        yield file
        os.seteuid(me)
        Path(folder).chmod(0o755)


async def test_a_file_that_cannot_be_written_stops_the_start(read_only_file: Path) -> None:
    with pytest.raises(SetupError, match=r"frontdesk\.db' cannot be written. Give this user"):
        await Database.open(f"sqlite:///{read_only_file}", clock=_now)


async def test_a_file_that_is_locked_is_waited_for(sqlite_url: str) -> None:
    database = await Database.open(sqlite_url, clock=_now, patience=5)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    async with asyncio.TaskGroup() as group:
        adding = group.create_task(_add(database, "ada"))
        await anyio.sleep(0.1)
        assert not adding.done()
        other.execute("COMMIT")
    other.close()
    assert await _names(database) == ["ada"]
    await database.close()


async def test_a_file_that_stays_locked_is_unavailable_and_read_all_the_same(
    sqlite_url: str,
) -> None:
    database = await Database.open(sqlite_url, clock=_now, patience=0.1)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="is locked by another program"):
        await _add(database, "ada")
    assert await _names(database) == []
    other.execute("COMMIT")
    other.close()
    await _add(database, "ada")
    await database.close()


async def test_those_who_wait_for_a_locked_file_wait_together(sqlite_url: str) -> None:
    database = await Database.open(sqlite_url, clock=_now, patience=0.2)
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        async with asyncio.timeout(10):  # one after the other they would wait for twelve
            told = await asyncio.gather(
                *(_add(database, f"ada {n}") for n in range(60)), return_exceptions=True
            )
        other.execute("ROLLBACK")
    other.close()
    assert all(isinstance(each, StoreUnavailable) for each in told)
    await _add(database, "grace")
    await database.close()


async def test_a_file_that_is_locked_at_the_start_is_unavailable(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "frontdesk.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreUnavailable, match="is locked"):
        await Database.open(f"sqlite:///{tmp_path / 'frontdesk.db'}", clock=_now, patience=0.1)
    other.close()


async def test_a_full_file_keeps_nothing_of_the_message(sqlite_url: str) -> None:
    database = await Database.open(sqlite_url, clock=_now, pool=1)
    store = SqlConversations(database)
    accepted = await ask(store, "Hello")
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
    with pytest.raises(StoreUnavailable, match=r"is full.*Free some space"):
        await ask(store, "x" * 1_000_000)
    assert len((await store.read(accepted.conversation)).messages) == 1
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert (await ask(store)).seq == 2
    await database.close()


async def test_a_files_clock_is_the_one_that_was_passed_in(sqlite_url: str) -> None:
    database = await Database.open(sqlite_url, clock=_now)
    store = SqlConversations(database)
    accepted = await ask(store)
    assert (await store.read(accepted.conversation)).messages[0].at == _now()
    await database.close()


# --- Servers ----------------------------------------------------------------------------------


async def test_a_servers_clock_is_its_own(postgres_url: str) -> None:
    database = await Database.open(postgres_url, clock=_now)
    assert await database.read(lambda line: line.scalar(select(now()))) != _now()
    await database.close()


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(StoreUnavailable, match=r"me:\*\*\*@127.0.0.1:1/.*Is it running") as caught:
        await Database.open("postgresql://me:secret@127.0.0.1:1/frontdesk", clock=_now)
    assert not _tells(caught.value, "secret")


async def test_a_database_or_user_that_does_not_exist_is_explained(postgres_url: str) -> None:
    with pytest.raises(SetupError, match=r"does not exist.*createdb"):
        await Database.open(postgres_url.replace("/test_", "/other_"), clock=_now)
    with pytest.raises(SetupError, match="refuses the user"):
        await Database.open(postgres_url.replace("postgres:@", "grace:@"), clock=_now)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
async def test_every_form_of_a_servers_url_is_taken(postgres_url: str, scheme: str) -> None:
    _, _, rest = postgres_url.partition("://")
    database = await Database.open(f"{scheme}://{rest}", clock=_now)
    assert await _names(database) == []
    await database.close()


@pytest.fixture
async def line(postgres_url: str) -> AsyncIterator[tuple[Relay, Database]]:
    """Return a database, and the line to it."""
    parts = urlsplit(postgres_url)
    async with relay(Path(parse_qs(parts.query)["host"][0])) as line:
        database = await Database.open(
            f"postgresql://postgres:secret@127.0.0.1:{line.port}{parts.path}", clock=_now
        )
        yield line, database
        await database.close()


async def test_a_line_that_died_while_it_was_not_used_is_not_noticed(
    line: tuple[Relay, Database],
) -> None:
    relayed, database = line
    store = SqlConversations(database)
    lease = await ask_alone(store)
    await asyncio.gather(*(store.owed(lease.conversation) for _ in range(4)))
    await relayed.cut()
    await relayed.open()
    assert (await store.owed(lease.conversation)).upto == 1
    await relayed.cut()
    await relayed.open()
    assert (await ask(store)).seq == 2


async def test_a_server_that_went_away_is_unavailable_until_it_is_back(
    line: tuple[Relay, Database],
) -> None:
    relayed, database = line
    store = SqlConversations(database)
    lease = await ask_alone(store)
    await relayed.cut()
    with pytest.raises(StoreUnavailable, match=r"does not answer.*Is it running") as caught:
        await ask(store, "my card is XX-4111")
    assert not _tells(caught.value, "XX-4111")
    await relayed.open()
    assert (await store.owed(lease.conversation)).upto == 1


async def test_a_server_that_is_silent_keeps_nobody_from_leaving(
    line: tuple[Relay, Database],
) -> None:
    relayed, database = line
    await asyncio.gather(*(_names(database) for _ in range(20)))
    relayed.hold()
    async with asyncio.timeout(8):  # less than one connection waits for its answer
        await database.close()


async def test_two_who_wait_for_each_other_are_both_served(postgres_url: str) -> None:
    database = await Database.open(postgres_url, clock=_now)
    await _add(database, "ada")
    await _add(database, "grace")
    loop, meeting, tries = asyncio.get_running_loop(), asyncio.Barrier(2), itertools.count(1)

    def rename(line: Connection, *names: str) -> None:
        first_time = next(tries) <= 2
        for name in names:
            line.execute(update(Customer).where(Customer.external_id == name).values(name=names[0]))
            if first_time and name == names[0]:
                _wait_within(loop, meeting.wait())

    await asyncio.gather(
        database.write(lambda line: rename(line, "ada", "grace")),
        database.write(lambda line: rename(line, "grace", "ada")),
    )
    assert next(tries) == 4
    assert len(set(await _names(database))) == 1
    await database.close()


# --- Transactions -----------------------------------------------------------------------------


async def test_an_error_takes_all_of_a_transaction_back(database: Database) -> None:
    def fail(line: Connection) -> None:
        line.execute(*_adding("ada"))
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(fail)
    assert await _names(database) == []
    await _add(database, "grace")


async def test_a_cancelled_transaction_is_whole_or_not_there_and_leaves_no_lock(
    database: Database,
) -> None:
    loop, written, done = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()

    async def cancelled() -> None:
        written.set()
        await done.wait()

    def dawdle(line: Connection, number: int) -> None:
        line.execute(*_adding(f"ada {number}"))
        _wait_within(loop, cancelled())
        line.execute(*_adding(f"grace {number}"))

    for number in range(8):  # more often than the pool has connections
        async with asyncio.TaskGroup() as group:
            dawdling = group.create_task(database.write(partial(dawdle, number=number)))
            await written.wait()
            dawdling.cancel()
            await asyncio.sleep(0)
            done.set()
        written.clear()
        done.clear()
    await _add(database, "hedy")
    *pairs, last = await _names(database)
    assert last == "hedy"
    assert pairs in ([], [f"{name} {number}" for number in range(8) for name in ("ada", "grace")])


async def test_a_task_cancelled_at_any_moment_leaves_a_working_store(database: Database) -> None:
    store = SqlConversations(database)
    conversation = (await ask(store)).conversation
    for step in range(40):
        with anyio.fail_after(9):  # less than a statement waits for a lock
            asking = asyncio.gather(ask(store))
            await anyio.sleep(step * 0.0002)
            asking.cancel()
            with suppress(asyncio.CancelledError):
                await asking
    seq = (await ask(store)).seq  # after what the last one still wrote when it was cancelled
    kept = (await store.read(conversation)).messages
    assert [message.seq for message in kept] == list(range(1, len(kept) + 1))
    assert len(kept) >= seq


async def test_who_is_cancelled_when_its_turn_comes_is_not_served(postgres_url: str) -> None:
    database = await Database.open(postgres_url, clock=_now, pool=1)
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    for steps in range(30):
        done.clear()
        async with asyncio.TaskGroup() as group:
            group.create_task(database.write(lambda _: _wait_within(loop, done.wait())))
            second = group.create_task(_add(database, f"ada {steps}"))
            await asyncio.sleep(0.01)
            done.set()
            for _ in range(steps):
                await asyncio.sleep(0)
            in_time = second.cancel()
        assert second.cancelled() is in_time
    await database.close()


async def test_who_stands_still_in_a_transaction_keeps_nobody_waiting_for_ever(
    postgres_url: str,
) -> None:
    database = await Database.open(postgres_url, clock=_now, patience=2.0)
    loop = asyncio.get_running_loop()
    await _add(database, "ada")

    def rename(line: Connection, name: str, seconds: float) -> None:
        line.execute(update(Customer).values(name=name))
        _wait_within(loop, asyncio.sleep(seconds))

    async def soon() -> None:
        await asyncio.sleep(1.4)
        await database.write(partial(rename, name="soon", seconds=0.0))

    late, _ = await asyncio.gather(
        database.write(partial(rename, name="late", seconds=6.0)), soon(), return_exceptions=True
    )
    assert isinstance(late, StoreUnavailable)
    assert await _names(database) == ["soon"]
    await database.close()


async def test_what_cannot_be_committed_leaves_no_lock(sqlite_url: str) -> None:
    database = await Database.open(sqlite_url, clock=_now)

    def orphan(line: Connection) -> None:
        line.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        feedback = {"turn_id": "none", "rating": "good", "at": 0.0}
        line.execute(insert(Feedback), feedback)

    with pytest.raises(StoreError, match="SQLITE_CONSTRAINT_FOREIGNKEY"):
        await database.write(orphan)
    await execute(sqlite_url, "BEGIN IMMEDIATE")
    await _add(database, "ada")
    assert await _names(database) == ["ada"]
    await database.close()


async def test_a_reader_sees_one_moment(database: Database) -> None:
    loop, count = asyncio.get_running_loop(), select(func.count()).select_from(Customer)

    def look(line: Connection) -> list[int | None]:
        before = line.scalar(count)
        _wait_within(loop, _add(database, "ada"))
        return [before, line.scalar(count)]

    assert await database.read(look) == [0, 0]
    assert await _names(database) == ["ada"]


async def test_nobody_waits_for_a_slow_reader(database: Database) -> None:
    loop = asyncio.get_running_loop()

    async def write() -> None:
        with anyio.fail_after(5):
            for number in range(10):
                await _add(database, f"customer {number}")

    def look(line: Connection) -> None:
        line.execute(select(Customer.id))
        _wait_within(loop, write())

    await database.read(look)


async def test_a_refused_write_does_not_repeat_the_customers_words(database: Database) -> None:
    store = SqlConversations(database)
    twice = turn(answers=1, text="Your card XX-4111 is blocked.", reasoning="They said XX-4111.")
    await answer(store, await ask_alone(store), twice)
    lease = await ask_alone(store)
    with pytest.raises(StoreError) as caught:
        await answer(store, lease, twice)
    assert not _tells(caught.value, "XX-4111")
    assert len((await store.read(lease.conversation)).messages) == 3


async def test_more_who_ask_than_connections_are_all_served(sqlite_url: str) -> None:
    database = await Database.open(sqlite_url, clock=_now, pool=2)
    store = SqlConversations(database)
    await asyncio.gather(
        *(
            store.accept(inbound(key=f"k{n % 7}"), tokens=1, holder=HOLDER, seconds=9)
            for n in range(60)
        ),
        *(_names(database) for _ in range(60)),
    )
    count = text("SELECT count(*) FROM messages")
    assert await database.read(lambda line: line.scalar(count)) == 60
    await database.close()


async def test_who_waits_too_long_for_a_connection_is_told_so(database_url: str) -> None:
    database = await Database.open(database_url, clock=_now, pool=1, patience=0.1)
    loop, taken, done = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()

    async def dawdle() -> None:
        taken.set()
        await done.wait()

    async with asyncio.TaskGroup() as group:
        group.create_task(database.write(lambda _: _wait_within(loop, dawdle())))
        await taken.wait()
        with pytest.raises(StoreUnavailable, match=r"no free connection. Raise \[database\] pool"):
            await _names(database)
        done.set()
    assert await _names(database) == []
    await database.close()


def test_one_file_serves_several_loops_one_after_the_other(sqlite_url: str) -> None:
    async def once(name: str) -> list[str | None]:
        database = await Database.open(sqlite_url, clock=_now)
        await _add(database, name)
        names = await _names(database)
        await database.close()
        await database.close()
        return names

    asyncio.run(once("ada"))
    assert asyncio.run(once("grace")) == ["ada", "grace"]


def test_a_driver_that_lost_its_place_in_a_cut_line_is_asked_again() -> None:
    confused = DBAPIError("SELECT 1", {}, asyncpg.InternalClientError("cannot switch to idle"))
    with pytest.raises(Clash, match="cut the line"), wall(to_address("postgresql://host/name")):
        raise confused
