"""The part of the bench that lets a thousand visitors watch the web chat at once."""

import asyncio
import json
import os
import resource
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.resources import sample
from tests.bench import cores
from tests.bench.places import Place
from tests.bench.provider import provider
from tests.bench.report import Row
from tests.bench.served import cpu, free_port, served
from tests.bench.stamps import paragraphs

_PACE = 0.03  # seconds from word to word, as a quick model has it
_LINE = 16 * 2**20  # bytes that an answer of the audience may have
_MANY = 1_000_000
_LEAST = 1e-3  # what is too little to be measured is no nothing, which has no ratio
_FLOORS = ("", "bare Starlette")
_ENVIRONMENT = {**os.environ, "BENCH_KEY": "none"}

_SETTINGS = """
[database]
url = "{database}"
[backends.claude]
kind = "anthropic"
base_url = "{model}"
key_env = "BENCH_KEY"
[web]
token_minutes = 60
messages_per_minute = {many}
messages_per_minute_and_address = {many}
sessions_per_minute_and_address = {many}
requests_per_minute_and_address = {many}
streams_per_visitor = {many}
streams_per_address = {many}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """So many streams at once, of which ``answers`` get an answer of so many words."""

    streams: int
    answers: int
    words: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Show:
    """What a server made of a crowd.

    ``delays`` are milliseconds from the model's word to the page, in order; ``memory`` are
    kilobytes a stream, ``cpu`` milliseconds a word.
    """

    delays: Sequence[float]
    memory: float
    cpu: float

    def at(self, share: float) -> float:
        return self.delays[int(share * (len(self.delays) - 1))]


class _Audience:
    """The process of those who watch."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def do(self, deed: str, **order: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": deed, **order}).encode() + b"\n")
        return json.loads(await self._process.stdout.readline())


async def watched_answers(place: Place, *, crowd: Crowd, repetitions: int) -> Sequence[Row]:
    """Interleave the web chat and a bare server, each as a new process every time."""
    text = paragraphs(crowd.words)
    shows: dict[str, list[_Show]] = {"ours": [], "bare": []}
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(_files())
        quick = stack.enter_context(provider("Yes."))
        model = stack.enter_context(provider(text, pace=_PACE, stamps=True))
        audience = await stack.enter_async_context(_audience())
        database = await place.migrated()
        ours = _bot(folder, database=database, model=quick.url)
        await _learn(ours)
        port = free_port()  # one for all, since sessions belong to a page's origin
        async with served([*ours, "serve"], port, environment=_ENVIRONMENT):
            seats = await audience.do("seats", port=port, count=crowd.streams)
        _bot(folder, database=database, model=model.url)
        bare = [sys.executable, "-m", "tests.bench.bare", text, "--pace", str(_PACE)]
        for repetition in range(repetitions):
            turns = [("ours", [*ours, "serve"]), ("bare", bare)]
            for name, command in turns[:: -1 if repetition % 2 else 1]:
                shows[name].append(await _show(audience, command, port, seats, crowd))
    return _rows(crowd, **shows)


async def _show(
    audience: _Audience, command: Sequence[str], port: int, seats: Sequence[Any], crowd: Crowd
) -> _Show:
    async with served(command, port, environment=_ENVIRONMENT) as process:
        await audience.do("open", port=port, seats=seats[:1])
        await audience.do("ask", asking=1, words=crowd.words)  # it warms up
        await audience.do("close")
        empty = process.memory_full_info().uss
        await audience.do("open", port=port, seats=seats)
        full = process.memory_full_info().uss
        before = cpu(process)
        delays = await audience.do("ask", asking=crowd.answers, words=crowd.words)
        spent = cpu(process) - before
        await audience.do("close")
    return _Show(
        delays=sorted(delay / 1000 for delay in delays),
        memory=max(full - empty, _LEAST) / len(seats) / 1024,
        cpu=max(spent, _LEAST) * 1000 / len(delays),
    )


def _rows(crowd: Crowd, *, ours: Sequence[_Show], bare: Sequence[_Show]) -> Sequence[Row]:
    where = f"web, {crowd.streams} streams, {crowd.answers} answers"
    return [
        Row(
            name=f"{where}: ms from the model's word to the page, median",
            ours=[show.at(0.5) for show in ours],
            floors=_FLOORS,
            second=[show.at(0.5) for show in bare],
            goal="≤ 10 ms after (ii)",
            kept=lambda row: row.after_second <= 10,
        ),
        Row(
            name=f"{where}: the same, 99 in 100",
            ours=[show.at(0.99) for show in ours],
            floors=_FLOORS,
            second=[show.at(0.99) for show in bare],
        ),
        Row(
            name=f"{where}: kB of memory a stream",
            ours=[show.memory for show in ours],
            floors=_FLOORS,
            second=[show.memory for show in bare],
        ),
        Row(
            name=f"{where}: CPU ms a word",
            ours=[show.cpu for show in ours],
            floors=_FLOORS,
            second=[show.cpu for show in bare],
        ),
    ]


def _bot(folder: Path, *, database: str, model: str) -> list[str]:
    """Write the settings of a bot that asks ``model``; returns its command."""
    settings = folder / "bot.toml"
    settings.write_text(_SETTINGS.format(database=database, model=model, many=_MANY))
    return [sys.executable, "-m", "channels.cli", "--config", str(settings)]


async def _learn(command: Sequence[str]) -> None:
    learning = await asyncio.create_subprocess_exec(
        *command, "learn", str(sample() / "help"), stdout=DEVNULL, env=_ENVIRONMENT
    )
    assert await learning.wait() == 0


@asynccontextmanager
async def _audience() -> AsyncIterator[_Audience]:
    command = (sys.executable, "-m", "tests.bench.audience")
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, limit=_LINE)
    cores.put_aside(process.pid)
    try:
        yield _Audience(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


@contextmanager
def _files() -> Iterator[None]:
    """Let this process, and all that it starts, have as many lines open as the machine allows."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
