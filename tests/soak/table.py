"""The soak's table, in Markdown."""

import statistics
from collections.abc import Callable, Mapping, Sequence

from tests.soak.soak import Report
from tests.soak.verdict import Kind

_ROWS: Mapping[str, Callable[[Report], object]] = {
    "messages": lambda report: len(report.plan.said),
    "conversations": lambda report: len(report.plan.conversations),
    "bursts": lambda report: report.plan.bursts,
    "delivered twice": lambda report: report.second,
    "not acknowledged, so sent again": lambda report: _told(report.unheard),
    "kills": lambda report: report.kills,
    "pauses": lambda report: report.pauses,
    "stops": lambda report: report.stops,
    "replies": lambda report: report.replies,
    "posts": lambda report: report.posts,
    "found instead of posted again": lambda report: report.found,
    "**lost**": lambda report: report.count(Kind.LOST),
    "**twice**": lambda report: report.count(Kind.TWICE),
    "**out of order**": lambda report: report.count(Kind.DISORDER),
    "**zombies' posts**": lambda report: report.count(Kind.ZOMBIE),
    "otherwise wrong": lambda report: report.count(Kind.WRONG),
    "waited for an answer, median": lambda report: _seconds(statistics.median, report.waits),
    "waited for an answer, longest": lambda report: _seconds(max, report.waits),
    "took": lambda report: f"{report.seconds:.0f} s",
    "seed": lambda report: report.plan.seed,
}


def table(reports: Mapping[str, Report]) -> str:
    """Return the figures, a column a report under its name."""
    lines = [["", *reports], ["---", *("---:" for _ in reports)]]
    lines += [
        [name, *(str(figure(report)) for report in reports.values())]
        for name, figure in _ROWS.items()
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _seconds(of: Callable[[Sequence[float]], float], waits: Sequence[float]) -> str:
    return f"{of(waits):.1f} s" if waits else "no answer came"


def _told(counts: Mapping[str, int]) -> str:
    each = ", ".join(f"{count} {why}" for why, count in sorted(counts.items()))
    return f"{sum(counts.values())} ({each})" if each else "0"
