"""Brings events to the app: late, more than once and again, as its moods and missing acks say."""

import asyncio
import random
from dataclasses import dataclass, field
from typing import Protocol

from tests.servers.slack.clock import Clock
from tests.servers.slack.moods import Moods, Rules
from tests.servers.slack.rooms import Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Ack:
    """The app took it. ``seconds`` from sending to hearing; ``payload`` is what it said."""

    seconds: float
    payload: Json | None = None


@dataclass(kw_only=True, slots=True)
class Delivery:
    """One carriage of one envelope. ``number`` 0 is the first; ``reason`` is why it came again."""

    kind: str
    event_id: str
    number: int
    reason: str
    at: float
    payload: Json
    ack: Ack | None = None
    failure: str | None = None


class NotTaken(Exception):
    """The app did not acknowledge; the words are Slack's reason for trying again."""

    def __init__(self, reason: str, *, again: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again


class Line(Protocol):
    """A way to the app."""

    async def carry(self, delivery: Delivery) -> Ack:
        """Bring it and return what the app said; NotTaken where it did not in time."""


@dataclass(kw_only=True)
class Deliverer:
    """Keeps the books of what was delivered, and of what never could be."""

    clock: Clock
    rules: Rules
    moods: Moods
    luck: random.Random
    line: Line
    deliveries: list[Delivery] = field(default_factory=list)
    lost: list[Json] = field(default_factory=list)

    async def event(self, payload: Json, *, copies: int | None = None) -> None:
        """Bring an event until it is taken, and its copies beside it."""
        await asyncio.sleep(self.luck.uniform(0, self.moods.late))
        more = (copies or self.luck.randint(1, max(1, self.moods.deliveries))) - 1
        async with asyncio.TaskGroup() as group:
            group.create_task(self._until_taken(payload))
            for number in range(1, more + 1):
                group.create_task(self._copy(payload, number))

    async def once(self, kind: str, payload: Json) -> Ack | None:
        """Bring what a person waits for: Slack does not try it again."""
        return (await self._carry(kind, payload)).ack

    async def _until_taken(self, payload: Json) -> None:
        reason = ""
        for number, wait in enumerate((0.0, *self.rules.waits())):
            await asyncio.sleep(wait)
            brought = await self._carry("events_api", payload, number=number, reason=reason)
            if brought.ack or brought.failure == "no_retry":
                return
            reason = brought.failure or "timeout"
        self.lost.append(payload)

    async def _copy(self, payload: Json, number: int) -> None:
        await asyncio.sleep(self.luck.uniform(0, self.moods.spread))
        await self._carry("events_api", payload, number=number, reason="timeout")

    async def _carry(
        self, kind: str, payload: Json, *, number: int = 0, reason: str = ""
    ) -> Delivery:
        delivery = Delivery(
            kind=kind,
            event_id=payload.get("event_id", ""),
            number=number,
            reason=reason,
            at=self.clock.now(),
            payload=payload,
        )
        self.deliveries.append(delivery)
        try:
            delivery.ack = await self.line.carry(delivery)
        except NotTaken as error:
            delivery.failure = error.reason if error.again else "no_retry"
        return delivery
