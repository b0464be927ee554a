"""Holds the database's tables to the migrations that this program ships."""

from functools import partial

from sqlalchemy import Connection, text

from bot.errors import SchemaError
from bot.resources import shipped
from bot.store.address import Address, to_address
from bot.store.connections import connect
from bot.store.transactions import Transactions
from bot.store.wall import gate

_PATIENCE = 600.0  # seconds: a migration of large tables, or another process's wait for it
_LOCK = 7_305_117  # any number that no other program locks

_TABLES_OF_A_FILE = text("SELECT name FROM sqlite_master WHERE type = 'table'")
_TABLES_OF_A_SERVER = text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")


def head() -> str:
    """Return the newest revision that this program knows."""
    return _revisions()[-1]


def _revisions() -> list[str]:
    """Return every revision in its order, which is that of the dates in the files' names."""
    return sorted(file.stem for file in (shipped("migrations") / "versions").glob("[0-9]*.py"))


async def current(url: str) -> str | None:
    """Return the revision of the database at ``url``, None if it is empty.

    Raises:
        SchemaError: the tables in it are another program's.
    """
    address = to_address(url)
    transactions = connect(address, pool=1, patience=_PATIENCE)
    try:
        with gate():
            return await transactions.read(partial(revision, address=address))
    finally:
        await transactions.close()


async def upgrade(url: str) -> str | None:
    """Bring the database at ``url`` to ``head()``, all or nothing; return what it was before.

    Raises:
        SchemaError: it is another program's, or newer than this one.
    """
    address = to_address(url)
    transactions = connect(address, pool=1, patience=_PATIENCE)
    try:
        with gate():
            return await transactions.write(partial(_upgrade, address=address))
    finally:
        await transactions.close()


async def check(transactions: Transactions, address: Address) -> None:
    """Let pass a database whose tables are this program's; a SQLite file is brought there first.

    Raises:
        SchemaError: the tables are others; the text says what to run.
    """
    found = await transactions.read(partial(revision, address=address))
    _refuse_unknown(found, address)
    if found == head():
        return
    if address.file:
        await transactions.write(partial(_upgrade, address=address))
        return
    state = f"at revision '{found}'" if found else "empty"
    raise SchemaError(
        f"The database '{address.shown}' is {state}, and this program works with '{head()}'. "
        "Run: bot db upgrade"
    )


def revision(connection: Connection, *, address: Address) -> str | None:
    """Return the revision that the tables are at, None where there are none."""
    tables = _TABLES_OF_A_FILE if address.file else _TABLES_OF_A_SERVER
    names = set(connection.scalars(tables))
    if "alembic_version" in names:
        # A downgrade to the beginning leaves the table without a row.
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found
    if names:
        raise SchemaError(
            f"The database '{address.shown}' belongs to another program: "
            f"it has a table '{min(names)}'. Name another one in [database] url."
        )
    return None


def _refuse_unknown(found: str | None, address: Address) -> None:
    if found is None or found in _revisions():
        return
    raise SchemaError(
        f"The database '{address.shown}' is at revision '{found}', which this program does not "
        f"know: it is older and ends at '{head()}'. Update it: pip install --upgrade frontdesk"
    )


def _upgrade(connection: Connection, *, address: Address) -> str | None:
    """Migrate as the only one; who comes second finds the work done."""
    if not address.file:  # there a writer is alone by itself
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    found = revision(connection, address=address)
    _refuse_unknown(found, address)
    if found != head():
        migrate(connection, "head")
    return found


def migrate(connection: Connection, revision: str) -> None:
    """Take the tables to ``revision``, in the transaction that ``connection`` is in."""
    from alembic import command  # noqa: PLC0415 - heavy, and a start with current tables needs none
    from alembic.config import Config  # noqa: PLC0415 - likewise

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(shipped("migrations")).replace("%", "%%"))
    deed = command.downgrade if revision == "base" else command.upgrade
    deed(config, revision)
