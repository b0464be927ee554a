"""The bench's table: figures, what they are compared with, and what was promised of them."""

import os
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import groupby
from pathlib import Path

from tests.bench import cores

Values = Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure, and the same of both floors where they have it.

    ``floors`` says what they are, empty where there is none. ``goal`` says what is promised;
    ``kept`` tells of the row whether the promise holds.
    """

    name: str
    ours: Values
    first: Values = ()
    second: Values = ()
    floors: tuple[str, str] = ("", "")
    goal: str = ""
    kept: Callable[["Row"], bool] | None = None

    @property
    def to_first(self) -> float:
        return _ratio(self.ours, self.first)

    @property
    def to_second(self) -> float:
        return _ratio(self.ours, self.second)

    @property
    def after_second(self) -> float:
        return statistics.median(self.ours) - statistics.median(self.second)

    @property
    def middle(self) -> float:
        return statistics.median(self.ours)

    def __str__(self) -> str:
        cells = (
            self.name,
            _spread(self.ours),
            _spread(self.first),
            _spread(self.second),
            f"{self.to_first:.2f}" if self.first else "",
            f"{self.to_second:.2f}" if self.second else "",
            f"{self.goal}: {'kept' if self.kept(self) else 'MISSED'}" if self.kept else self.goal,
        )
        return f"| {' | '.join(cells)} |"


def _ratio(ours: Values, floor: Values) -> float:
    """Compare what was measured side by side: a machine's mood then weighs on both."""
    return statistics.median(our / its for our, its in zip(ours, floor, strict=True))


def _spread(values: Values) -> str:
    if not values:
        return ""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.2f}" if low == high else f"{middle:.2f} ({low:.2f} to {high:.2f})"


def table(rows: Sequence[Row]) -> str:
    """Write the rows as Markdown: a table for each run of them with the same floors."""
    return "\n\n".join(
        "\n".join([_head(*floors), "|---" * 7 + "|", *map(str, section)])
        for floors, section in groupby(rows, lambda row: row.floors)
    )


def _head(first: str, second: str) -> str:
    one, two = first and f"floor (i): {first}", second and f"floor (ii): {second}"
    names = ("figure", "engine: median (least to most)", one, two)
    return f"| {' | '.join([*names, 'to (i)', 'to (ii)', 'promise'])} |"


def text(rows: Sequence[Row]) -> str:
    """Write the table, and what it was measured on."""
    return f"{table(rows)}\n\n{_machine()}"


def write(folder: Path, rows: Sequence[Row]) -> None:
    """Keep the report as ``bench.md`` in ``folder``."""
    folder.mkdir(exist_ok=True)
    (folder / "bench.md").write_text(text(rows) + "\n")


def _machine() -> str:
    packages = ("anthropic", "httpx2", "sqlalchemy", "asyncpg")
    names = ", ".join(
        [
            f"Python {platform.python_version()}",
            f"{cores.count()} of {os.cpu_count()} cores",
            platform.machine(),
            *(f"{name} {version(name)}" for name in packages),
        ]
    )
    return f"{names}. Ready to run, it waited for its core {cores.crowded():.0%} of the time."
