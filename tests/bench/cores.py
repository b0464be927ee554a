"""Which of the machine's cores the bench takes, and which it leaves to the servers beside it."""

import os
from collections.abc import Sequence
from pathlib import Path

import psutil


def count() -> int:
    """Return how many cores this process may use."""
    return len(_ALL)


def crowded() -> float:
    """Return how much of the time this thread had to wait, ready to run, for its core.

    Source: https://docs.kernel.org/scheduler/sched-stats.html
    """
    ran, waited, _ = map(int, Path("/proc/thread-self/schedstat").read_text().split())
    return waited / (ran + waited)


def take_first() -> None:
    """Keep this process, and the threads that it starts from now on, on the first core."""
    if count() > 1:
        os.sched_setaffinity(0, _ALL[:1])


def put_aside(pid: int) -> None:
    """Keep a server with all its processes off the first core."""
    if count() > 1:
        _keep(pid, _ALL[1:])


def share_out(workers: Sequence[int], servers: Sequence[int]) -> None:
    """Give each worker a core and the servers the rest; where those are too few, all to all."""
    apart = count() >= len(workers) + len(servers)
    for number, pid in enumerate(workers):
        _keep(pid, [_ALL[number]] if apart else _ALL)
    for pid in servers:
        _keep(pid, _ALL[len(workers) :] if apart else _ALL)


def _keep(pid: int, there: Sequence[int]) -> None:
    """Keep a process, its threads and all that it started on the cores ``there``."""
    process = psutil.Process(pid)
    for each in (process, *process.children(recursive=True)):
        for thread in each.threads():
            os.sched_setaffinity(thread.id, there)


_ALL = sorted(os.sched_getaffinity(0))
