"""Where the engine's time goes: CPU time, so that nobody else on the machine is seen in it."""

import cProfile
import io
import pstats
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.candidates import engine
from tests.bench.places import Place
from tests.bench.provider import provider
from tests.bench.stretch import Size, stretch

_LINES = 40
_ASIDE = "<built-in method gc.collect>"  # the stretch's own


async def profiled(place: Place, size: Size) -> str:
    """Profile one stretch of the engine, with the threads that its database works in."""
    loop = cProfile.Profile(time.thread_time)
    with tempfile.TemporaryDirectory() as folder, provider() as asked:
        async with engine(place, base_url=asked.url, folder=Path(folder)) as candidate:
            await stretch(candidate, size)
            timing = await stretch(candidate, size)
        with _threads() as threads:
            async with engine(place, base_url=asked.url, folder=Path(folder)) as candidate:
                await stretch(candidate, size)
                loop.enable()
                await stretch(candidate, size)
                loop.disable()
    out = io.StringIO()
    print(
        f"Without the profile: {timing.cpu:.2f} ms of CPU a turn, "
        f"{timing.loop:.2f} of them in the event loop's thread.",
        file=out,
    )
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
        profiles.append(cProfile.Profile(time.thread_time))
        profiles[-1].enable()

    if sys.version_info < (3, 12):
        threading.setprofile(begin)
    yield profiles
    threading.setprofile(None)


def _print(profiles: Sequence[cProfile.Profile], out: io.StringIO) -> None:
    known = [profile for profile in profiles if profile.getstats()]
    if known:
        stats = pstats.Stats(*known, stream=out)
        for place, share in _places(stats)[:_LINES]:
            print(f"{share:7.1%}  {place}", file=out)
        stats.sort_stats("tottime").print_stats(_LINES)
        stats.sort_stats("cumulative").print_stats(_LINES)


def _places(stats: pstats.Stats) -> Sequence[tuple[str, float]]:
    """Return the share of each package, and of each of our files; what C does is its caller's."""
    own: Counter[str] = Counter()
    for (file, _, name), (_, _, seconds, _, callers) in stats.stats.items():  # type: ignore[attr-defined]
        if name == _ASIDE:
            continue
        if file != "~" or not callers:
            own[_place(file)] += seconds
            continue
        for (caller, _, _), (_, _, its_seconds, _) in callers.items():
            own[_place(caller)] += its_seconds
    return [(place, seconds / own.total()) for place, seconds in own.most_common()]


def _place(file: str) -> str:
    parts = Path(file).parts
    for root in ("site-packages", "bot", "tests"):
        if root in parts:
            below = parts[parts.index(root) + 1 :]
            return below[0] if root == "site-packages" else "/".join((root, *below))
    return parts[-2] if len(parts) > 1 else file
