"""The types of settings that depend on what stands around them: the folder, the other sections.

Settings that are built by hand, without a file, are taken as they are.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo
from pydantic_core import PydanticCustomError

from bot.errors import nearest

SENTENCE = "sentence"
"""The type of an error whose text is a whole sentence."""

_FILE = re.compile(r"(sqlite(?:\+aiosqlite)?:///)(?!:memory:)(.*)")
_SERVER = re.compile(r"postgres(?:ql)?(?:\+asyncpg)?://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What settings are read against.

    Relative paths start at ``folder``; ``backends`` are the names under ``[backends]``;
    ``variables`` are the environment and what the secrets file adds to it.
    """

    file: Path | None
    folder: Path
    backends: Collection[str]
    variables: Mapping[str, str] = field(repr=False)


def _reached(path: Path, info: ValidationInfo) -> Path:
    if not isinstance(info.context, Surroundings):
        return path
    found = info.context.folder / path.expanduser()
    try:
        found.stat()
    except OSError as error:
        text = f"cannot be reached: {found}: {error.strerror}. Correct the path, or make it."
        raise _sentence(text) from error
    return found


def _anchored(url: SecretStr, info: ValidationInfo) -> SecretStr:
    text = url.get_secret_value()
    file = _FILE.fullmatch(text)
    if file is None and not _SERVER.match(text):
        raise _sentence("must be sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME.")
    if file is None or not isinstance(info.context, Surroundings):
        return url
    scheme, name = file.groups()
    return SecretStr(f"{scheme}{info.context.folder / Path(name).expanduser()}")


def _known(name: str, info: ValidationInfo) -> str:
    if not isinstance(info.context, Surroundings) or name in info.context.backends:
        return name
    known = ", ".join(info.context.backends)
    guess = nearest(name, info.context.backends)
    raise _sentence(f"there is no backend called {name!r}. Known backends: {known}.{guess}")


def _sentence(text: str) -> PydanticCustomError:
    return PydanticCustomError(SENTENCE, "{text}", {"text": text})


Reachable = Annotated[Path, AfterValidator(_reached)]
"""A file or folder that is there; relative to the folder of ``bot.toml``."""

DatabaseUrl = Annotated[SecretStr, AfterValidator(_anchored)]
"""Where a database is; SQLite's file is relative to the folder of ``bot.toml``."""

BackendName = Annotated[str, AfterValidator(_known)]
"""A name under ``[backends]``."""

VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
"""The name of an environment variable or of a secret."""
