"""Whoever keeps spendings lets nobody spend more than is left, however many try at once."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.settings import BudgetSettings
from bot.store.base import Reservation, UsedUp
from bot.store.database import Database
from bot.store.spendings import SqlSpendings

NOON = 1_795_348_800.0  # 22 November 2026, 12:00 UTC
DAY = 86_400.0
A_DAY = BudgetSettings(tokens_per_day=100)
A_TALK = BudgetSettings(tokens_per_conversation=100)


@pytest.fixture
def spendings(database: Database) -> SqlSpendings:
    return SqlSpendings(database)


async def reserve(
    spendings: SqlSpendings,
    *,
    backend: str = "claude",
    conversation: int = 1,
    dollars: float = 0.0,
    tokens: int = 0,
    seconds: float = 60.0,
    limits: BudgetSettings,
) -> Reservation | UsedUp:
    return await spendings.reserve(
        backend,
        conversation=conversation,
        dollars=dollars,
        tokens=tokens,
        limits=limits,
        seconds=seconds,
    )


async def spend(
    spendings: SqlSpendings,
    *,
    backend: str = "claude",
    conversation: int = 1,
    dollars: float = 0.0,
    tokens: int = 0,
) -> None:
    held = await reserve(
        spendings, backend=backend, conversation=conversation, limits=BudgetSettings()
    )
    assert isinstance(held, Reservation)
    await spendings.settle(held, dollars=dollars, tokens=tokens)


@pytest.mark.parametrize("limits", [A_DAY, A_TALK])
async def test_what_is_held_counts_until_it_is_settled(
    spendings: SqlSpendings, limits: BudgetSettings
) -> None:
    first = await reserve(spendings, tokens=60, limits=limits)
    assert isinstance(first, Reservation)
    refused = await reserve(spendings, tokens=41, limits=limits)
    assert isinstance(refused, UsedUp)
    assert getattr(limits, refused.limit) == 100
    assert isinstance(await reserve(spendings, tokens=40, limits=limits), Reservation)
    await spendings.settle(first, dollars=0.0, tokens=10)
    assert isinstance(await reserve(spendings, tokens=50, limits=limits), Reservation)
    assert isinstance(await reserve(spendings, tokens=1, limits=limits), UsedUp)


async def test_dollars_and_tokens_are_counted_each_for_itself(spendings: SqlSpendings) -> None:
    both = BudgetSettings(dollars_per_day=1.0, tokens_per_day=1000)
    await spend(spendings, dollars=0.9, tokens=10)
    refused = await reserve(spendings, dollars=0.2, tokens=1, limits=both)
    assert isinstance(refused, UsedUp)
    assert refused.limit == "dollars_per_day"
    assert isinstance(await reserve(spendings, dollars=0.1, tokens=990, limits=both), Reservation)


async def test_all_backends_share_a_budget(spendings: SqlSpendings) -> None:
    await spend(spendings, backend="claude", tokens=60)
    refused = await reserve(spendings, backend="gpt", tokens=50, limits=A_DAY)
    assert isinstance(refused, UsedUp)


async def test_every_conversation_has_its_own(spendings: SqlSpendings) -> None:
    await spend(spendings, conversation=1, tokens=100)
    assert isinstance(await reserve(spendings, conversation=1, tokens=1, limits=A_TALK), UsedUp)
    assert isinstance(
        await reserve(spendings, conversation=2, tokens=99, limits=A_TALK),
        Reservation,
    )


async def test_what_belongs_to_no_conversation_counts_for_the_day_alone(
    spendings: SqlSpendings,
) -> None:
    limits = BudgetSettings(tokens_per_day=100, tokens_per_conversation=10)
    assert isinstance(
        await reserve(spendings, conversation=0, tokens=90, limits=limits), Reservation
    )
    assert isinstance(await reserve(spendings, conversation=0, tokens=11, limits=limits), UsedUp)


async def test_what_nobody_settles_is_free_again(spendings: SqlSpendings) -> None:
    await reserve(spendings, tokens=100, seconds=0.0, limits=A_DAY)
    assert isinstance(await reserve(spendings, tokens=100, limits=A_DAY), Reservation)


async def test_what_is_settled_too_late_counts_nevertheless(spendings: SqlSpendings) -> None:
    late = await reserve(spendings, tokens=100, seconds=0.0, limits=A_DAY)
    assert isinstance(late, Reservation)
    await reserve(spendings, tokens=1, seconds=0.0, limits=A_DAY)
    await spendings.settle(late, dollars=0.0, tokens=95)
    assert isinstance(await reserve(spendings, tokens=6, limits=A_DAY), UsedUp)


async def test_many_at_once_are_given_no_more_than_there_is(spendings: SqlSpendings) -> None:
    async def one(number: int) -> int:
        held = await reserve(spendings, conversation=number, tokens=30, limits=A_DAY)
        if isinstance(held, UsedUp):
            return 0
        await asyncio.sleep(0)
        await spendings.settle(held, dollars=0.0, tokens=25)
        return 25

    spent = await asyncio.gather(*(one(number) for number in range(20)))
    assert 75 <= sum(spent) <= 100


# --- Days --------------------------------------------------------------------------------------


@dataclass
class Calendar:
    """A clock that a test moves."""

    now: float = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


@pytest.fixture
async def dated(sqlite_url: str, calendar: Calendar) -> AsyncIterator[SqlSpendings]:
    database = await Database.open(sqlite_url, clock=calendar)
    yield SqlSpendings(database)
    await database.close()


async def test_a_new_day_has_a_new_budget(dated: SqlSpendings, calendar: Calendar) -> None:
    await spend(dated, tokens=100)
    calendar.now = NOON + DAY / 2 - 1
    assert isinstance(await reserve(dated, tokens=1, limits=A_DAY), UsedUp)
    calendar.now += 1
    assert isinstance(await reserve(dated, tokens=100, limits=A_DAY), Reservation)


async def test_an_answer_over_midnight_counts_for_the_day_that_it_was_asked_on(
    dated: SqlSpendings, calendar: Calendar
) -> None:
    calendar.now = NOON + DAY / 2 - 1
    held = await reserve(dated, tokens=100, limits=A_DAY)
    assert isinstance(held, Reservation)
    assert held.day == "2026-11-22"
    calendar.now += 2
    await dated.settle(held, dollars=0.0, tokens=100)
    assert isinstance(await reserve(dated, tokens=100, limits=A_DAY), Reservation)


# --- All of it ---------------------------------------------------------------------------------

requests = st.lists(
    st.tuples(st.integers(1, 3), st.integers(1, 60), st.floats(0, 1)), min_size=1, max_size=12
)


@given(requests, st.integers(20, 150))
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_whatever_is_asked_at_once_no_budget_is_ever_exceeded(
    dated: SqlSpendings,
    calendar: Calendar,
    asked: list[tuple[int, int, float]],
    allowed: int,
) -> None:
    calendar.now += DAY
    spent: dict[int, int] = {}
    base = int(calendar.now)

    async def one(conversation: int, tokens: int, share: float) -> None:
        limits = BudgetSettings(tokens_per_day=allowed, tokens_per_conversation=allowed // 2)
        held = await reserve(dated, conversation=base + conversation, tokens=tokens, limits=limits)
        if isinstance(held, UsedUp):
            return
        await asyncio.sleep(0)
        used = round(tokens * share)
        await dated.settle(held, dollars=0.0, tokens=used)
        spent[conversation] = spent.get(conversation, 0) + used

    await asyncio.gather(*(one(*each) for each in asked))
    assert sum(spent.values()) <= allowed
    assert all(used <= allowed // 2 for used in spent.values())


def test_noon_is_noon() -> None:
    assert time.gmtime(NOON)[:5] == (2026, 11, 22, 12, 0)
