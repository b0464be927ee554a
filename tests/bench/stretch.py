"""A stretch of turns: so many conversations at a time, and what a turn of them takes."""

import asyncio
import gc
import itertools
import os
import statistics
import time
from dataclasses import dataclass

from tests.bench.candidates import Candidate
from tests.bench.words import QUESTION

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """``rounds`` times ``at_once`` conversations of ``turns`` turns each."""

    at_once: int
    rounds: int
    turns: int

    @property
    def total(self) -> int:
        return self.at_once * self.rounds * self.turns


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Turns per second, and milliseconds a turn.

    ``cpu`` is this process's, ``loop`` what of it the event loop's thread takes, ``first`` the time
    to the first piece.
    """

    rate: float
    cpu: float
    loop: float
    first: float


async def stretch(candidate: Candidate, size: Size) -> Timing:
    """Ask ``candidate`` in new conversations."""
    firsts: list[float] = []

    async def converse() -> None:
        key = f"conversation {os.getpid()}-{next(_numbers)}"
        firsts.extend([await candidate.turn(key, QUESTION) for _ in range(size.turns)])

    gc.collect()  # nobody pays for what the one before left behind
    wall, cpu, loop = time.perf_counter(), time.process_time(), time.thread_time()
    for _ in range(size.rounds):
        async with asyncio.TaskGroup() as group:
            for _ in range(size.at_once):
                group.create_task(converse())
    wall = time.perf_counter() - wall
    cpu, loop = time.process_time() - cpu, time.thread_time() - loop
    return Timing(
        rate=size.total / wall,
        cpu=cpu / size.total * 1000,
        loop=loop / size.total * 1000,
        first=statistics.median(firsts) * 1000,
    )
