"""Which of the machine's cores the bench takes, and which it leaves to the servers beside it."""

import os

import psutil


def count() -> int:
    """Return how many cores this process may use."""
    return len(_ALL)


def take_first() -> None:
    """Keep this process, and the threads that it starts from now on, on the first core."""
    if count() > 1:
        os.sched_setaffinity(0, _ALL[:1])


def take_every() -> None:
    """Let this process and the threads that it starts from now on run everywhere."""
    os.sched_setaffinity(0, _ALL)


def put_aside(pid: int) -> None:
    """Keep a server with all its processes off the first core."""
    if count() < 2:
        return
    server = psutil.Process(pid)
    for process in (server, *server.children(recursive=True)):
        process.cpu_affinity(_ALL[1:])


_ALL = sorted(os.sched_getaffinity(0))
