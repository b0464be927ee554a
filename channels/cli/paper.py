"""Prints lists for people and JSON for programs."""

import json
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from typing import Any

import click

from channels.terminal.escapes import harmless

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
"""The option of every command whose output a program may want."""

_INDENT, _BETWEEN = "  ", " · "
_NARROWEST = 20  # columns

_CODE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.IGNORECASE)


def _code(_context: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    if text is None or _CODE.fullmatch(text):
        return text
    raise click.BadParameter(f"'{text}' is no language's code, as 'en', 'de' or 'pt-BR'.")


in_language = click.option(
    "--in",
    "target",
    metavar="CODE",
    callback=_code,
    help="Put what is in another language into this one, as 'en', under the original.",
)
"""The option of every command that shows what was said."""


def print_json(value: Any) -> None:
    """Print ``value`` as one line of JSON."""
    click.echo(to_json(value))


def to_json(value: Any) -> str:
    """Return ``value``, in which values of ours may stand, as one line of JSON."""
    return json.dumps(value, ensure_ascii=False, default=_to_plain)


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print ``rows`` in columns that are as wide as they must be."""
    cells = [[brief(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    for number, row in enumerate([heads, *cells]):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(click.style(line.rstrip(), bold=number == 0))


def print_aside(parts: Sequence[str], *, dim: bool) -> None:
    """Print ``parts`` side by side under what they belong to, broken where the terminal ends."""
    rows = [_BETWEEN.join(parts)]
    if sys.stdout.isatty():
        columns = shutil.get_terminal_size().columns - len(_INDENT) - 1
        rows = side_by_side(parts, columns=max(_NARROWEST, columns))
    for row in rows:
        click.secho(f"{_INDENT}{row}", dim=dim)


def side_by_side(parts: Sequence[str], *, columns: int) -> list[str]:
    """Return ``parts`` in rows of at most ``columns`` cells; one breaks only if it has a whole row.

    Letters of two cells, as Chinese ones and emoji, count as that.
    """
    from rich.cells import cell_len
    from rich.console import Console
    from rich.text import Text

    rows: list[str] = []
    for part in parts:
        longer = f"{rows[-1]}{_BETWEEN}{part}" if rows else part
        if rows and cell_len(longer) <= columns:
            rows[-1] = longer
        else:
            rows.append(part)
    console = Console(width=columns)
    return [line.plain.rstrip() for row in rows for line in Text(row).wrap(console, columns)]


def brief(text: str, longest: int = 72) -> str:
    """Return ``text`` on one line, cut where it is long."""
    line = " ".join(harmless(text).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def when(seconds: float) -> str:
    """Return a time as the clock on the wall shows it here."""
    return datetime.fromtimestamp(seconds, tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def lasting(seconds: float) -> str:
    """Return how long something lasts, in the largest unit of which there are two."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def number(count: int, one: str) -> str:
    """Return how many there are of ``one`` thing, in words."""
    if count == 1:
        return f"1 {one}"
    ending = {"y": "ies", "s": "ses"}.get(one[-1])
    return f"{count:,} {one[:-1]}{ending}" if ending else f"{count:,} {one}s"


def _to_plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)
