"""A provider for the bench: a process of its own, so that its work does not count as ours."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers.acts import Answer
from tests.servers.anthropic import AnthropicServer

PIECES = 100
ANSWER = " ".join(f"word{number:02d}" for number in range(PIECES))


@contextmanager
def provider() -> Iterator[str]:
    """Serve answers of 100 pieces as fast as they are read; yields the ``base_url``."""
    command = [sys.executable, "-m", "tests.bench.provider"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


async def _serve() -> None:
    async with AnthropicServer(lambda _: Answer(text=ANSWER)) as server:
        print(server.url, flush=True)
        while True:
            server.heard.clear()
            await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(_serve())
