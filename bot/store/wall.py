"""Where drivers' errors end: each becomes one of ours, with its cure."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.errors import FrontdeskError, SetupError, StoreError, StoreUnavailable
from bot.store.address import Address


class Clash(StoreUnavailable):
    """Nothing was written, and asking again at once may well succeed."""


class LineCut(Clash):
    """The line to the database broke."""


class Lasting(StoreUnavailable):
    """What no waiting mends: only a person can."""


# SQLite's names of its errors: https://www.sqlite.org/rescode.html
_FILE_TROUBLE = {
    "SQLITE_BUSY": "is locked by another program. Close it, then try again.",
    "SQLITE_LOCKED": "is locked by another program. Close it, then try again.",
    "SQLITE_FULL": "is full. Free some space on its disk, then try again.",
    "SQLITE_READONLY": "cannot be written. Give this user the right to write it and its folder.",
    "SQLITE_CANTOPEN": "cannot be opened. Give this user the right to read and write it.",
    "SQLITE_PERM": "cannot be opened. Give this user the right to read and write it.",
    "SQLITE_NOTADB": "is not a SQLite database. Name another file in [database] url.",
    "SQLITE_CORRUPT": "is damaged. Put back a copy, or mend it with: sqlite3 FILE .recover",
    "SQLITE_IOERR": "cannot be read or written. Look at its disk.",
}
# PostgreSQL's: https://www.postgresql.org/docs/current/errcodes-appendix.html
_SERVER_TROUBLE = {
    "28": "refuses the user or the password. Correct [database] url.",
    "3D": "does not exist on its server. Make it with: createdb NAME",
    "42501": "does not let this user do that. Grant it rights on the schema.",
    "53100": "is full. Free some space on its server, then try again.",
    "53200": "has no memory left. Give its server more, then try again.",
    "53300": "has no connection left. Lower [database] pool, or raise max_connections.",
    "55": "is kept busy by somebody's lock or work on it. Try again in a moment.",
    "08": "has cut the line. Try again in a moment.",
    "25006": "cannot be written: it is a standby. Name the primary in [database] url.",
    "25P03": "has cut the line: a transaction stood still. Try again.",
    "57": "is stopping or starting. Try again in a moment.",
}
_LASTING = {"SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_NOTADB", "SQLITE_CORRUPT"}
_LASTING |= {"28", "3D", "42501"}
_CLASHES = {"40001", "40P01"}  # serialisation failure, deadlock


@contextmanager
def wall(address: Address) -> Iterator[None]:
    """Let no driver's error out.

    Raises:
        Clash: asking again at once may well succeed.
        Lasting: a person must change something first.
        StoreUnavailable: the database does not do its work now.
        StoreError: the database refuses what it was given.
    """
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        raise _to_ours(error, address) from error


@contextmanager
def gate() -> Iterator[None]:
    """Let nobody wait in vain while a database is being opened.

    Raises:
        SetupError: a person must change something first.
    """
    try:
        yield
    except Lasting as error:
        raise SetupError(str(error)) from error


def _to_ours(error: Exception, address: Address) -> FrontdeskError:
    place, code = f"The database '{address.shown}'", _code(error)
    if isinstance(error, StatementError) and isinstance(error.orig, FrontdeskError):
        return error.orig
    if code in _CLASHES:
        return Clash(f"{place} was busy with others. Try again.")
    if isinstance(error, DBAPIError) and (error.connection_invalidated or _is_out_of_step(error)):
        return LineCut(f"{place} has cut the line. Try again.")
    if trouble := _trouble(error, code):
        kind = Lasting if code.startswith(tuple(_LASTING)) else StoreUnavailable
        return kind(f"{place} {trouble}")
    return StoreError(f"{place} refused: {type(getattr(error, 'orig', error)).__name__} {code}")


def _is_out_of_step(error: DBAPIError) -> bool:
    """Whether asyncpg lost its place in the protocol: the line was cut while it was changing it."""
    return type(error.orig).__name__ == "InternalClientError"


def _trouble(error: Exception, code: str) -> str | None:
    for beginning, trouble in (_FILE_TROUBLE | _SERVER_TROUBLE).items():
        if code.startswith(beginning):
            return trouble
    if isinstance(error, PoolTimeout):
        return "has no free connection. Raise [database] pool."
    if isinstance(error, OSError):
        return f"does not answer: {str(error) or 'time is up'}. Is it running?"
    return None


def _code(error: Exception) -> str:
    """Return SQLite's name of the error, PostgreSQL's number of it, or nothing."""
    cause = getattr(error, "orig", None) or error
    return getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or ""
