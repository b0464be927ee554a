"""The part of the bench that follows one conversation as it grows long."""

import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from tests.bench.candidates import EngineCandidate, engine
from tests.bench.places import Place
from tests.bench.provider import provider
from tests.bench.report import Row

_ANSWER = "Open the sign-in page, choose Forgot password and follow the e-mail [1]. " * 3
_MARKS = (100, 500)
# How many turns before and after each mark are looked at: one or two cuts of the history fall in.
_AROUND = 50
_SHORT = 20  # turns of a conversation whose middle one is turn 10


async def long_conversation(place: Place, *, turns: int, results: Path) -> Sequence[Row]:
    """Time every turn of one conversation, draw them, and compare late ones with turn 10.

    Short conversations are held in between, since a machine's mood changes within minutes.
    """
    marks = [mark for mark in _MARKS if mark < turns] + [turns]
    around = {mark: range(max(0, mark - _AROUND), mark + _AROUND) for mark in marks}
    long: list[float] = []
    short: dict[int, list[float]] = {mark: [] for mark in marks}
    with tempfile.TemporaryDirectory() as folder, provider(_ANSWER) as asked:
        async with engine(place, base_url=asked.url, folder=Path(folder)) as candidate:
            for number in range(_SHORT):
                await _timed(candidate, "first", number)
            for number in range(max(marks) + _AROUND):
                long.append(await _timed(candidate, "long", number))
                for mark in marks:
                    if number in around[mark]:
                        key = f"short {mark} {number // _SHORT}"
                        short[mark].append(await _timed(candidate, key, number))
    _draw(results / f"turns-{place.kind}.png", long)
    late = {mark: [long[number] for number in around[mark]] for mark in marks}
    return [row for mark in marks for row in _rows(place.kind, mark, late[mark], short[mark])]


async def _timed(candidate: EngineCandidate, key: str, number: int) -> float:
    """Return the milliseconds of a turn."""
    begun = time.perf_counter()
    await candidate.turn(key, f"Question {number}: how do I reset my password?")
    return (time.perf_counter() - begun) * 1000


def _rows(kind: str, mark: int, late: Sequence[float], short: Sequence[float]) -> Sequence[Row]:
    ratio = Row(
        name=f"{kind}: turn {mark} against turn 10",
        ours=[statistics.median(late) / statistics.median(short)],
        goal="≤ 1.2",
        kept=lambda row: row.middle <= 1.2,
    )
    return [
        Row(name=f"{kind}: ms at turn 10, meanwhile", ours=short),
        Row(name=f"{kind}: ms at turn {mark}", ours=late),
        ratio,
    ]


def _draw(file: Path, seconds: Sequence[float]) -> None:
    smooth = [
        statistics.median(seconds[max(0, at - _SHORT) : at + 1]) for at in range(len(seconds))
    ]
    figure = Figure(figsize=(8, 4))
    axes = figure.subplots()
    axes.plot(range(1, len(seconds) + 1), seconds, ".", markersize=2, alpha=0.3, label="a turn")
    axes.plot(range(1, len(smooth) + 1), smooth, label=f"median of {_SHORT}")
    axes.set(xlabel="turn of one conversation", ylabel="milliseconds")
    axes.set_ylim(0, 3 * statistics.median(seconds))
    axes.set_title("What a turn costs as a conversation grows")
    axes.legend()
    figure.tight_layout()
    file.parent.mkdir(exist_ok=True)
    figure.savefig(file, dpi=120)
