"""Runs the tests that are written in the widget's own language."""

import asyncio
import shutil
from pathlib import Path

CORE = Path(__file__).parent / "core"


async def test_what_the_screen_shows_of_the_events_that_come() -> None:
    node = shutil.which("node")
    assert node, "The tests of the web chat need node. Install Debian's package 'nodejs'."
    running = await asyncio.create_subprocess_exec(
        *(node, "--test", *map(str, CORE.glob("*.test.mjs"))), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await running.communicate()
    assert running.returncode == 0, said.decode()
    assert b"# pass 12" in said
