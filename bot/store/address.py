"""Where a database is: its url, read and checked."""

from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.errors import SettingsError, SetupError

_FORMS = "Known forms: sqlite:///FILE, postgresql://USER:PASSWORD@HOST/NAME."
_FILES = {"sqlite", "sqlite+aiosqlite"}
_SERVERS = {"postgresql", "postgres", "postgresql+asyncpg"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A database's place. ``shown`` names it without its password; ``file`` is set for SQLite."""

    shown: str
    file: Path | None = None
    dsn: str = field(default="", repr=False)


def to_address(url: str) -> Address:
    """Read ``url``.

    Raises:
        SetupError: it is not the url of a database that we know, or its folder is missing.
    """
    scheme, mark, rest = url.partition("://")
    if not mark:
        raise SettingsError(f"The database's url has no '://'. {_FORMS}")
    if scheme in _FILES:
        return _to_file(rest)
    if scheme in _SERVERS:
        return _to_server(rest)
    raise SettingsError(f"The database's url begins with '{scheme}://'. {_FORMS}")


def _to_file(rest: str) -> Address:
    name = rest.removeprefix("/")
    if name == rest or not name:
        raise SettingsError(f"The database's url is 'sqlite://{rest}': no file is named. {_FORMS}")
    if name == ":memory:":
        raise SettingsError("A database in memory keeps nothing. Name a file: sqlite:///FILE.")
    file = Path(name)
    if file.is_dir():
        raise SetupError(f"The database '{file}' is a folder. Name a file in it.")
    if not file.parent.is_dir():
        raise SetupError(
            f"The database '{file}' is to stand in a folder that does not exist. "
            f"Make it with: mkdir -p '{file.parent}'"
        )
    return Address(shown=str(file), file=file)


def _to_server(rest: str) -> Address:
    dsn = f"postgresql://{rest}"
    try:
        url = make_url(dsn)
    except (ArgumentError, ValueError):
        # The parser's words may hold the password.
        raise SettingsError(f"The database's url cannot be read after '://'. {_FORMS}") from None
    return Address(shown=_without_secrets(url), dsn=dsn)


def _without_secrets(url: URL) -> str:
    query = {name: value for name, value in url.query.items() if name == "host"}
    return url.set(query=query).render_as_string(hide_password=True)
