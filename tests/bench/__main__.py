"""Measures the engine against its floors in one run, and writes a table and a plot.

    make bench

Two floors are written out beside it: (i) the provider's SDK with its typed stream, (ii) plain HTTP
with events parsed by hand; each with two hand-written transactions. Everyone gets the same answers
of 100 pieces from a provider that is a process of its own.
"""

import argparse
import asyncio
import sys
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path

from tests.bench import cores, report
from tests.bench.parts import FULL, QUICK, Scale, parts, place
from tests.bench.profile import profiled
from tests.bench.report import Row
from tests.bench.stretch import Size

RESULTS = Path(__file__).parent / "results"


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
        print(_profile(kind, replace(scale.many, at_once=int(at_once or 1), turns=10)))
    else:
        print(_measure(scale, only=options.only or ""))


def _profile(kind: str, size: Size) -> str:
    with place(kind) as where:
        return asyncio.run(profiled(where, size))


def _measure(scale: Scale, *, only: str) -> str:
    rows: list[Row] = []
    with ExitStack() as stack:
        where = cache(lambda kind: stack.enter_context(place(kind)))
        for name, part in parts(scale, where=where, results=RESULTS).items():
            if name.startswith(only):
                print(f"{name} …", file=sys.stderr, flush=True)
                rows += part()
                # At each step: what was measured is there even if the rest is broken off.
                report.write(RESULTS, rows)
    return report.text(rows)


if __name__ == "__main__":
    main()
