"""The part of the bench that sets the engine against its floors."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench.candidates import everyone
from tests.bench.places import Place
from tests.bench.provider import provider
from tests.bench.report import Row
from tests.bench.stretch import Size, Timing, stretch

_FLOORS = ("SDK", "HTTP")


async def against_floors(
    place: Place, *, size: Size, repetitions: int, pace: float = 0.0
) -> Sequence[Row]:
    """Interleave the engine and both floors, so that all see the same machine.

    ``pace`` is in seconds between two pieces.
    """
    timings: dict[str, list[Timing]] = {}
    with tempfile.TemporaryDirectory() as folder, provider(pace=pace) as asked:
        async with everyone(place, base_url=asked.url, folder=Path(folder)) as candidates:
            for repetition in range(repetitions + 1):
                first = repetition % len(candidates)  # nobody always follows the same one
                for candidate in (*candidates[first:], *candidates[:first]):
                    timing = await stretch(candidate, size)
                    if repetition:  # the first one warms up
                        timings.setdefault(candidate.name, []).append(timing)
    paced = f", pieces {pace * 1000:g} ms apart" if pace else ""
    return _rows(f"{place.kind}, {size.at_once} at once{paced}", timings, alone=size.at_once == 1)


def _rows(where: str, timings: dict[str, list[Timing]], *, alone: bool) -> Sequence[Row]:
    engine, sdk, http = (timings[name] for name in ("engine", "floor (i)", "floor (ii)"))
    rows = [
        Row(
            name=f"{where}: turns per second",
            ours=[timing.rate for timing in engine],
            first=[timing.rate for timing in sdk],
            second=[timing.rate for timing in http],
            floors=_FLOORS,
            goal="≥ 1 of (i)",
            kept=lambda row: row.to_first >= 1,
        ),
        Row(
            name=f"{where}: CPU ms a turn",
            ours=[timing.cpu for timing in engine],
            first=[timing.cpu for timing in sdk],
            second=[timing.cpu for timing in http],
            floors=_FLOORS,
            goal="≤ 1 of (i), ≤ 1.5 of (ii)",
            kept=lambda row: row.to_first <= 1 and row.to_second <= 1.5,
        ),
    ]
    if alone:
        rows.append(
            Row(
                name=f"{where}: ms to first piece",
                ours=[timing.first for timing in engine],
                first=[timing.first for timing in sdk],
                second=[timing.first for timing in http],
                floors=_FLOORS,
                goal="≤ 3 ms after (ii)",
                kept=lambda row: row.after_second <= 3,
            )
        )
    return rows
