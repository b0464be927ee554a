"""A provider in a process of its own: slow at random, and it names what it answers."""

import argparse
import asyncio
import json
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.servers.acts import Act, Answer
from tests.servers.anthropic import AnthropicServer
from tests.servers.base import Heard
from tests.servers.process import end_with_parent, process

_ORDER = re.compile(r"order-\d+")
_FILLER = "We have looked at it with care and will tell you as soon as anything is new here."


def orders(text: str) -> tuple[str, ...]:
    """Return the orders that ``text`` names: each message of the soak asks for one of its own."""
    return tuple(dict.fromkeys(_ORDER.findall(text)))


# One event in so many lets itself be waited for.
_RARE = 150


class Model:
    """Names the orders of all that was asked since its last answer; at times it thinks long."""

    def __init__(self, luck: random.Random, *, pace: float, longest: float) -> None:
        self._luck = luck
        self._pace = pace
        self._longest = longest

    def __call__(self, heard: Heard) -> Act:
        said = heard.json()["messages"]
        last = max((at for at, each in enumerate(said) if each["role"] == "assistant"), default=-1)
        asked = ", ".join(orders(json.dumps(said[last + 1 :])))
        filler = _FILLER.split()[: self._luck.randint(0, 16)]
        return Answer(text=" ".join([f"About {asked}:", *filler]))

    def pause(self) -> float:
        """Return the seconds until the next event: mostly few, at times many."""
        if self._luck.randrange(_RARE) == 0:
            return self._luck.uniform(0, self._longest)
        return self._luck.expovariate(1 / self._pace)


@contextmanager
def running(*, pace: float = 0.02, longest: float = 5.0, seed: int = 0) -> Iterator[str]:
    """Serve answers with about ``pace`` seconds between two events; yields the ``base_url``."""
    arguments = ("--pace", str(pace), "--longest", str(longest), "--seed", str(seed))
    with process("tests.soak.provider", *arguments) as url:
        yield url


async def _serve(*, pace: float, longest: float, seed: int) -> None:
    model = Model(random.Random(seed), pace=pace, longest=longest)
    async with AnthropicServer(model, pace=model.pause) as server:
        print(server.url, flush=True)
        while True:
            server.heard.clear()
            await asyncio.sleep(1)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.provider", description=__doc__)
    parser.add_argument("--pace", type=float, default=0.02, help="seconds between two events")
    parser.add_argument("--longest", type=float, default=5.0, help="and at times up to so many")
    parser.add_argument("--seed", type=int, default=0)
    options: Any = parser.parse_args()
    end_with_parent()
    asyncio.run(_serve(pace=options.pace, longest=options.longest, seed=options.seed))


if __name__ == "__main__":
    main()
