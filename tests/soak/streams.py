"""Lets many slow answers be shown at once on a few connections, and times the messages meanwhile.

    python -m tests.soak.streams --streams 200 --seconds 30

Every answer is followed, as a web page does. Once they are all there more customers come, each of
whom gets such an answer, too. Exits with 1 where an answer did not come to its end, a message was
refused or took too long to be accepted, or more connections were open than there may be.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any

from sqlalchemy.pool import QueuePool

from bot.app import App, open_app
from bot.errors import StoreUnavailable
from bot.messages import Inbound, Outcome, Replied, Working
from bot.settings import Settings
from bot.store import schema
from bot.store.base import Accepted
from tests.bench.provider import provider
from tests.soak.__main__ import database

CHANNEL = "web"
POOL = 5
_PIECES = 60
_ANSWER = " ".join(f"word{number:02d}" for number in range(_PIECES))
_LOOK = 0.05


@dataclass(slots=True, kw_only=True)
class Report:
    """What was seen. ``first`` and ``meanwhile`` are seconds that an accept took."""

    begun: int = 0
    refused: int = 0
    finished: int = 0
    running: int = 0
    most_running: int = 0
    most_connections: int = 0
    seconds: float = 0.0
    first: list[float] = field(default_factory=list)
    meanwhile: list[float] = field(default_factory=list)


class Crowd:
    """The customers of a bot, each with one question."""

    def __init__(self, app: App) -> None:
        self.report = Report()
        self._app = app
        pool = app.database.engine.pool
        assert isinstance(pool, QueuePool)
        self._pool = pool

    async def come(self, *, streams: int, within: float, seconds: float, every: float) -> Report:
        """Let ``streams`` customers come ``within`` a time, and ``every`` so often another one."""
        begun = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            looking = tasks.create_task(self._look())
            async with asyncio.TaskGroup() as customers:
                for number in range(streams):
                    await asyncio.sleep(within / streams)
                    customers.create_task(self._ask(f"stream {number}", self.report.first))
                for number in range(int(seconds / every)):
                    await asyncio.sleep(every)
                    customers.create_task(self._ask(f"later {number}", self.report.meanwhile))
            looking.cancel()
        self.report.seconds = time.perf_counter() - begun
        return self.report

    async def _ask(self, key: str, times: list[float]) -> None:
        inbound = Inbound(
            channel=CHANNEL,
            key=key,
            external_id=key,
            text="I need help with resetting my password. Can you guide me?",
            customer=key,
        )
        accepted = await self._accepted(inbound, times)
        self.report.begun += 1
        async for told in self._app.engine.follow(accepted.conversation, seq=accepted.seq):
            match told:
                case Working():
                    self.report.running += 1
                    self.report.most_running = max(self.report.most_running, self.report.running)
                case Replied(reply):
                    self.report.running -= 1
                    self.report.finished += (
                        reply.outcome is Outcome.ANSWERED and reply.text == _ANSWER
                    )

    async def _accepted(self, inbound: Inbound, times: list[float]) -> Accepted:
        """Send until it is acknowledged; every try is timed."""
        while True:
            begun = time.perf_counter()
            try:
                return await self._app.engine.accept(inbound)
            except StoreUnavailable:
                self.report.refused += 1
            finally:
                times.append(time.perf_counter() - begun)

    async def _look(self) -> None:
        while True:
            connections = self._pool.checkedin() + self._pool.checkedout()
            self.report.most_connections = max(self.report.most_connections, connections)
            await asyncio.sleep(_LOOK)


async def run(url: str, *, streams: int, within: float, seconds: float, every: float) -> Report:
    """Return what was seen on the migrated database at ``url``."""
    with provider(_ANSWER, pace=seconds / _PIECES) as slow:
        settings = Settings.model_validate(
            {
                "database": {"url": url, "pool": POOL},
                "backends": {"claude": {"kind": "anthropic", "base_url": slow.url}},
            }
        )
        async with open_app(settings, channels=(CHANNEL,)) as app:
            return await Crowd(app).come(
                streams=streams, within=within, seconds=seconds, every=every
            )


# --- By hand ----------------------------------------------------------------------------------


def problems(report: Report, *, most: float) -> Sequence[str]:
    """Return what must not be; ``most`` is the seconds that an accept may take at p95."""
    found = []
    if report.finished < report.begun:
        found.append(f"{report.begun - report.finished} answers did not come to their end")
    if report.refused:
        found.append(f"{report.refused} messages were refused")
    if report.most_connections > POOL:
        found.append(f"{report.most_connections} connections were open")
    if _p95(report.meanwhile) >= most:
        found.append(f"an accept took {_p95(report.meanwhile) * 1000:.0f} ms at p95")
    return found


def _p95(times: Sequence[float]) -> float:
    return quantiles(times, n=20)[-1]


def _told(times: Sequence[float]) -> str:
    middle, high = quantiles(times, n=20)[9], _p95(times)
    return f"{middle * 1000:.1f} / {high * 1000:.1f} / {max(times) * 1000:.1f} ms"


def table(name: str, report: Report) -> str:
    """Return the figures in Markdown."""
    rows = {
        name: "",
        "---": "---:",
        "refused, and sent again": report.refused,
        "answers begun": report.begun,
        "answers that came to their end": report.finished,
        "most at once": report.most_running,
        "most connections open": report.most_connections,
        "accept meanwhile, p50 / p95 / longest": _told(report.meanwhile),
        "accept of the first, p50 / p95 / longest": _told(report.first),
        "took": f"{report.seconds:.0f} s",
    }
    return "\n".join(f"| {name} | {value} |" for name, value in rows.items())


async def _run(options: Any, url: str) -> Report:
    await schema.upgrade(url)
    return await run(
        url,
        streams=options.streams,
        within=options.within,
        seconds=options.seconds,
        every=options.every,
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.streams", description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=30.0, help="that an answer takes")
    parser.add_argument("--within", type=float, default=10.0, help="seconds they all come")
    parser.add_argument("--every", type=float, default=0.2, help="seconds another customer comes")
    parser.add_argument("--most", type=float, default=0.05, help="seconds of an accept at p95")
    options = parser.parse_args()
    found: list[str] = []
    for kind in ["sqlite", "postgresql"] if options.database == "both" else [options.database]:
        with tempfile.TemporaryDirectory() as folder, database(kind, Path(folder)) as url:
            report = asyncio.run(_run(options, url))
        print(table(kind, report), end="\n\n", flush=True)
        found += [f"{kind}: {problem}" for problem in problems(report, most=options.most)]
    print("\n".join(found))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
