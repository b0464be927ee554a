"""The bench's table and its plot."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure: median and spread, beside its floor where it has one."""

    name: str
    ours: Sequence[float]
    floor: Sequence[float] = ()

    @classmethod
    def ratio(cls, name: str, ours: Sequence[float], floor: Sequence[float]) -> Self:
        return cls(name=name, ours=ours, floor=floor)

    @classmethod
    def plain(cls, name: str, ours: Sequence[float]) -> Self:
        return cls(name=name, ours=ours)

    def __str__(self) -> str:
        floor = _spread(self.floor) if self.floor else ""
        factor = (
            f"{statistics.median(self.ours) / statistics.median(self.floor):.2f}"
            if self.floor
            else ""
        )
        return f"| {self.name} | {_spread(self.ours)} | {floor} | {factor} |"


def _spread(values: Sequence[float]) -> str:
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def write(folder: Path, *, rows: Sequence[Row], seconds: Sequence[float]) -> str:
    """Write ``bench.md`` and ``bench.png`` into ``folder``; returns the table."""
    folder.mkdir(exist_ok=True)
    table = "\n".join(
        [
            "| figure | engine: median (least to most) | floor | ratio |",
            "|---|---|---|---|",
            *map(str, rows),
        ]
    )
    (folder / "bench.md").write_text(table + "\n")
    _plot(folder / "bench.png", seconds)
    return f"{table}\n\nKept in {folder}/bench.md, drawn in {folder}/bench.png"


def _plot(file: Path, seconds: Sequence[float]) -> None:
    window = 25
    smooth = [
        statistics.median(seconds[max(0, at - window) : at + 1]) for at in range(len(seconds))
    ]
    figure = Figure(figsize=(8, 4))
    axes = figure.subplots()
    axes.plot(range(1, len(seconds) + 1), seconds, ".", markersize=2, alpha=0.3, label="a turn")
    axes.plot(range(1, len(smooth) + 1), smooth, label=f"median of {window}")
    axes.set(xlabel="turn of one conversation", ylabel="milliseconds", ylim=(0, None))
    axes.set_title("What a turn costs as a conversation grows")
    axes.legend()
    figure.tight_layout()
    figure.savefig(file, dpi=120)
