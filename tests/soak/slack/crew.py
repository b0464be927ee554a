"""``bot slack`` in processes of its own: started, killed, and started again."""

import asyncio
import os
import random
import sys
from asyncio.subprocess import DEVNULL, Process
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.servers.slack import FakeSlack

_CONFIG = """\
[slack]
api_url = "{api}"

[database]
url = "{database}"

[engine]
lease_seconds = 2
sweep_seconds = 0.3
delivery_seconds = 15
tries = 1000

[backends.local]
kind = "openai"
base_url = "{model}"
"""


class Crew:
    """So many processes of the command, whose words go to ``bot.log`` in ``folder``."""

    def __init__(
        self, slack: FakeSlack, *, model: str, database: str, places: int, folder: Path
    ) -> None:
        self._slack = slack
        self._places = places
        self._folder = folder
        self._processes: list[Process] = []
        self.kills = 0
        self.log = folder / "bot.log"
        config = _CONFIG.format(api=slack.api_url, database=database, model=model)
        (folder / "bot.toml").write_text(config)

    async def __aenter__(self) -> Self:
        try:
            for _ in range(self._places):
                self._processes.append(await self._start())
            await self._slack.linked(self._places)
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._end()

    async def _end(self) -> None:
        for process in self._processes:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def kill(self, luck: random.Random) -> None:
        """Kill one in the midst of what it does, and start another one in its place."""
        place = luck.randrange(len(self._processes))
        process = self._processes[place]
        with suppress(ProcessLookupError):
            process.kill()
        self.kills += 1
        await process.wait()
        self._processes[place] = await self._start()

    @property
    def ended(self) -> list[int]:
        """Return the exit codes of those that ended by themselves."""
        return [each.returncode for each in self._processes if each.returncode is not None]

    async def _start(self) -> Process:
        slack = self._slack
        tokens = {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
        }
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "channels.cli", "slack"),
                env={**os.environ, **tokens},
                cwd=self._folder,
                stdin=DEVNULL,
                stdout=log,
                stderr=log,
            )
