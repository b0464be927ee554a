"""Compares the arms of a split in SQL, by what is kept of their turns."""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from statistics import median

from sqlalchemy import select

from bot.messages import Outcome, Rating
from bot.store.clock import now
from bot.store.database import Database
from bot.store.rows import AnyRow, AnySelect
from bot.store.standing import Arm
from bot.store.tables import Feedback, Turn

_NAME = re.compile(r"split ([^:;]+)")  # how a turn's route begins
_UNANSWERED = {Outcome.UNANSWERED, Outcome.REFUSED}
_FAILED = {Outcome.FAILED, Outcome.SET_ASIDE}


async def arms(database: Database, *, seconds: float) -> Sequence[Arm]:
    """Return how each arm's turns of the last ``seconds`` went, by the arms' names."""
    query: AnySelect = (
        select(
            Turn.conversation_id,
            Turn.route,
            Turn.outcome,
            Turn.seconds,
            Turn.attempts,
            Feedback.rating,
        )
        .outerjoin(Feedback, Feedback.turn_id == Turn.id)
        .where(Turn.started_at > now() - seconds, Turn.route.startswith("split "))
    )
    rows = await database.read(lambda line: line.execute(query).all())
    return [_arm(name, list(of)) for name, of in groupby(sorted(rows, key=_name), _name)]


def _name(row: AnyRow) -> str:
    found = _NAME.match(row.route)
    return found[1] if found else ""


def _arm(name: str, rows: Sequence[AnyRow]) -> Arm:
    outcomes = [row.outcome for row in rows]
    ratings = [row.rating for row in rows]
    return Arm(
        name=name,
        conversations=len({row.conversation_id for row in rows}),
        turns=len(rows),
        unanswered=sum(outcome in _UNANSWERED for outcome in outcomes),
        failed=sum(outcome in _FAILED for outcome in outcomes),
        good=ratings.count(Rating.GOOD),
        bad=ratings.count(Rating.BAD),
        dollars=sum(_dollars(row) for row in rows),
        unpriced=sum(_is_unpriced(row) for row in rows),
        median_seconds=median(row.seconds for row in rows) if rows else None,
    )


def _dollars(row: AnyRow) -> float:
    return sum(float(attempt.get("cost", 0.0)) for attempt in row.attempts)


def _is_unpriced(row: AnyRow) -> bool:
    answered: Iterable[dict[str, object]] = (one for one in row.attempts if not one.get("error"))
    return any(one.get("cost") is None for one in answered)
