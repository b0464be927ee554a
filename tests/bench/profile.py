"""Where the engine's time goes."""

import cProfile
import io
import pstats
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.candidates import engine
from tests.bench.places import Place
from tests.bench.provider import provider
from tests.bench.stretch import Size, stretch

_LINES = 40


async def profiled(place: Place, size: Size) -> str:
    """Profile one stretch of the engine, with the threads that its database works in."""
    loop = cProfile.Profile()
    with tempfile.TemporaryDirectory() as folder, provider() as asked:
        async with engine(place, base_url=asked.url, folder=Path(folder)) as candidate:
            await stretch(candidate, size)
            timing = await stretch(candidate, size)
        with _threads() as threads:
            async with engine(place, base_url=asked.url, folder=Path(folder)) as candidate:
                await stretch(candidate, size)
                begun = time.thread_time()
                loop.enable()
                await stretch(candidate, size)
                loop.disable()
                share = (time.thread_time() - begun) / size.total * 1000
    out = io.StringIO()
    print(f"{timing.cpu:.2f} ms of CPU a turn without the profile.", file=out)
    print(f"{share:.2f} ms a turn in the event loop's thread, with the profile.", file=out)
    print("\nThe event loop's thread", file=out)
    _print([loop], out)
    print("\nThe other threads, from the engine's start on: twice as many turns", file=out)
    _print(threads, out)
    return out.getvalue()


@contextmanager
def _threads() -> Iterator[Sequence[cProfile.Profile]]:
    """Profile every thread that begins meanwhile; on Python 3.12 one profile is all there is."""
    profiles: list[cProfile.Profile] = []

    def begin(*_: Any) -> None:
        profiles.append(cProfile.Profile())
        profiles[-1].enable()

    if sys.version_info < (3, 12):
        threading.setprofile(begin)
    yield profiles
    threading.setprofile(None)


def _print(profiles: Sequence[cProfile.Profile], out: io.StringIO) -> None:
    known = [profile for profile in profiles if profile.getstats()]
    if known:
        stats = pstats.Stats(*known, stream=out)
        stats.sort_stats("tottime").print_stats(_LINES)
        stats.sort_stats("cumulative").print_stats(_LINES)
