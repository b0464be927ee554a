"""Those who write in Slack's part, and Slack itself: a process of its own, with its own clock.

It says first how Slack is reached, then does an order for each line of its standard input.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from tests.bench.stamps import sent
from tests.bench.words import QUESTION
from tests.house import until
from tests.servers.slack import FakeSlack, Message

_PEOPLE = 50
_PATIENCE = 300.0  # seconds


class People:
    """So many people who each write to the bot by themselves."""

    def __init__(self, slack: FakeSlack) -> None:
        self._slack = slack

    async def reach(self, *, url: str | None) -> None:
        """Let Slack bring events to ``url``, or over the socket that the app opens."""
        self._slack.send_to(url)
        if url is None:
            await self._slack.linked()

    async def ask(self, *, messages: int, seconds: float, words: int) -> Mapping[str, Any]:
        """Write so many messages, each a thread of its own, evenly over so many seconds.

        Returns milliseconds, in no order: until each was acknowledged, until its thread showed
        that the bot works, and with ``words`` in each answer, from the model's first one until the
        thread showed any. Then it returns once all of them are there.
        """
        begun, asked = time.monotonic(), list[Message]()
        for number in range(messages):
            await asyncio.sleep(begun + number * seconds / messages - time.monotonic())
            person = number % _PEOPLE
            ts = await self._slack.say(QUESTION, user=f"U{person}", channel=f"D{person}")
            asked.append(self._slack.message(ts))
        for each in asked:
            await until(partial(self._complete, each, words), seconds=_PATIENCE)
        await until(lambda: self._slack.idle, seconds=_PATIENCE)
        return {
            "acks": self._acks({each.ts for each in asked}),
            "statuses": self._statuses({each.ts: each.at for each in asked}),
            "firsts": [self._first(each) for each in asked] if words else [],
        }

    def _complete(self, question: Message, words: int) -> bool:
        """Tell whether nothing is missing of what a question brings about."""
        if not self._slack.status(question.channel, question.ts):
            return False
        shown = self._slack.answers(question.channel, question.ts) if words else []
        said = sum(len(sent(each.shown.encode())) for each in shown)
        return said >= words and not any(each.streaming for each in shown)

    def _acks(self, asked: set[str]) -> Sequence[float]:
        """Tell how long each took; one that was late is as long as Slack waits at least."""
        return [
            (each.ack.seconds if each.ack else self._slack.world.rules.ack_seconds) * 1000
            for each in self._slack.deliveries
            if each.number == 0 and each.payload["event"].get("ts") in asked
        ]

    def _statuses(self, asked: Mapping[str, float]) -> Sequence[float]:
        seen: dict[str, float] = {}
        for status in self._slack.statuses:
            if status.thread in asked:
                seen.setdefault(status.thread, (status.at - asked[status.thread]) * 1000)
        return list(seen.values())

    def _first(self, question: Message) -> float:
        """Tell how much later than the model said something any of it was shown."""
        at, stamp = next(self._shown(question))
        clock = time.monotonic() - self._slack.world.clock.now()  # when the fake's began
        return (at + clock) * 1000 - stamp / 1000

    def _shown(self, question: Message) -> Iterator[tuple[float, int]]:
        """Tell of every change of an answer when it was, and the stamp of its first word."""
        for message in self._slack.answers(question.channel, question.ts):
            stamp = sent(message.shown.encode())[0]
            yield from ((each.at, stamp) for each in message.history if each.text)


async def _attend() -> None:
    async with FakeSlack() as slack:
        people = People(slack)
        deeds: Mapping[str, Callable[..., Awaitable[Any]]] = {
            "reach": people.reach,
            "ask": people.ask,
        }
        known = {
            "api_url": slack.api_url,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
        }
        print(json.dumps(known), flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            order = json.loads(line)
            print(json.dumps(await deeds[order.pop("do")](**order)), flush=True)


if __name__ == "__main__":
    asyncio.run(_attend())
