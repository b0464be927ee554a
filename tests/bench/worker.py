"""A process that runs the engine, and does a stretch for each line of its standard input."""

import argparse
import asyncio
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from tests.bench.candidates import EngineCandidate, engine_at
from tests.bench.stretch import Size, Timing, stretch

_WARMING = Size(at_once=50, rounds=1, turns=1)
_PERIOD = 0.01


async def _work(url: str, *, base_url: str, folder: Path) -> None:
    async with engine_at(url, base_url=base_url, folder=folder) as candidate:
        await stretch(candidate, _WARMING)
        print("ready", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            order = json.loads(line)
            timing = await _held(candidate, Size(**order["size"]), share=order["share"])
            print(json.dumps(asdict(timing)), flush=True)


async def _held(candidate: EngineCandidate, size: Size, *, share: float) -> Timing:
    """Do a stretch with at most ``share`` of a core."""
    async with asyncio.TaskGroup() as group:
        brake = group.create_task(_brake(share))
        timing = await stretch(candidate, size)
        brake.cancel()
    return timing


async def _brake(share: float) -> None:
    """Stand still so that this process takes no more than its share, as under a quota."""
    while share < 1:
        wall, cpu = time.perf_counter(), time.process_time()
        await asyncio.sleep(_PERIOD)
        owed = (time.process_time() - cpu) / share - (time.perf_counter() - wall)
        time.sleep(max(owed, 0))  # noqa: ASYNC251 - nothing else here shall run meanwhile


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("base_url")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    asyncio.run(_work(options.url, base_url=options.base_url, folder=options.folder))
