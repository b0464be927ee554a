"""Spendings in SQL: sums by day and by conversation, and what is held for requests."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, select

from bot.settings import BudgetSettings
from bot.store import base
from bot.store.clock import now
from bot.store.conflicts import insert
from bot.store.database import Database
from bot.store.standing import Spent
from bot.store.tables import Reservation, Spending

_KEY = (Spending.scope, Spending.backend)
_NOTHING = {"scope": "", "backend": "", "dollars": 0.0, "tokens": 0}
# On PostgreSQL others wait here until this transaction has ended, and then see what it wrote.
_LOCK = (
    insert(Spending)
    .values(**_NOTHING)
    .on_conflict_do_update(index_elements=_KEY, set_={"tokens": 0})
    .returning(now())
)
_NEW = insert(Spending)
_ADD = _NEW.on_conflict_do_update(
    index_elements=_KEY,
    set_={
        "dollars": Spending.dollars + _NEW.excluded.dollars,
        "tokens": Spending.tokens + _NEW.excluded.tokens,
    },
)
_SUMS = (
    func.coalesce(func.sum(Spending.dollars), 0.0),
    func.coalesce(func.sum(Spending.tokens), 0),
)
_HELD = (
    func.coalesce(func.sum(Reservation.dollars), 0.0),
    func.coalesce(func.sum(Reservation.tokens), 0),
)
_HOLD = insert(Reservation)
_EXACT = 1e-9  # of a dollar: what sums of fractions leave


class SqlSpendings:
    """Keeps the promise of ``Spendings``: each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve(
        self,
        backend: str,
        *,
        conversation: int,
        dollars: float,
        tokens: int,
        limits: BudgetSettings,
        seconds: float,
    ) -> base.Reservation | base.UsedUp:
        name = secrets.token_hex(8)

        def deed(connection: Connection) -> base.Reservation | base.UsedUp:
            at: float = connection.scalar(_LOCK) or 0.0
            day = _day(at)
            connection.execute(delete(Reservation).where(Reservation.ends_at <= at))
            for limit, allowed, scope in _limits(limits, day, conversation):
                asked = dollars if limit.startswith("dollars") else tokens
                left = allowed - _spent(connection, limit, scope, day, conversation)
                if asked > left + _EXACT:
                    connection.rollback()
                    return base.UsedUp(limit=limit, scope=scope, left=left)
            row = {"id": name, "day": day, "conversation_id": conversation, "backend": backend}
            cost = {"dollars": dollars, "tokens": tokens, "ends_at": at + seconds}
            connection.execute(_HOLD, {**row, **cost})
            return base.Reservation(id=name, day=day, backend=backend, conversation=conversation)

        return await self._database.write(deed)

    async def settle(self, held: base.Reservation, *, dollars: float, tokens: int) -> None:
        cost = {"backend": held.backend, "dollars": dollars, "tokens": tokens}
        scopes = [held.day, *([_of(held.conversation)] if held.conversation else [])]

        def deed(connection: Connection) -> None:
            connection.execute(_LOCK)
            connection.execute(delete(Reservation).where(Reservation.id == held.id))
            if dollars or tokens:
                connection.execute(_ADD, [{"scope": scope, **cost} for scope in scopes])

        await self._database.write(deed)


def spent_today(connection: Connection, at: float) -> tuple[Spent, ...]:
    """Return what each backend cost on the day of ``at``, the dearest first."""
    day = _day(at)
    spent = connection.execute(
        select(Spending.backend, Spending.dollars, Spending.tokens).where(Spending.scope == day)
    )
    held = connection.execute(
        select(Reservation.backend, *_HELD)
        .where(Reservation.day == day, Reservation.ends_at > at)
        .group_by(Reservation.backend)
    )
    by = {row[0]: Spent(backend=row[0], dollars=row[1], tokens=row[2]) for row in spent}
    for name, dollars, tokens in held:
        one = by.get(name, Spent(backend=name, dollars=0.0, tokens=0))
        by[name] = replace(one, held_dollars=float(dollars), held_tokens=int(tokens))
    return tuple(sorted(by.values(), key=lambda one: (-one.dollars, -one.tokens, one.backend)))


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def _of(conversation: int) -> str:
    return f"conversation {conversation}"


def _limits(
    limits: BudgetSettings, day: str, conversation: int
) -> Iterator[tuple[str, float, str]]:
    """Yield each limit that is set: its name, what it allows, and of what."""
    for name in ("dollars_per_day", "tokens_per_day"):
        if (allowed := getattr(limits, name)) is not None:
            yield name, allowed, day
    for name in ("dollars_per_conversation", "tokens_per_conversation"):
        if conversation and (allowed := getattr(limits, name)) is not None:
            yield name, allowed, _of(conversation)


def _spent(connection: Connection, limit: str, scope: str, day: str, conversation: int) -> float:
    """Return what is spent or held in ``scope``, in the unit of ``limit``."""
    unit = 0 if limit.startswith("dollars") else 1
    of: ColumnElement[bool] = (
        Reservation.day == day if scope == day else Reservation.conversation_id == conversation
    )
    spent: Any = connection.execute(select(_SUMS[unit]).where(Spending.scope == scope)).scalar_one()
    held: Any = connection.execute(select(_HELD[unit]).where(of)).scalar_one()
    return float(spent) + float(held)
