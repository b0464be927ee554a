"""A database's tables are this program's, or the start says what to run."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from bot.errors import SchemaError
from bot.store import schema
from bot.store.address import to_address
from bot.store.connections import connect
from bot.store.database import Database
from bot.store.tables import Base


def _now() -> float:
    return 1_800_000_000.0


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_server_default": True})
    differences: list[object] = compare_metadata(context, Base.metadata)
    return differences


async def _run(url: str, statement: str) -> None:
    transactions = connect(to_address(url), pool=1, patience=5)
    await transactions.write(lambda line: line.execute(text(statement)))
    await transactions.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest) -> str:
    name = {"sqlite": "sqlite_url", "postgresql": "empty_postgres_url"}[request.param]
    url: str = request.getfixturevalue(name)
    return url


async def test_the_migrations_make_the_tables_of_the_program(database: Database) -> None:
    assert await database.read(_differences) == []


async def test_an_upgrade_goes_up_from_empty_and_back(empty_url: str) -> None:
    assert await schema.current(empty_url) is None
    assert await schema.upgrade(empty_url) is None
    assert await schema.current(empty_url) == schema.head()
    assert await schema.upgrade(empty_url) == schema.head()

    transactions = connect(to_address(empty_url), pool=1, patience=5)
    await transactions.write(lambda line: schema.migrate(line, "base"))
    await transactions.close()
    assert await schema.current(empty_url) is None
    assert await schema.upgrade(empty_url) is None


async def test_an_empty_sqlite_file_is_migrated_at_the_start(sqlite_url: str) -> None:
    database = await Database.open(sqlite_url, clock=_now)
    await database.close()
    assert await schema.current(sqlite_url) == schema.head()


async def test_an_empty_server_is_not_migrated_at_the_start(empty_postgres_url: str) -> None:
    with pytest.raises(SchemaError, match=r"is empty.*Run: bot db upgrade"):
        await Database.open(empty_postgres_url, clock=_now)


async def test_a_newer_database_is_left_alone(database_url: str) -> None:
    await schema.upgrade(database_url)
    await _run(database_url, "UPDATE alembic_version SET version_num = '20991231_later'")
    with pytest.raises(SchemaError, match=f"'20991231_later'.*'{schema.head()}'"):
        await Database.open(database_url, clock=_now)
    with pytest.raises(SchemaError, match="20991231_later"):
        await schema.upgrade(database_url)


async def test_another_programs_database_is_left_alone(empty_url: str) -> None:
    await _run(empty_url, "CREATE TABLE invoices (id INTEGER PRIMARY KEY)")
    with pytest.raises(SchemaError, match=r"belongs to another program.*'invoices'"):
        await Database.open(empty_url, clock=_now)
    with pytest.raises(SchemaError, match="'invoices'"):
        await schema.upgrade(empty_url)


async def test_another_programs_file_keeps_its_journal_mode(tmp_path: Path) -> None:
    file = tmp_path / "theirs.db"
    with sqlite3.connect(file) as theirs:
        theirs.execute("CREATE TABLE invoices (id INTEGER)")
    theirs.close()
    before = file.read_bytes()
    with pytest.raises(SchemaError):
        await Database.open(f"sqlite:///{file}", clock=_now)
    assert file.read_bytes() == before


async def test_upgrades_at_the_same_time_wait_for_each_other(empty_url: str) -> None:
    found = await asyncio.gather(*(schema.upgrade(empty_url) for _ in range(4)))
    assert sorted(map(str, found)) == ["20261122_begin"] * 3 + ["None"]


_START = """
import asyncio, sys, time
from bot.store.database import Database
async def main():
    database = await Database.open(sys.argv[1], clock=time.time)
    await database.close()
asyncio.run(main())
print("alembic" in sys.modules)
"""


def test_processes_that_start_at_once_on_an_empty_file_all_succeed(sqlite_url: str) -> None:
    starts = [
        subprocess.Popen([sys.executable, "-c", _START, sqlite_url], stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    for start in starts:
        start.communicate(timeout=60)
    assert [start.returncode for start in starts] == [0] * 4


def test_a_start_on_current_tables_does_not_import_alembic(sqlite_url: str) -> None:
    def start() -> bytes:
        return subprocess.check_output([sys.executable, "-c", _START, sqlite_url], timeout=60)

    assert start().strip() == b"True"
    assert start().strip() == b"False"
