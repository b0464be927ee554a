"""What the fake does beside answering: deliveries on their way."""

import asyncio
from typing import Any


class Tasks:
    """The deliveries on their way; they end with the server."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def busy(self) -> bool:
        """Tell whether anything is on its way."""
        return bool(self._tasks)

    def create_task(self, coroutine: Any) -> asyncio.Task[Any]:
        """Run a delivery beside everything else."""
        task = self._group.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def cancel(self) -> None:
        """End what is on its way."""
        for task in self._tasks:
            task.cancel()
