"""The workers: started, killed, paused, stopped, and started again."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.process import ROOT

_START_SECONDS = 60.0
_END_SECONDS = 30.0


@dataclass(slots=True, kw_only=True)
class Worker:
    """A process at its place in the crew. ``door`` is empty until it is open."""

    process: Process | None = None
    door: str = ""
    paused: bool = False


class Crew:
    """As many workers as ``places``; who is killed is followed by another one.

    ``command`` is a worker's arguments. What workers log goes to ``log``.
    """

    def __init__(self, *command: str, places: int, log: Path) -> None:
        self._command = [sys.executable, "-m", "tests.soak.worker", *command]
        self._workers = [Worker() for _ in range(places)]
        self._log = log
        self._tasks = asyncio.TaskGroup()
        self.kills = 0
        self.stops = 0
        self.pauses = 0

    @property
    def doors(self) -> Sequence[str]:
        """Return where messages may be handed in; who stands behind may be dead or paused."""
        return [worker.door for worker in self._workers if worker.door]

    async def whole(self) -> None:
        """Wait until every place has a worker with an open door."""
        while not all(worker.door for worker in self._workers):  # noqa: ASYNC110 - plain enough
            await asyncio.sleep(0.05)

    async def kill(self, pick: float) -> None:
        """Kill a worker that is not paused, in the midst of what it does."""
        worker = await self._picked(pick)
        assert worker.process is not None
        worker.process.kill()
        self.kills += 1
        await worker.process.wait()
        worker.door = ""
        self._tasks.create_task(self._start(worker))

    async def stop(self, pick: float) -> None:
        """Tell a worker to end, which it does in good order, as for a new version."""
        worker = await self._picked(pick)
        assert worker.process is not None
        worker.process.terminate()
        self.stops += 1
        await worker.process.wait()
        worker.door = ""
        self._tasks.create_task(self._start(worker))

    async def pause(self, pick: float, seconds: float) -> None:
        """Let a worker stand still for ``seconds``, and do not wait for its end."""
        worker = await self._picked(pick)
        assert worker.process is not None
        worker.process.send_signal(signal.SIGSTOP)
        worker.paused = True
        self.pauses += 1
        self._tasks.create_task(self._wake(worker, seconds))

    async def awake(self) -> None:
        """Wait until no worker is paused."""
        while any(worker.paused for worker in self._workers):  # noqa: ASYNC110 - plain enough
            await asyncio.sleep(0.05)

    async def end(self) -> None:
        """Let every worker end by itself.

        Raises:
            TimeoutError: one did not.
        """
        await self.awake()
        await self.whole()
        for worker in self._workers:
            assert worker.process is not None
            worker.process.terminate()
        async with asyncio.timeout(_END_SECONDS):
            for worker in self._workers:
                assert worker.process is not None
                await worker.process.wait()

    async def _picked(self, pick: float) -> Worker:
        while not (active := self._active):  # noqa: ASYNC110 - plain enough
            await asyncio.sleep(0.05)
        return active[int(pick * len(active))]

    @property
    def _active(self) -> Sequence[Worker]:
        return [worker for worker in self._workers if worker.door and not worker.paused]

    async def _wake(self, worker: Worker, seconds: float) -> None:
        await asyncio.sleep(seconds)
        assert worker.process is not None
        worker.process.send_signal(signal.SIGCONT)
        worker.paused = False

    async def _start(self, worker: Worker) -> None:
        with self._log.open("ab") as log:
            worker.process = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, stderr=log, cwd=ROOT
            )
        assert worker.process.stdout is not None
        async with asyncio.timeout(_START_SECONDS):
            door = await worker.process.stdout.readline()
        worker.door = door.decode().strip()
        if not worker.door:
            raise ChildProcessError(f"A worker did not start. It says why in {self._log}.")

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        for worker in self._workers:
            self._tasks.create_task(self._start(worker))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave no process behind, whatever happened."""
        try:
            await self._tasks.__aexit__(kind, error, trace)
        finally:
            for worker in self._workers:
                if worker.process is not None:
                    with suppress(ProcessLookupError):
                        worker.process.kill()
                    await worker.process.wait()
