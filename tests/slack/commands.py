"""The bot's commands as people run them, each a process of its own, against a fake Slack."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.process import ROOT
from tests.servers.slack import FakeSlack

SETTINGS = """
[bot]
contact = "help@larkmoor.example"

[backends.words]
kind = "scripted"
answers = ["It takes three days."]

[engine]
grace_seconds = 5.0

[web]
port = 0
demo = false

[slack]
api_url = "{api_url}"
"""


def settle(folder: Path, slack: FakeSlack, more: str = "") -> Path:
    """Write a ``bot.toml`` for ``slack`` into ``folder``; ``more`` stands at its end."""
    (folder / "bot.toml").write_text(SETTINGS.format(api_url=slack.api_url) + more)
    return folder


def tokens(slack: FakeSlack, **other: str) -> dict[str, str]:
    """Return the environment of somebody who has set ``slack`` up."""
    return {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        **other,
    }


async def told(folder: Path, *command: str, env: Mapping[str, str]) -> tuple[int, str]:
    """Run a command that ends; return its exit code and all that it printed."""
    process = await _started(folder, command, env)
    async with asyncio.timeout(60):
        out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode()


@dataclass(kw_only=True)
class Served:
    """A process that serves; ``lines`` is what it printed, on either of its outputs."""

    process: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)

    @property
    def log(self) -> str:
        return "".join(self.lines)

    async def says(self, words: str) -> str:
        """Wait until a line has ``words`` in it, and return the line."""
        async with asyncio.timeout(60):
            while True:
                for line in self.lines:
                    if words in line:
                        return line
                assert self.process.returncode is None, self.log
                await asyncio.sleep(0.02)

    async def address(self) -> str:
        """Return where its web chat is, once it says so."""
        return (await self.says("The chat is served on ")).split(" on ")[1].split()[0]

    async def end(self) -> int:
        """Ask it to stop, and return its exit code."""
        self.process.terminate()
        async with asyncio.timeout(30):
            return await self.process.wait()


@asynccontextmanager
async def serving(folder: Path, *command: str, env: Mapping[str, str]) -> AsyncIterator[Served]:
    """Run a command that serves until it is ended, or the block is."""
    process = await _started(folder, command, env)
    served = Served(process=process)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_read(served))
        try:
            yield served
        finally:
            if process.returncode is None:
                process.kill()


async def _read(served: Served) -> None:
    assert served.process.stdout
    async for line in served.process.stdout:
        served.lines.append(line.decode())
    await served.process.wait()


async def _started(
    folder: Path, command: tuple[str, ...], env: Mapping[str, str]
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "channels.cli", *command),
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", **env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
