"""A model in a process of its own: slow at random, and its answer tells whether it is whole.

python -m tests.soak.slack.model --pace 0.02
"""

import argparse
import asyncio
import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from tests.servers.acts import Act, Answer
from tests.servers.base import Heard
from tests.servers.openai import OpenAIServer
from tests.servers.process import end_with_parent, process
from tests.soak.provider import orders

_SAID: Final = (
    "we have looked at it with care and it will be with you as soon as the carrier has room "
    "until then you can follow its way in your account where every step is noted"
)


def answer(named: Sequence[str]) -> str:
    """Return the only right answer about these orders, to the letter."""
    luck, words = random.Random(" ".join(named)), _SAID.split()
    many = luck.choice((luck.randint(3, 30), luck.randint(30, 120), luck.randint(120, 600)))
    body = " ".join(
        f"{luck.choice(words)}{'.' if place % 40 == 39 else ''}" for place in range(many)
    )
    asked = ", ".join(named)
    return f"About {asked}: {body}. That is all about {asked}."


def answered(heard: Heard) -> Act:
    """Answer everything that was asked since the last answer."""
    said = heard.json()["messages"]
    last = max((at for at, each in enumerate(said) if each["role"] == "assistant"), default=-1)
    return Answer(text=answer(orders(json.dumps(said[last + 1 :]))))


@contextmanager
def running(*, pace: float, seed: int) -> Iterator[str]:
    """Serve with about ``pace`` seconds between two words; yields the ``base_url``."""
    with process("tests.soak.slack.model", *("--pace", str(pace), "--seed", str(seed))) as url:
        yield url


async def _serve(options: Any) -> None:
    luck = random.Random(options.seed)
    async with OpenAIServer(answered, pace=lambda: luck.expovariate(1 / options.pace)) as server:
        print(server.url, flush=True)
        while True:
            server.heard.clear()
            await asyncio.sleep(1)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.slack.model", description=__doc__)
    parser.add_argument("--pace", type=float, default=0.02, help="seconds between two words")
    parser.add_argument("--seed", type=int, default=0)
    end_with_parent()
    asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
