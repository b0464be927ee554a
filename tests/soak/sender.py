"""Sends what is planned, as a messenger would: again and again until it is acknowledged."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.servers.plain import Refused, ask
from tests.soak.plan import Plan, Said

_PATIENCE = 3.0  # as Slack's


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """A worker's word that a message is kept."""

    conversation: int
    seq: int
    duplicate: bool
    at: float


@dataclass(slots=True, kw_only=True)
class Ledger:
    """What was acknowledged so far, by message number; ``unheard`` counts why others were not."""

    acks: dict[int, list[Ack]] = field(default_factory=dict)
    unheard: Counter[str] = field(default_factory=Counter)
    second: int = 0

    @property
    def acknowledged(self) -> int:
        """Return how many messages were acknowledged."""
        return len(self.acks)


class Sender:
    """Delivers a plan's messages to any of the ``doors``.

    It waits where the plan's deeds lag behind: ``allowed`` tells how many may be said by now.
    """

    def __init__(
        self, plan: Plan, *, doors: Callable[[], Sequence[str]], allowed: Callable[[], float]
    ) -> None:
        self.ledger = Ledger()
        self._plan = plan
        self._doors = doors
        self._allowed = allowed
        self._luck = random.Random(plan.seed + 1)

    async def send(self) -> None:
        """Say everything; returns once all of it is acknowledged, second deliveries too."""
        async with asyncio.TaskGroup() as tasks:
            for conversation in self._plan.conversations:
                tasks.create_task(self._converse(conversation, tasks))

    async def _converse(self, conversation: Sequence[Said], tasks: asyncio.TaskGroup) -> None:
        for said in conversation:
            await asyncio.sleep(said.pause)
            while self.ledger.acknowledged >= self._allowed():  # noqa: ASYNC110 - plain enough
                await asyncio.sleep(0.05)
            if said.again is not None and not said.acknowledged:
                tasks.create_task(self._again(said, said.again))
            await self._deliver(said)
            if said.again is not None and said.acknowledged:
                tasks.create_task(self._again(said, said.again))

    async def _again(self, said: Said, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self.ledger.second += 1
        await self._deliver(said)

    async def _deliver(self, said: Said) -> None:
        while (ack := await self._handed(said)) is None:  # noqa: ASYNC110 - a pause, no look
            await asyncio.sleep(self._luck.uniform(0.05, 0.3))
        self.ledger.acks.setdefault(said.number, []).append(ack)

    async def _handed(self, said: Said) -> Ack | None:
        """Hand it to some worker once; None where no acknowledgement came."""
        doors = self._doors()
        if not doors:
            self.ledger.unheard["nobody there"] += 1
            return None
        value = {
            "key": said.key,
            "external_id": said.external_id,
            "text": said.text,
            "customer": f"customer of {said.key}",
        }
        try:
            async with asyncio.timeout(_PATIENCE):
                answer: Any = await ask(f"{self._luck.choice(doors)}/say", value)
        except TimeoutError:
            self.ledger.unheard["too slow"] += 1
        except Refused:
            self.ledger.unheard["refused"] += 1
        except OSError:
            self.ledger.unheard["cut off"] += 1
        else:
            return Ack(**answer, at=time.time())
        return None
