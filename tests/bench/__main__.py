"""Measures the engine against its floor in one run, and writes a table and a plot.

    make bench

Three questions: what does the engine add to a raw SDK call with two transactions; does turn 2,000
cost what turn 10 costs; how much of each request's history repeats the one before to the byte.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

from bot.app import App
from bot.backends.anthropic import AnthropicBackend
from bot.backends.scripted import ScriptedBackend
from bot.messages import Piece
from bot.settings import AnthropicSettings
from tests.bench.floor import Floor
from tests.bench.provider import provider
from tests.bench.report import Row, write
from tests.house import house, says
from tests.servers.acts import Answer
from tests.servers.anthropic import AnthropicServer

QUESTION = "Hi, I need help with resetting my password. Can you guide me?"
ANSWER = "Open the sign-in page, choose Forgot password and follow the e-mail [1]. " * 3
RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """One stretch of turns: milliseconds a turn, of the wall's clock and of this process's CPU."""

    wall: float
    cpu: float
    first: float


async def stretch(turn: Callable[[str], Awaitable[float]], *, turns: int) -> Timing:
    """Run ``turns`` one after the other."""
    wall, cpu = time.perf_counter(), time.process_time()
    first = [await turn(QUESTION) for _ in range(turns)]
    return Timing(
        wall=(time.perf_counter() - wall) / turns * 1000,
        cpu=(time.process_time() - cpu) / turns * 1000,
        first=statistics.median(first) * 1000,
    )


async def engine_turn(app: App, question: str, *, key: str) -> float:
    """Ask the engine and follow the answer; returns the seconds to the first piece."""
    begun, first = time.perf_counter(), 0.0
    accepted = await app.engine.accept(says(question, key=key))
    async for event in app.engine.follow(accepted.conversation, seq=accepted.seq):
        if isinstance(event, Piece):
            first = first or time.perf_counter() - begun
    return first


async def against_the_floor(folder: Path, *, turns: int, repetitions: int) -> Sequence[Row]:
    """Interleave the floor and the engine, so that both see the same machine."""
    floors, engines = [], []
    with provider() as url:
        settings = AnthropicSettings(kind="anthropic", base_url=url)
        claude = AnthropicBackend(name="claude", settings=settings, key="none")
        floor = await Floor.open(folder / "floor.db", base_url=url)
        async with house(folder, claude) as app:
            for repetition in range(repetitions + 1):
                key = f"conversation {repetition}"
                ask = partial(engine_turn, app, key=key)
                pair = (
                    await stretch(floor.turn, turns=turns),
                    await stretch(ask, turns=turns),
                )
                if repetition:  # the first one warms up
                    floors.append(pair[0])
                    engines.append(pair[1])
        await floor.close()
    return [
        Row.ratio("wall ms a turn", [t.wall for t in engines], [t.wall for t in floors]),
        Row.ratio("CPU ms a turn", [t.cpu for t in engines], [t.cpu for t in floors]),
        Row.ratio("ms to first piece", [t.first for t in engines], [t.first for t in floors]),
    ]


async def long_conversation(folder: Path, *, last: int) -> tuple[Sequence[Row], Sequence[float]]:
    """Time every turn of one conversation; compare its end with its beginning."""
    seconds = []
    async with house(folder, ScriptedBackend(ANSWER)) as app:
        for number in range(last):
            begun = time.perf_counter()
            await engine_turn(app, f"Question {number}: how do I reset my password?", key="long")
            seconds.append((time.perf_counter() - begun) * 1000)
    begin, end = seconds[5:25], seconds[-20:]
    return [Row.ratio(f"ms at turn {last} against turn 10", end, begin)], seconds


async def repeated_history(folder: Path, *, turns: int) -> Sequence[Row]:
    """Compare what is sent of each request with the one before, byte for byte."""
    async with AnthropicServer(lambda _: Answer(text=ANSWER)) as server:
        settings = AnthropicSettings(kind="anthropic", base_url=server.url)
        claude = AnthropicBackend(name="claude", settings=settings, key="none")
        async with house(folder, claude, window={"tokens": 4000}) as app:
            for number in range(turns):
                await engine_turn(app, f"Question {number}: and my password?", key="cache")
        bodies = [unmarked(heard.body) for heard in server.heard]
    shares = [share(before, after) for before, after in pairwise(bodies)]
    kept = [value for value in shares[20:] if value > 50]
    return [
        Row.plain("% of a request's history that repeats, between cuts", kept),
        Row.plain(f"cuts in {turns} turns", [float(sum(value <= 50 for value in shares))]),
    ]


def unmarked(body: bytes) -> bytes:
    """Return a request's messages without the cache marks, which move and are no content."""
    messages = json.dumps(json.loads(body)["messages"], separators=(",", ":")).encode()
    return messages.replace(b',"cache_control":{"type":"ephemeral"}', b"")


def share(before: bytes, after: bytes) -> float:
    """Return how many percent of ``before``'s history, up to its last question, open ``after``."""
    end = before.rindex(b"Question ")
    same = next((at for at in range(end) if before[at] != after[at]), end)
    return same / end * 100


async def run(*, turns: int, repetitions: int, last: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows: list[Row] = []
        for part in ("floor", "long", "cache"):
            (folder / part).mkdir()
        say(f"engine against floor: {repetitions} x {turns} turns of 100 pieces each …")
        rows += await against_the_floor(folder / "floor", turns=turns, repetitions=repetitions)
        say(f"one conversation of {last} turns …")
        more, seconds = await long_conversation(folder / "long", last=last)
        rows += more
        say("what repeats from request to request …")
        rows += await repeated_history(folder / "cache", turns=100)
    print(write(RESULTS, rows=rows, seconds=seconds))


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--turns", type=int, default=40, help="turns in one repetition")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--last", type=int, default=2000, help="the long conversation's turns")
    options = parser.parse_args()
    asyncio.run(run(turns=options.turns, repetitions=options.repetitions, last=options.last))


if __name__ == "__main__":
    main()
