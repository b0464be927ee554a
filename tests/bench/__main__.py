"""Measures the engine against its floors in one run, and writes a table and a plot.

    make bench

Two floors are written out beside it: (i) the provider's SDK with its typed stream, (ii) plain HTTP
with events parsed by hand; each with two hand-written transactions. Everyone gets the same answers
of 100 pieces from a provider that is a process of its own.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench import cores, report
from tests.bench.floors import against_floors
from tests.bench.length import long_conversation
from tests.bench.places import Files, Place, server
from tests.bench.profile import profiled
from tests.bench.repeats import repeated_history
from tests.bench.report import Row
from tests.bench.room import database_room
from tests.bench.stretch import Size

RESULTS = Path(__file__).parent / "results"
Part = Coroutine[Any, Any, Sequence[Row]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much is measured."""

    repetitions: int
    one: Size
    many: Size
    longest: int
    repeats: int
    room: int


FULL = Scale(
    repetitions=7,
    one=Size(at_once=1, rounds=3, turns=10),
    many=Size(at_once=50, rounds=1, turns=4),
    longest=2000,
    repeats=200,
    room=500,
)
QUICK = Scale(
    repetitions=2,
    one=Size(at_once=1, rounds=1, turns=10),
    many=Size(at_once=50, rounds=1, turns=1),
    longest=100,
    repeats=40,
    room=20,
)


@contextmanager
def place(kind: str) -> Iterator[Place]:
    with tempfile.TemporaryDirectory() as name:
        if kind == "sqlite":
            yield Files(Path(name))
        else:
            with server(Path(name)) as running:
                yield running


def parts(scale: Scale) -> dict[str, Callable[[], Sequence[Row]]]:
    """Name every part of the bench, in the order of the table."""

    def on(kind: str, part: Callable[[Place], Part]) -> Callable[[], Sequence[Row]]:
        def measure() -> Sequence[Row]:
            with place(kind) as where:
                return asyncio.run(part(where))

        return measure

    def floors(size: Size) -> Callable[[Place], Part]:
        return lambda where: against_floors(where, size, repetitions=scale.repetitions)

    def length(where: Place) -> Part:
        return long_conversation(where, turns=scale.longest, results=RESULTS)

    def room(where: Place) -> Part:
        return database_room(where, turns=scale.room)

    return {
        "floors-sqlite-1": on("sqlite", floors(scale.one)),
        "floors-sqlite-50": on("sqlite", floors(scale.many)),
        "floors-postgresql-1": on("postgresql", floors(scale.one)),
        "floors-postgresql-50": on("postgresql", floors(scale.many)),
        "length-sqlite": on("sqlite", length),
        "room-sqlite": on("sqlite", room),
        "room-postgresql": on("postgresql", room),
        "repeats": lambda: asyncio.run(repeated_history(turns=scale.repeats)),
    }


def main() -> None:
    summary, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(prog="make bench", description=summary, epilog=rest)
    parser.add_argument("--quick", action="store_true", help="a smoke test, no measurement")
    parser.add_argument("--only", metavar="NAME", help="only the parts whose name begins so")
    parser.add_argument("--profile", metavar="DATABASE:N", help="profile the engine, N at once")
    options = parser.parse_args()
    cores.take_first()
    scale = QUICK if options.quick else FULL
    if options.profile:
        kind, _, at_once = options.profile.partition(":")
        with place(kind) as where:
            size = scale.many if int(at_once or 1) > 1 else scale.one
            print(asyncio.run(profiled(where, size)))
        return
    rows: list[Row] = []
    for name, part in parts(scale).items():
        if name.startswith(options.only or ""):
            print(f"{name} …", file=sys.stderr, flush=True)
            rows += part()
    text = f"{report.table(rows)}\n\n{report.machine()}"
    report.write(RESULTS, text)
    print(text)


if __name__ == "__main__":
    main()
