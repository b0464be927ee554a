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

_INDENT, _GAP, _BETWEEN = "  ", "  ", " · "
_NARROWEST = 20  # columns

_WORD = re.compile(r"\s*\S+")
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


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, cut: bool = False) -> None:
    """Print ``rows`` in columns that are as wide as they must be.

    With ``cut`` the last column ends where the terminal does, as long as some of it has room.
    """
    cells = [[brief(cell) for cell in row] for row in rows]
    widths = [max(map(_cells, column)) for column in zip(heads, *cells, strict=True)]
    room = _columns() - sum(widths[:-1]) - len(_GAP) * len(widths[:-1])
    for number, row in enumerate([heads, *cells]):
        *first, last = row
        shown = [
            cell + " " * (width - _cells(cell))
            for cell, width in zip(first, widths[:-1], strict=True)
        ]
        shown.append(_cut(last, room) if cut and room >= _NARROWEST else last)
        click.echo(click.style(_GAP.join(shown).rstrip(), bold=number == 0))


def print_indented(text: str) -> None:
    """Print ``text`` under what it belongs to, broken between words where the terminal ends."""
    for line in text.splitlines():
        for row in fitted(line.expandtabs(4), _columns() - len(_INDENT)):
            click.echo(f"{_INDENT}{row}".rstrip())


def print_aside(parts: Sequence[str], *, dim: bool) -> None:
    """Print ``parts`` side by side under what they belong to, broken between them if they can."""
    for row in side_by_side(parts, columns=_columns() - len(_INDENT)):
        click.secho(f"{_INDENT}{row}", dim=dim)


def side_by_side(parts: Sequence[str], *, columns: int) -> list[str]:
    """Return ``parts`` in rows of at most ``columns`` cells; one breaks only if it has a whole row.

    Letters of two cells, as Chinese ones and emoji, count as that.
    """
    rows: list[str] = []
    for part in parts:
        longer = f"{rows[-1]}{_BETWEEN}{part}" if rows else part
        if rows and _cells(longer) <= columns:
            rows[-1] = longer
        else:
            rows.append(part)
    return [piece for row in rows for piece in fitted(row, columns)]


def fitted(line: str, columns: int) -> list[str]:
    """Return ``line`` in rows of at most ``columns`` cells, broken between words.

    A long word of plain letters, as an address, stays whole; any other breaks wherever it must.
    What is indented stays so.
    """
    from rich.cells import chop_cells

    if lead := min(len(line) - len(line.lstrip(" ")), columns // 2):
        return [" " * lead + row for row in fitted(line.lstrip(" "), columns - lead)]
    rows = [""]
    for word in _WORD.findall(line) if _cells(line) > columns else [line]:
        bare = word.lstrip()
        if _cells(rows[-1] + word) <= columns:
            rows[-1] += word
        elif bare.isascii() or _cells(bare) <= columns:
            rows.append(bare)
        elif _cells(rows[-1]) < columns:
            rows[-1:] = chop_cells(rows[-1] + word, columns)
        else:
            rows += chop_cells(bare, columns)
    return rows[1:] if len(rows) > 1 and not rows[0] else rows


def _columns() -> int:
    """Return how many cells a line may take; more than any line has where no terminal is."""
    if not sys.stdout.isatty():
        return sys.maxsize
    return max(_NARROWEST, shutil.get_terminal_size().columns - 1)


def _cells(text: str) -> int:
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _cut(text: str, columns: int) -> str:
    if _cells(text) <= columns:
        return text
    from rich.cells import set_cell_size

    return f"{set_cell_size(text, columns - 1).rstrip()}…"


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
