"""A process that is told to stop takes nothing new, ends what runs, and leaves the rest."""

import asyncio
import signal
import sys
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.backends.scripted import ScriptedBackend
from bot.errors import StoreUnavailable
from bot.messages import Delivery, Replied
from channels.cli.serving import farewell
from tests.house import house, says, until
from tests.terminals import Terminal

_SERVING = """
    import asyncio, sys
    from pathlib import Path
    from bot.backends.scripted import ScriptedBackend
    from channels.stopping import told_to_stop
    from tests.house import house, says
    from tests.test_stopping import Wall

    async def main(folder, seconds, grace):
        backend = ScriptedBackend([lambda: asyncio.sleep(float(seconds)), "In time."])
        wall, engine = Wall(folder), {"grace_seconds": float(grace)}
        async with (
            told_to_stop() as stop,
            house(folder, backend, posters=[wall], engine=engine) as app,
        ):
            await app.engine.accept(says("hello", external_id="hello"))
            print("ready", flush=True)
            await stop.wait()
            print("stopping", flush=True)

    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
"""


class Wall:
    """A channel that writes what is posted to a file."""

    name = "terminal"

    def __init__(self, folder: Path) -> None:
        self._file = folder / "wall.txt"

    async def find(self, delivery: Delivery) -> str | None:
        return "there" if delivery.text in self.text else None

    async def post(self, delivery: Delivery) -> str:
        with self._file.open("a") as file:
            file.write(delivery.text)
        return "there"

    @property
    def text(self) -> str:
        return self._file.read_text() if self._file.exists() else ""


@asynccontextmanager
async def serving(
    folder: Path, *, seconds: float, grace: float
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a bot that answers for ``seconds``; yields it once it has accepted a message."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", textwrap.dedent(_SERVING), folder, str(seconds), str(grace)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    try:
        assert await process.stdout.readline() == b"ready\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _told(process: asyncio.subprocess.Process, number: int) -> None:
    process.send_signal(number)
    assert process.stdout
    assert await process.stdout.readline() == b"stopping\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_running_turn_is_finished_and_its_reply_leaves(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with serving(tmp_path, seconds=1.0, grace=30.0) as process:
        await _told(process, number)
        assert await process.wait() == 0
    assert Wall(tmp_path).text == "In time."


async def test_what_takes_longer_than_its_grace_is_left_to_others_at_once(tmp_path: Path) -> None:
    async with serving(tmp_path, seconds=60.0, grace=0.2) as process:
        await _told(process, signal.SIGTERM)
        assert await process.wait() == 0
    wall = Wall(tmp_path)
    # Its lease would have lasted for 15 seconds.
    async with house(tmp_path, ScriptedBackend("Mine now."), posters=[wall]):
        await until(lambda: wall.text, seconds=14)
    assert wall.text == "Mine now."


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_ends_it_at_once(tmp_path: Path, number: signal.Signals) -> None:
    async with serving(tmp_path, seconds=60.0, grace=60.0) as process:
        await _told(process, number)
        process.send_signal(number)
        assert await process.wait() == -number


async def test_who_stops_it_is_told_how_many_answers_are_finished(tmp_path: Path) -> None:
    told = asyncio.Event()
    slow = ScriptedBackend([told.wait, "In time."])
    async with house(tmp_path, slow) as app:
        assert farewell(app.engine.running, seconds=5.0) == (
            "Stopping: no answer is being written. A second Ctrl-C ends at once."
        )
        await app.engine.accept(says("hello"))
        assert farewell(app.engine.running, seconds=5.0) == (
            "Stopping: 1 answer is finished, for at most 5 seconds. A second Ctrl-C ends at once."
        )
        told.set()
    assert farewell(12, seconds=0.5).startswith(
        "Stopping: 12 answers are finished, for at most 0.5"
    )


async def test_a_stopping_process_refuses_what_it_could_not_answer(tmp_path: Path) -> None:
    slow = ScriptedBackend([lambda: asyncio.sleep(0.5), "In time."])
    async with house(tmp_path, slow) as app:
        accepted = await app.engine.accept(says("hello"))
    with pytest.raises(StoreUnavailable, match="stopping"):
        await app.engine.accept(says("one more", external_id="late"))
    async with house(tmp_path, ScriptedBackend("Now.")) as app:
        assert not (await app.engine.accept(says("one more", external_id="late"))).duplicate
        events = [event async for event in app.engine.follow(accepted.conversation, seq=1)]
    assert isinstance(events[-1], Replied)
    assert events[-1].reply.text == "In time."


async def test_what_comes_at_the_moment_of_stopping_is_left_to_others_at_once(
    tmp_path: Path,
) -> None:
    async with asyncio.TaskGroup() as tasks, house(tmp_path, ScriptedBackend("Never.")) as app:
        accepting = tasks.create_task(app.engine.accept(says("hello")))
        await asyncio.sleep(0)
    accepted = accepting.result()
    async with house(tmp_path, ScriptedBackend("Mine now.")) as app:
        # Its lease would have lasted for 15 seconds.
        async with asyncio.timeout(14):
            *_, last = [event async for event in app.engine.follow(accepted.conversation, seq=1)]
    assert isinstance(last, Replied)
    assert last.reply.text == "Mine now."


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_a_chat_that_is_terminated_lets_go_of_its_conversation(
    tmp_path: Path, number: signal.Signals
) -> None:
    config = '[backends.slow]\nkind = "extractive"\n'
    (tmp_path / "bot.toml").write_text(config)
    async with Terminal(tmp_path, "chat") as terminal:
        await terminal.until_prompt()
        terminal.terminate(number)
        assert await terminal.exit() == 128 + signal.SIGTERM


class _Stuck(ScriptedBackend):
    async def close(self) -> None:
        raise OSError("the line is in a strange state")


async def test_a_backend_that_cannot_close_leaves_nothing_else_open(tmp_path: Path) -> None:
    other = ScriptedBackend("Hello.", name="other")
    with pytest.raises(OSError, match="strange state"):
        async with house(tmp_path, _Stuck("Hello."), other) as app:
            pass
    with pytest.raises(RuntimeError, match="shutdown"):
        await app.database.try_writing()
