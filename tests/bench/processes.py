"""The part of the bench that lets two processes share the work of one on PostgreSQL."""

import asyncio
import json
import statistics
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass

import psutil

from tests.bench import cores
from tests.bench.places import Place
from tests.bench.provider import provider
from tests.bench.report import Row
from tests.bench.stretch import Size, Timing

_THINK = 0.02
_SHARE = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shift:
    """What so many processes did together: turns per second, and CPU milliseconds a turn."""

    rate: float
    engine: float
    database: float
    provider: float

    @property
    def whole(self) -> float:
        return self.engine + self.database + self.provider


@dataclass(frozen=True, slots=True, kw_only=True)
class _Crew:
    """Two processes of the engine, and the servers that they ask."""

    workers: Sequence[Process]
    database: int
    provider: int

    async def work(self, processes: int, size: Size, *, share: float) -> _Shift:
        workers = self.workers[:processes]
        before = _cpu(self.database), _cpu(self.provider)
        timings = await asyncio.gather(*(_order(each, size, share) for each in workers))
        after = _cpu(self.database), _cpu(self.provider)
        turns = size.total * processes
        database, asked = (
            (now - then) / turns * 1000 for now, then in zip(after, before, strict=True)
        )
        return _Shift(
            rate=sum(timing.rate for timing in timings),
            engine=statistics.mean(timing.cpu for timing in timings),
            database=database,
            provider=asked,
        )


async def two_processes(place: Place, *, size: Size, repetitions: int) -> Sequence[Row]:
    """Interleave one process and two, at full speed and held to a part of a core each."""
    shifts: dict[tuple[int, float], list[_Shift]] = {}
    async with _crew(place) as crew:
        for _ in range(repetitions):
            for share in (1.0, _SHARE):
                for processes in (1, 2):
                    shift = await crew.work(processes, size, share=share)
                    shifts.setdefault((processes, share), []).append(shift)
    held = f"PostgreSQL, each process with {_SHARE:.0%} of a core"
    return [
        *_rows("PostgreSQL, at full speed", shifts[1, 1.0], shifts[2, 1.0]),
        *_rows(held, shifts[1, _SHARE], shifts[2, _SHARE]),
        *_costs(shifts[1, 1.0], shifts[2, 1.0]),
    ]


def _rows(where: str, one: Sequence[_Shift], two: Sequence[_Shift]) -> Sequence[Row]:
    return [
        Row(name=f"{where}: turns per second, one", ours=[shift.rate for shift in one]),
        Row(name=f"{where}: turns per second, two", ours=[shift.rate for shift in two]),
        Row(
            name=f"{where}: two against one",
            ours=[both.rate / alone.rate for alone, both in zip(one, two, strict=True)],
            goal="≥ 1.6",
            kept=lambda row: row.middle >= 1.6,
        ),
    ]


def _costs(one: Sequence[_Shift], two: Sequence[_Shift]) -> Sequence[Row]:
    """Tell what a turn takes of everyone, and with it what this machine's cores allow."""
    cores_there = cores.count()
    return [
        Row(name="CPU ms a turn, one process", ours=[shift.engine for shift in one]),
        Row(name="CPU ms a turn, two processes", ours=[shift.engine for shift in two]),
        Row(name="CPU ms a turn, PostgreSQL with two", ours=[shift.database for shift in two]),
        Row(name="CPU ms a turn, the provider with two", ours=[shift.provider for shift in two]),
        Row(
            name="turns per CPU second of the engine, two against one",
            ours=[alone.engine / both.engine for alone, both in zip(one, two, strict=True)],
            goal="≥ 0.9",
            kept=lambda row: row.middle >= 0.9,
        ),
        Row(
            name=f"two against one at full speed: the most that {cores_there} cores allow",
            ours=[
                min(2.0, cores_there * alone.engine / both.whole)
                for alone, both in zip(one, two, strict=True)
            ],
        ),
    ]


@asynccontextmanager
async def _crew(place: Place) -> AsyncIterator[_Crew]:
    url = await place.migrated()
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        asked = stack.enter_context(provider(think=_THINK))
        workers = [
            await stack.enter_async_context(_worker(url, asked.url, folder)) for _ in range(2)
        ]
        cores.share_out([worker.pid for worker in workers], [place.pid, asked.pid])
        yield _Crew(workers=workers, database=place.pid, provider=asked.pid)


@asynccontextmanager
async def _worker(*words: str) -> AsyncIterator[Process]:
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.worker", *words, stdin=PIPE, stdout=PIPE
    )
    try:
        await _told(worker)
        yield worker
    finally:
        assert worker.stdin is not None
        worker.stdin.close()
        await worker.wait()


async def _order(worker: Process, size: Size, share: float) -> Timing:
    assert worker.stdin is not None
    worker.stdin.write(json.dumps({"size": asdict(size), "share": share}).encode() + b"\n")
    return Timing(**json.loads(await _told(worker)))


async def _told(worker: Process) -> bytes:
    assert worker.stdout is not None
    return await worker.stdout.readline()


def _cpu(pid: int) -> float:
    """Return the seconds of CPU of a process and of all that it started."""
    process = psutil.Process(pid)
    ended = process.cpu_times()
    living = [each.cpu_times() for each in (process, *process.children(recursive=True))]
    return (
        ended.children_user
        + ended.children_system
        + sum(times.user + times.system for times in living)
    )
