"""The parts of the bench, at full scale and as a smoke test."""

import asyncio
import tempfile
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.floors import against_floors
from tests.bench.length import long_conversation
from tests.bench.local import customers_at_once
from tests.bench.places import Files, Place, server
from tests.bench.processes import two_processes
from tests.bench.repeats import repeated_history
from tests.bench.report import Row
from tests.bench.room import database_room
from tests.bench.slack import Rush, slack_answers
from tests.bench.stretch import Size
from tests.bench.web import Crowd, watched_answers

Part = Callable[[], Sequence[Row]]
_Measuring = Coroutine[Any, Any, Sequence[Row]]

_PACE = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much is measured; what has no other name are turns."""

    repetitions: int
    slow_repetitions: int
    one: Size
    many: Size
    both: Size
    longest: int
    repeats: int
    room: int
    crowd: Crowd
    rush: Rush
    customers: int


FULL = Scale(
    repetitions=21,
    slow_repetitions=3,
    one=Size(at_once=1, rounds=1, turns=10),
    many=Size(at_once=50, rounds=1, turns=1),
    both=Size(at_once=50, rounds=1, turns=2),
    longest=2000,
    repeats=120,
    room=300,
    crowd=Crowd(streams=1000, answers=50, words=200),
    rush=Rush(messages=200, seconds=10, answers=50, words=50),
    customers=50,
)
QUICK = Scale(
    repetitions=1,
    slow_repetitions=1,
    one=Size(at_once=1, rounds=1, turns=10),
    many=Size(at_once=50, rounds=1, turns=1),
    both=Size(at_once=20, rounds=1, turns=1),
    longest=100,
    repeats=30,
    room=20,
    crowd=Crowd(streams=100, answers=10, words=50),
    rush=Rush(messages=40, seconds=2, answers=10, words=50),
    customers=10,
)


@contextmanager
def place(kind: str) -> Iterator[Place]:
    """Make room for databases of ``kind``, sqlite or postgresql."""
    with tempfile.TemporaryDirectory() as name:
        if kind == "sqlite":
            yield Files(Path(name))
        else:
            with server(Path(name)) as running:
                yield running


def parts(scale: Scale, *, where: Callable[[str], Place], results: Path) -> Mapping[str, Part]:
    """Name every part, in the order of the table; each asks ``where`` its databases may be."""

    def on(kind: str, measure: Callable[..., _Measuring], **options: Any) -> Part:
        return lambda: asyncio.run(measure(where(kind), **options))

    one = {"size": scale.one, "repetitions": scale.repetitions}
    many = {"size": scale.many, "repetitions": scale.repetitions}
    paced = {"size": scale.many, "repetitions": scale.slow_repetitions, "pace": _PACE}
    both = {"size": scale.both, "repetitions": scale.slow_repetitions}
    local = {"at_once": scale.customers, "repetitions": scale.slow_repetitions}
    length = {"turns": scale.longest, "results": results}
    return {
        "floors-sqlite-1": on("sqlite", against_floors, **one),
        "floors-sqlite-50": on("sqlite", against_floors, **many),
        "floors-postgresql-1": on("postgresql", against_floors, **one),
        "floors-postgresql-50": on("postgresql", against_floors, **many),
        "paced-sqlite-50": on("sqlite", against_floors, **paced),
        "length-sqlite": on("sqlite", long_conversation, **length),
        "length-postgresql": on("postgresql", long_conversation, **length),
        "room-sqlite": on("sqlite", database_room, turns=scale.room),
        "room-postgresql": on("postgresql", database_room, turns=scale.room),
        "repeats": on("sqlite", repeated_history, turns=scale.repeats),
        "web": on("sqlite", watched_answers, crowd=scale.crowd, repetitions=scale.slow_repetitions),
        "slack": on("sqlite", slack_answers, rush=scale.rush, repetitions=scale.slow_repetitions),
        "local": on("sqlite", customers_at_once, **local),
        "processes": on("postgresql", two_processes, **both),
    }
