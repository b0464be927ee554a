"""The part of the bench that follows one conversation as it grows long."""

import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from tests.bench.candidates import engine
from tests.bench.places import Place
from tests.bench.provider import provider
from tests.bench.report import Row

_ANSWER = "Open the sign-in page, choose Forgot password and follow the e-mail [1]. " * 3
_MARKS = (10, 100, 500, 2000)
# Half of how many turns are looked at around each mark: about one cut of the history falls in.
_AROUND = 25


async def long_conversation(place: Place, *, turns: int, results: Path) -> Sequence[Row]:
    """Time every turn of one conversation, draw them, and compare its end with its beginning."""
    seconds = []
    with tempfile.TemporaryDirectory() as folder, provider(_ANSWER) as asked:
        async with engine(place, base_url=asked.url, folder=Path(folder)) as candidate:
            for _ in range(_AROUND):
                await candidate.turn("short", "How do I reset my password?")
            for number in range(turns + _AROUND):
                begun = time.perf_counter()
                await candidate.turn("long", f"Question {number}: how do I reset my password?")
                seconds.append((time.perf_counter() - begun) * 1000)
    _draw(results / f"turns-{place.kind}.png", seconds)
    around = {
        mark: seconds[max(0, mark - _AROUND) : mark + min(mark, _AROUND)]
        for mark in _MARKS
        if mark <= turns
    }
    last = statistics.median(around[max(around)]) / statistics.median(around[10])
    end = Row(
        name=f"{place.kind}: turn {max(around)} against turn 10",
        ours=[last],
        goal="≤ 1.2",
        kept=lambda row: row.middle <= 1.2,
    )
    return [
        *(Row(name=f"{place.kind}: ms at turn {mark}", ours=ours) for mark, ours in around.items()),
        end,
    ]


def _draw(file: Path, seconds: Sequence[float]) -> None:
    smooth = [
        statistics.median(seconds[max(0, at - _AROUND) : at + 1]) for at in range(len(seconds))
    ]
    figure = Figure(figsize=(8, 4))
    axes = figure.subplots()
    axes.plot(range(1, len(seconds) + 1), seconds, ".", markersize=2, alpha=0.3, label="a turn")
    axes.plot(range(1, len(smooth) + 1), smooth, label=f"median of {_AROUND}")
    axes.set(xlabel="turn of one conversation", ylabel="milliseconds")
    axes.set_ylim(0, 3 * statistics.median(seconds))
    axes.set_title("What a turn costs as a conversation grows")
    axes.legend()
    figure.tight_layout()
    file.parent.mkdir(exist_ok=True)
    figure.savefig(file, dpi=120)
