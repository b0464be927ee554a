"""A database that does not do its work says why; the next one who asks is served."""

import asyncio
import os
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest
from sqlalchemy import func, select, text, update

from bot.errors import MissingExtra, SettingsError, SetupError, StoreError, StoreUnavailable
from bot.store import schema
from bot.store.conversations import SqlConversations
from bot.store.database import Database, retried
from bot.store.tables import Customer
from tests.contracts.letters import HOLDER, answer, ask, ask_alone, inbound, turn
from tests.servers.relay import Relay, relay

NOBODY = 65534


def _now() -> float:
    return 1_800_000_000.0


async def _add(database: Database, name: str) -> None:
    async with database.writing() as connection:
        await connection.execute(
            database.insert(Customer).values(channel="web", external_id=name, name=name)
        )


def _tells(error: BaseException, secret: str) -> bool:
    """Tell whether a log of ``error`` and all behind it would hold ``secret``."""
    told: BaseException | None = error
    while told:
        if secret in f"{told} {told!r}":
            return True
        told = told.__cause__ or told.__context__
    return False


async def _names(database: Database) -> list[str | None]:
    async with database.reading() as connection:
        return list(await connection.scalars(select(Customer.name).order_by(Customer.id)))


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
    async with database.engine.connect() as connection:
        await connection.exec_driver_sql("PRAGMA max_page_count = 1")
    with pytest.raises(StoreUnavailable, match=r"is full.*Free some space"):
        await ask(store, "x" * 1_000_000)
    assert len((await store.read(accepted.conversation)).messages) == 1
    async with database.engine.connect() as connection:
        await connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
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
    async with database.reading() as connection:
        assert await connection.scalar(select(database.now)) != _now()
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
    await asyncio.gather(*(store.asked(lease.conversation) for _ in range(4)))
    await relayed.cut()
    await relayed.open()
    assert await store.asked(lease.conversation) == 1
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
        await ask(store, "my card is 4111")
    assert not _tells(caught.value, "4111")
    await relayed.open()
    assert await store.asked(lease.conversation) == 1


async def test_two_who_wait_for_each_other_are_both_served(postgres_url: str) -> None:
    database = await Database.open(postgres_url, clock=_now)
    await _add(database, "ada")
    await _add(database, "grace")
    meeting = asyncio.Barrier(2)
    tries = 0

    @retried
    async def rename(*names: str) -> None:
        nonlocal tries
        tries += 1
        async with database.writing() as connection:
            for name in names:
                await connection.execute(
                    update(Customer).where(Customer.external_id == name).values(name=names[0])
                )
                if tries <= 2 and name == names[0]:
                    await meeting.wait()

    await asyncio.gather(rename("ada", "grace"), rename("grace", "ada"))
    assert tries == 3
    assert len(set(await _names(database))) == 1
    await database.close()


# --- Transactions -----------------------------------------------------------------------------


async def test_an_error_takes_all_of_a_transaction_back(database: Database) -> None:
    async def fail() -> None:
        async with database.writing() as connection:
            await connection.execute(
                database.insert(Customer).values(channel="web", external_id="a")
            )
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await _names(database) == []
    await _add(database, "grace")


async def test_a_cancelled_transaction_leaves_nothing_and_no_lock(database: Database) -> None:
    written = asyncio.Event()

    async def dawdle() -> None:
        async with database.writing() as connection:
            await connection.execute(
                database.insert(Customer).values(channel="web", external_id="a")
            )
            written.set()
            await anyio.sleep_forever()

    for _ in range(8):  # more often than the pool has connections
        async with asyncio.TaskGroup() as group:
            dawdling = group.create_task(dawdle())
            await written.wait()
            dawdling.cancel()
        written.clear()
    assert await _names(database) == []
    await _add(database, "grace")


async def test_a_task_cancelled_at_any_moment_leaves_a_working_store(database: Database) -> None:
    store = SqlConversations(database)
    conversation = (await ask(store)).conversation
    with anyio.fail_after(9):  # less than a statement waits for a lock
        for step in range(40):
            asking = asyncio.gather(ask(store))
            await anyio.sleep(step * 0.0002)
            asking.cancel()
            with suppress(asyncio.CancelledError):
                await asking
    kept = (await store.read(conversation)).messages
    assert [message.seq for message in kept] == list(range(1, len(kept) + 1))
    assert (await ask(store)).seq == len(kept) + 1


async def test_a_reader_sees_one_moment(database: Database) -> None:
    async with database.reading() as connection:
        count = select(func.count()).select_from(Customer)
        assert await connection.scalar(count) == 0
        await _add(database, "ada")
        assert await connection.scalar(count) == 0
    assert await _names(database) == ["ada"]


async def test_nobody_waits_for_a_slow_reader(database: Database) -> None:
    async with database.reading() as connection:
        await connection.execute(select(Customer.id))
        with anyio.fail_after(5):
            for number in range(10):
                await _add(database, f"customer {number}")


async def test_a_refused_write_does_not_repeat_the_customers_words(database: Database) -> None:
    store = SqlConversations(database)
    twice = turn(answers=1, text="Your card 4111 is blocked.", reasoning="They said 4111.")
    await answer(store, await ask_alone(store), twice)
    lease = await ask_alone(store)
    with pytest.raises(StoreError) as caught:
        await answer(store, lease, twice)
    assert not _tells(caught.value, "4111")
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
    async with database.reading() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM messages")) == 60
    await database.close()


async def test_who_waits_too_long_for_a_connection_is_told_so(sqlite_url: str) -> None:
    database = await Database.open(sqlite_url, clock=_now, pool=1, patience=0.1)
    async with database.reading():
        with pytest.raises(StoreUnavailable, match=r"no free connection. Raise \[database\] pool"):
            await _names(database)
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
