"""The part of the bench that sets the bot in Slack against a bare Bolt app."""

import asyncio
import json
import os
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
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

_MINUTE = 60.0  # seconds that the model thinks while acknowledgements are timed
_THINK = 0.2
_PACE = 0.03  # seconds from word to word, as a quick model has it
_LINE = 16 * 2**20  # bytes that an answer of the people may have
_LEAST = 1e-3  # what is too little to be measured is no nothing, which has no ratio
_WAYS = {"socket": "Socket Mode", "http": "signed HTTP"}

_SETTINGS = """
[database]
url = "{database}"
[engine]
grace_seconds = 0
[backends.claude]
kind = "anthropic"
base_url = "{model}"
key_env = "BENCH_KEY"
[slack]
api_url = "{api}"
mode = "{mode}"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rush:
    """So many messages within so many seconds while the model thinks, each a thread of its own.

    Then so many ``answers`` of so many words, twice as slowly. ``modes`` are Slack's ways to the
    bot.
    """

    messages: int
    seconds: float
    answers: int
    words: int
    modes: Sequence[str] = tuple(_WAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Show:
    """What an app made of a rush: milliseconds, in order; ``cpu`` are those an answer."""

    acks: Sequence[float]
    statuses: Sequence[float]
    firsts: Sequence[float]
    cpu: float


class _People:
    """The process of Slack and of those who write there. ``known`` is how an app reaches it."""

    def __init__(self, process: Process, known: Mapping[str, str]) -> None:
        self._process = process
        self.known = known

    async def do(self, deed: str, **order: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": deed, **order}).encode() + b"\n")
        return json.loads(await self._process.stdout.readline())


@dataclass(frozen=True, slots=True, kw_only=True)
class _App:
    """One of the two that are measured, in one mode, with a model that thinks for so long."""

    name: str
    mode: str
    think: float
    text: str

    @asynccontextmanager
    async def running(self, place: Place, people: _People, port: int) -> AsyncIterator[Any]:
        """Run it until the block ends, with its own model and on a new database."""
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            environment = {**os.environ, "BENCH_KEY": "none", **people.known}
            if self.name == "bare":
                command = self._bare(people.known["api_url"])
            else:
                model = stack.enter_context(
                    provider(self.text, think=self.think, pace=_PACE, stamps=True)
                )
                command = self._bot(
                    folder,
                    database=await place.migrated(),
                    model=model.url,
                    api=people.known["api_url"],
                )
                await _learn(command, environment)
                command.append("run")
            async with served(command, port, environment=environment) as process:
                hook = f"http://127.0.0.1:{port}/slack/events"
                await people.do("reach", url=hook if self.mode == "http" else None)
                yield process

    def _bot(self, folder: Path, **facts: str) -> list[str]:
        settings = folder / "bot.toml"
        settings.write_text(_SETTINGS.format(mode=self.mode, **facts))
        return [sys.executable, "-m", "channels.cli", "--config", str(settings)]

    def _bare(self, api_url: str) -> list[str]:
        times = ["--think", str(self.think), "--pace", str(_PACE)]
        socket = ["--socket"] if self.mode == "socket" else []
        where = ["--api-url", api_url, *socket]
        return [sys.executable, "-m", "tests.bench.bare_slack", self.text, *times, *where]


async def slack_answers(place: Place, *, rush: Rush, repetitions: int) -> Sequence[Row]:
    """Interleave the bot and a bare app, each as new processes every time, in both modes."""
    shows: dict[tuple[str, str], list[_Show]] = {}
    for repetition in range(repetitions):
        for mode in rush.modes:
            for name in ("ours", "bare")[:: -1 if repetition % 2 else 1]:
                shows.setdefault((name, mode), []).append(await _show(place, name, mode, rush))
    return [
        row for mode in rush.modes for row in _rows(mode, shows["ours", mode], shows["bare", mode])
    ]


async def _show(place: Place, name: str, mode: str, rush: Rush) -> _Show:
    thinking = _App(name=name, mode=mode, think=_MINUTE, text="Yes.")
    async with _asked(thinking, place) as (people, _):
        kept = await people.do("ask", messages=rush.messages, seconds=rush.seconds, words=0)
    writing = _App(name=name, mode=mode, think=_THINK, text=paragraphs(rush.words))
    async with _asked(writing, place, words=rush.words) as (people, process):
        seconds = 2 * rush.seconds * rush.answers / rush.messages
        before = cpu(process)
        said = await people.do("ask", messages=rush.answers, seconds=seconds, words=rush.words)
        spent = cpu(process) - before
    return _Show(
        acks=sorted(kept["acks"]),
        statuses=sorted(kept["statuses"]),
        firsts=sorted(said["firsts"]),
        cpu=max(spent, _LEAST) * 1000 / rush.answers,
    )


@asynccontextmanager
async def _asked(app: _App, place: Place, *, words: int = 0) -> AsyncIterator[Any]:
    """Run an app before people who have asked it once: it is warm."""
    async with AsyncExitStack() as stack:
        people = await stack.enter_async_context(_people())
        process = await stack.enter_async_context(app.running(place, people, free_port()))
        await people.do("ask", messages=1, seconds=0, words=words)
        yield people, process


def _rows(mode: str, ours: Sequence[_Show], bare: Sequence[_Show]) -> Sequence[Row]:
    where = f"Slack, {_WAYS[mode]}"

    def row(name: str, of: Callable[[_Show], float], *, below: float | None = None) -> Row:
        return Row(
            name=f"{where}: {name}",
            ours=[of(show) for show in ours],
            floors=("", "bare Bolt"),
            second=[of(show) for show in bare],
            goal=f"< {below:g} ms" if below else "",
            kept=(lambda row: row.middle < below) if below else None,
        )

    return [
        row("ms to the ack while the model thinks, median", lambda show: _at(show.acks, 0.5)),
        row("the same, 99 in 100", lambda show: _at(show.acks, 0.99), below=100),
        row("the same, slowest", lambda show: show.acks[-1]),
        row("ms to the status meanwhile, median", lambda show: _at(show.statuses, 0.5)),
        row("the same, 99 in 100", lambda show: _at(show.statuses, 0.99), below=300),
        row("ms from the model's first word to Slack, median", lambda show: _at(show.firsts, 0.5)),
        row("the same, 99 in 100", lambda show: _at(show.firsts, 0.99), below=400),
        row("CPU ms an answer", lambda show: show.cpu),
    ]


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[int(share * (len(ordered) - 1))]


@asynccontextmanager
async def _people() -> AsyncIterator[_People]:
    command = (sys.executable, "-m", "tests.bench.people")
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, limit=_LINE)
    cores.put_aside(process.pid)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield _People(process, json.loads(await process.stdout.readline()))
    finally:
        process.stdin.close()
        await process.wait()


async def _learn(command: Sequence[str], environment: Mapping[str, str]) -> None:
    learning = await asyncio.create_subprocess_exec(
        *command, "learn", str(sample() / "help"), stdout=DEVNULL, env=environment
    )
    assert await learning.wait() == 0
