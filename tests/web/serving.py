"""The bot as a company runs it: ``bot serve``, a process of its own with its own folder."""

import asyncio
import hmac
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from bot.resources import sample
from tests.servers.ports import free_port
from tests.servers.process import ROOT

_SETTINGS = """
[bot]
name = "Birch"
company = "Larkmoor"
contact = "help@larkmoor.example or +1 218 555 0142"

[knowledge]
paths = ["{help}"]
link = "https://larkmoor.example/help"

[backends.model]
kind = "openai"
base_url = "{model}"
key_env = "MODEL_KEY"

[engine]
lease_seconds = 4.0
sweep_seconds = 0.3
grace_seconds = 0.5
"""
_SITE_KEY = "the shop's own secret, of 32 bytes or more"


class Server:
    """``bot serve`` in ``folder`` on ``port``, which stays its own when it is started again."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self._folder = folder
        self._running: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Return its origin."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def database(self) -> str:
        """Return the url of its database."""
        return f"sqlite:///{self._folder / 'frontdesk.db'}"

    @property
    def log(self) -> str:
        """Return what it wrote, of all its lives."""
        return (self._folder / "log").read_text()

    async def start(self) -> None:
        """Start it, and return once it takes requests."""
        with (self._folder / "log").open("a") as log:
            self._running = await bot(
                "serve", "--port", str(self.port), folder=self._folder, to=log
            )
        async with asyncio.timeout(60):
            while not await self._is_ready():
                assert self._running.returncode is None, self.log
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """Kill it as a machine that loses its power does."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """End it as a deployment does."""
        await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> None:
        if self._running and self._running.returncode is None:
            self._running.send_signal(how)
            await self._running.wait()

    async def _is_ready(self) -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except ConnectionRefusedError:
            return False
        writer.write(b"GET /readyz HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        return answer.startswith(b"HTTP/1.1 200")


async def bot(
    *arguments: str, folder: Path, to: int | IO[str] = asyncio.subprocess.DEVNULL
) -> asyncio.subprocess.Process:
    """Start the command ``bot`` in ``folder``."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "channels.cli", *arguments),
        cwd=folder,
        env={
            "PATH": os.defpath,
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "MODEL_KEY": "none",
            "SITE_KEY": _SITE_KEY,
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=to,
        stderr=to,
    )


@asynccontextmanager
async def serving(
    folder: Path, *, model: str, settings: str = "", help_folder: Path | None = None
) -> AsyncIterator[Server]:
    """Teach a bot the sample store's articles, or those in ``help_folder``, and let it serve.

    ``model`` is the address of who answers; ``settings`` are added to its ``bot.toml``.
    """
    (folder / "bot.toml").write_text(
        _SETTINGS.format(help=help_folder or sample() / "help", model=model) + settings
    )
    learning = await bot("learn", folder=folder)
    assert await learning.wait() == 0
    with free_port() as port:
        server = Server(folder, port)
        try:
            await server.start()
            yield server
        finally:
            await server.stop()


def proof(user: str) -> str:
    """Return what the site "shop" proves with who ``user`` is."""
    return hmac.new(_SITE_KEY.encode(), user.encode(), "sha256").hexdigest()
