"""One soak: workers, a sender, a killer; then it is drained, read and judged."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.servers import mailbox
from tests.soak import evidence, provider
from tests.soak.crew import Crew
from tests.soak.plan import Harm, Plan
from tests.soak.sender import Sender
from tests.soak.verdict import Finding, Kind, judge, waits


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a soak runs under. Times are in seconds.

    ``patience`` is a delivery's time, ``slow`` what a post takes at most before it is kept and
    after. ``limit`` is that of the whole soak.
    """

    workers: int
    lease: float = 3.0
    patience: float = 4.0
    slow: float = 0.15
    limit: float = 1200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of a soak. ``found`` counts posts that were found instead of made again."""

    plan: Plan
    second: int
    unheard: Mapping[str, int]
    kills: int
    pauses: int
    stops: int
    replies: int
    posts: int
    found: int
    seconds: float
    waits: Sequence[float]
    findings: Sequence[Finding]

    def count(self, kind: Kind) -> int:
        """Return how often something of ``kind`` was found."""
        return sum(finding.kind is kind for finding in self.findings)


async def soak(
    plan: Plan,
    conditions: Conditions,
    *,
    database: str,
    folder: Path,
    tell: Callable[[str], None],
) -> Report:
    """Run ``plan`` on the empty but migrated ``database``; ``folder`` keeps what it leaves.

    ``tell`` is told how far it has come, about once a second.
    """
    begun = time.monotonic()
    posted, late = folder / "mailbox.db", False
    with (
        mailbox.running(posted, slow=conditions.slow, seed=plan.seed) as box,
        provider.running(longest=1.7 * conditions.lease, seed=plan.seed) as model,
    ):
        crew = Crew(
            *("--database", database, "--provider", model, "--mailbox", box),
            *("--lease", str(conditions.lease), "--patience", str(conditions.patience)),
            places=conditions.workers,
            log=folder / "workers.log",
        )
        run = _Run(plan, crew=crew, database=database, tell=tell)
        try:
            async with asyncio.timeout(conditions.limit):
                await run.run()
        except TimeoutError:
            late = True
    seen = await evidence.read(database, posted=posted)
    acks = run.sender.ledger.acks
    findings = list(judge(plan, acks, seen))
    findings += _logged(folder / "workers.log")
    if late:
        findings.append(Finding(Kind.WRONG, f"{conditions.limit:g} seconds were not enough"))
    return Report(
        plan=plan,
        second=run.sender.ledger.second,
        unheard=run.sender.ledger.unheard,
        kills=crew.kills,
        pauses=crew.pauses,
        stops=crew.stops,
        replies=len(seen.turns),
        posts=len(seen.posts),
        found=sum(look.found for look in seen.looks),
        seconds=time.monotonic() - begun,
        waits=waits(plan, acks, seen),
        findings=findings,
    )


def _logged(log: Path) -> Iterator[Finding]:
    """Whoever is killed says nothing, and whoever is not has no error to tell of."""
    for line in log.read_text().splitlines():
        if line.startswith(("ERROR:", "CRITICAL:", "Traceback")):
            yield Finding(Kind.WRONG, f"a worker logged: {line}")


class _Run:
    """A soak while it runs."""

    def __init__(
        self, plan: Plan, *, crew: Crew, database: str, tell: Callable[[str], None]
    ) -> None:
        self.sender = Sender(plan, doors=lambda: crew.doors, allowed=self._allowed)
        self._plan = plan
        self._crew = crew
        self._database = database
        self._tell = tell
        self._begun = time.monotonic()
        self._done = 0
        self._waiting: int | None = None

    async def run(self) -> None:
        """Send and kill, then wait until nothing is left to do, and end the workers."""
        async with self._crew as crew, asyncio.TaskGroup() as tasks:
            telling = tasks.create_task(self._progress())
            await crew.whole()
            async with asyncio.TaskGroup() as work:
                work.create_task(self.sender.send())
                work.create_task(self._trouble())
            await crew.awake()
            await self._drained()
            await crew.end()
            telling.cancel()

    async def _trouble(self) -> None:
        """Do the plan's deeds, each once enough was said and every place has its worker."""
        for deed in self._plan.deeds:
            while self.sender.ledger.acknowledged < deed.after:  # noqa: ASYNC110 - plain enough
                await asyncio.sleep(0.02)
            await self._crew.whole()
            await asyncio.sleep(deed.delay)
            match deed.kind:
                case Harm.KILL:
                    await self._crew.kill(deed.pick)
                case Harm.PAUSE:
                    await self._crew.pause(deed.pick, deed.pause)
                case Harm.STOP:
                    await self._crew.stop(deed.pick)
            self._done += 1

    def _allowed(self) -> float:
        """Return how many messages may be said before the next deed is done."""
        deeds = self._plan.deeds
        if self._done == len(deeds):
            return float("inf")
        return deeds[self._done].after + max(5, 2 * len(self._plan.said) // len(deeds))

    async def _drained(self) -> None:
        """Wait until twice in a row nothing is left to do."""
        calm = 0
        while calm < 2:
            self._waiting = await evidence.waiting(self._database)
            calm = 0 if self._waiting else calm + 1
            await asyncio.sleep(0.5)

    async def _progress(self) -> None:
        while True:
            rest = "" if self._waiting is None else f", {self._waiting} left to do"
            self._tell(
                f"{time.monotonic() - self._begun:5.0f} s: "
                f"{self.sender.ledger.acknowledged} of {len(self._plan.said)} messages, "
                f"{self._crew.kills} kills, {self._crew.pauses} pauses, "
                f"{self._crew.stops} stops{rest}"
            )
            await asyncio.sleep(1)
