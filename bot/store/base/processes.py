"""Which processes are at work, by what each says of itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.messages import LeftAlone


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process at work; ``holder`` is its name on every lease."""

    holder: str
    host: str
    pid: int
    channels: tuple[str, ...]


class Processes(Protocol):
    """Who is at work."""

    async def seen(
        self,
        process: Process,
        *,
        left_alone: Mapping[str, LeftAlone],
        queues: Mapping[str, int],
        seconds: float,
    ) -> None:
        """Note that ``process`` runs; it is gone unless it is seen again within ``seconds``.

        ``queues`` tells how many answers wait in line for a backend that runs in it.
        Processes that are gone for an hour are forgotten.
        """
        ...

    async def ended(self, process: Process) -> None:
        """Forget a process that ended in order."""
        ...
