"""One soak: people talk, processes are killed; then it is drained, and the books are judged."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.slack import FakeSlack, Moods, Rules
from tests.servers.slack.screen import threads
from tests.soak.slack import model
from tests.soak.slack.crew import Crew
from tests.soak.slack.talks import Talk, make
from tests.soak.slack.verdict import judge, replies, restless

_RETRIES = (0.0, 1.0, 2.0, 4.0, 8.0, *(15.0,) * 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a soak runs under. Times are in seconds; ``harm`` is the share of calls that fail.

    ``pace`` lies between two words of the model, ``every`` between two kills. ``patience`` is how
    long the last answers may take once everything is said.
    """

    messages: int
    kills: int
    processes: int = 1
    seed: int = 0
    seconds: float = 60.0
    every: float = 5.0
    pace: float = 0.02
    harm: float = 0.01
    patience: float = 300.0


@dataclass(kw_only=True, slots=True)
class Report:
    """What came of it."""

    conditions: Conditions
    seconds: float = 0.0
    events: int = 0
    deliveries: int = 0
    kills: int = 0
    calls: int = 0
    answers: int = 0
    bursts: int = 0
    streams: int = 0
    removed: int = 0
    restless: int = 0
    acks: Sequence[float] = ()
    findings: Sequence[str] = ()
    codes: Sequence[int] = field(default=())

    def ack(self, share: float) -> float:
        """Return the milliseconds in which so large a share was acknowledged."""
        ordered = sorted(self.acks)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


async def soak(
    conditions: Conditions, *, database: str, folder: Path, tell: Callable[[str], None]
) -> Report:
    """Run one on the empty but migrated ``database``; ``folder`` keeps what it leaves."""
    moods = Moods(
        seed=conditions.seed,
        deliveries=3,
        spread=2.0,
        late=0.5,
        limited=conditions.harm,
        broken=conditions.harm,
        broken_after=conditions.harm / 2,
        cut_after=conditions.harm / 2,
        slow=0.05,
        refresh_every=20.0,
        spared=frozenset({"apps.connections.open", "auth.test"}),
    )
    rules = Rules(retries=_RETRIES, hourly=False)
    with model.running(pace=conditions.pace, seed=conditions.seed) as url:
        async with FakeSlack(rules=rules, moods=moods) as slack:
            crew = Crew(
                slack, model=url, database=database, places=conditions.processes, folder=folder
            )
            async with crew:
                report = await _Run(conditions, slack=slack, crew=crew, tell=tell).run()
            await asyncio.to_thread((folder / "threads.txt").write_text, threads(slack.messages))
            return report


class _Run:
    """A soak while it runs."""

    def __init__(
        self, conditions: Conditions, *, slack: FakeSlack, crew: Crew, tell: Callable[[str], None]
    ) -> None:
        self._conditions = conditions
        self._slack = slack
        self._crew = crew
        self._tell = tell
        self._asked: dict[str, tuple[str, str]] = {}
        self._begun = time.monotonic()

    async def run(self) -> Report:
        async with asyncio.TaskGroup() as tasks:
            telling = tasks.create_task(self._progress())
            async with asyncio.TaskGroup() as work:
                for talk in self._talks():
                    work.create_task(self._talk(talk))
                work.create_task(self._trouble())
            await self._drained()
            telling.cancel()
        return self._report()

    def _talks(self) -> Sequence[Talk]:
        facts = self._conditions
        return make(seed=facts.seed, messages=facts.messages, seconds=facts.seconds)

    async def _talk(self, talk: Talk) -> None:
        await asyncio.sleep(talk.start)
        root: str | None = None
        for line in talk.lines:
            await asyncio.sleep(line.pause if root else 0)
            ts = await self._slack.say(
                line.text,
                user=talk.user,
                channel=talk.channel,
                thread=root,
                mention=root is None and talk.channel.startswith("C"),
            )
            root = root or ts
            self._asked[line.order] = (talk.channel, root)

    async def _trouble(self) -> None:
        luck = random.Random(self._conditions.seed + 1)
        for _ in range(self._conditions.kills):
            await asyncio.sleep(luck.uniform(0.3, 1.7) * self._conditions.every)
            await self._crew.kill(luck)

    async def _drained(self) -> None:
        """Wait until all is answered, or no more time is left; then see whether more comes."""
        try:
            async with asyncio.timeout(self._conditions.patience):
                while self._open() or not self._slack.idle:  # noqa: ASYNC110 - plain enough
                    await asyncio.sleep(0.3)
        except TimeoutError:
            return
        await asyncio.sleep(4)

    def _open(self) -> int:
        about = {order for reply in replies(self._slack) for order in reply.about}
        return len(self._asked.keys() - about)

    async def _progress(self) -> None:
        while True:
            self._tell(
                f"{time.monotonic() - self._begun:5.0f} s: {len(self._asked)} of "
                f"{self._conditions.messages} said, {self._open()} unanswered, "
                f"{self._crew.kills} kills"
            )
            await asyncio.sleep(1)

    def _report(self) -> Report:
        slack = self._slack
        ours = [each for each in slack.messages if each.is_ours]
        found = replies(slack)
        return Report(
            conditions=self._conditions,
            seconds=time.monotonic() - self._begun,
            events=len({each.event_id for each in slack.deliveries}),
            deliveries=len(slack.deliveries),
            kills=self._crew.kills,
            calls=len(slack.calls),
            answers=len(found),
            bursts=sum(len(reply.about) > 1 for reply in found),
            streams=sum(each.history[1].deed == "started" for each in ours if each.history[1:]),
            removed=sum(each.deleted for each in ours),
            restless=len(restless(slack, self._asked)),
            acks=slack.acks,
            findings=list(judge(slack, self._asked)),
            codes=self._crew.ended,
        )
