"""The types of settings that depend on what stands around them: the folder, the other sections.

Settings that are built by hand, without a file, are taken as they are.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo
from pydantic_core import PydanticCustomError

from bot.errors import nearest
from bot.thoughts import opened

SENTENCE = "sentence"
"""The type of an error whose text is a whole sentence."""

_FILE = re.compile(r"(sqlite(?:\+aiosqlite)?:///)(?!:memory:)(.*)")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_ORIGIN = re.compile(r"(https?)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(\d+))?/?")
_PORTS = {"http": "80", "https": "443"}  # which browsers leave out
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
        raise sentence(text) from error
    return found


def _placed(path: Path, info: ValidationInfo) -> Path:
    if not isinstance(info.context, Surroundings):
        return path
    return info.context.folder / path.expanduser()


def _found(model: str, info: ValidationInfo) -> str:
    if model.startswith((".", "~")) and isinstance(info.context, Surroundings):
        return str(info.context.folder / Path(model).expanduser())
    return model


def _address(text: str) -> str:
    if is_address(text):
        return text
    raise sentence("must be a server's address, as 'http://localhost:8000/v1'.")


def is_address(text: str) -> bool:
    """Return whether ``text`` is the address of a server."""
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port or a host in brackets that is none
        return False


def _opening(text: str) -> str:
    if opened(text) == text:
        return text.strip()
    raise sentence("must be the mark that opens a thought, as '<think>'.")


def _link(text: str) -> str:
    if not text or text.startswith("/") or is_address(text):
        return text
    raise sentence("must begin with https://, http:// or /, as 'https://shop.example/help'.")


def _language(text: str) -> str:
    if _LANGUAGE.fullmatch(text):
        return text
    raise sentence("must be a language's code, as 'en', 'de' or 'pt-BR'.")


def _anchored(url: SecretStr, info: ValidationInfo) -> SecretStr:
    text = url.get_secret_value()
    file = _FILE.fullmatch(text)
    if file is None and not _SERVER.match(text):
        raise sentence("must be sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME.")
    if file is None or not isinstance(info.context, Surroundings):
        return url
    scheme, name = file.groups()
    return SecretStr(f"{scheme}{info.context.folder / Path(name).expanduser()}")


def _known(name: str, info: ValidationInfo) -> str:
    if not isinstance(info.context, Surroundings) or name in info.context.backends:
        return name
    known = ", ".join(info.context.backends)
    guess = nearest(name, info.context.backends)
    raise sentence(f"there is no backend called {name!r}. Known backends: {known}.{guess}")


def _origin(text: str) -> str:
    found = _ORIGIN.fullmatch(text.lower())
    if found and is_address(found[0]):
        scheme, host, port = found.groups()
        return f"{scheme}://{host}" + (f":{port}" if port and port != _PORTS[scheme] else "")
    raise sentence("must be an origin without a path, as 'https://shop.example'.")


def _network(text: str) -> str:
    try:
        ip_network(text)
    except ValueError as error:
        raise sentence("must be an address or a network, as '10.0.0.0/8'.") from error
    return text


def sentence(text: str) -> PydanticCustomError:
    """Return the error of a value, for which ``text`` is what the person is told."""
    return PydanticCustomError(SENTENCE, "{text}", {"text": text})


Reachable = Annotated[Path, AfterValidator(_reached)]
"""A file or folder that is there; relative to the folder of ``bot.toml``."""

Placed = Annotated[Path, AfterValidator(_placed)]
"""A file or folder that need not be there now; relative to the folder of ``bot.toml``."""

LocalModel = Annotated[str, AfterValidator(_found)]
"""An id of the hub, or a folder: one that begins with a dot starts at the file's own."""

Address = Annotated[str, AfterValidator(_address)]
"""Where a server is."""

Opening = Annotated[str, AfterValidator(_opening)]
"""A mark that opens a thought; empty for none."""

Origin = Annotated[str, AfterValidator(_origin)]
"""Where a site's pages are, as browsers write it."""

Network = Annotated[str, AfterValidator(_network)]
"""An address or a network of them."""

Link = Annotated[str, AfterValidator(_link)]
"""Where pages stand; empty where they stand nowhere."""

Language = Annotated[str, AfterValidator(_language)]
"""A language's code."""

StrategyName = Literal[
    "direct",
    "few_shot",
    "chain_of_thought",
    "self_consistency",
    "tree_of_thought",
    "reasoning_queries",
    "thinking",
]
"""A way of reasoning; a test holds these to ``bot.strategies``."""

DatabaseUrl = Annotated[SecretStr, AfterValidator(_anchored)]
"""Where a database is; SQLite's file is relative to the folder of ``bot.toml``."""

BackendName = Annotated[str, AfterValidator(_known)]
"""A name under ``[backends]``."""

VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
"""The name of an environment variable or of a secret."""
