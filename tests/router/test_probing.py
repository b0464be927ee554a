"""Asking a backend for one word."""

import asyncio
import logging
from typing import Any

import pytest

from bot.errors import NoAnswer, StoreUnavailable
from bot.router import Purse, Router, State, Terms
from bot.router.probing import ONE_WORD, Probing, probe
from bot.settings import BudgetSettings, RouterSettings
from bot.store.database import Database
from bot.store.spendings import SqlSpendings
from tests.clocks import Clock
from tests.house import until
from tests.router.routers import TERMINAL, answer, busy, misconfigured, router, scripted


async def test_a_probe_tells_how_long_one_word_took_and_what_it_cost() -> None:
    clock = Clock()

    async def later() -> None:
        clock.now += 0.5

    backend = scripted("a", [later, "ready", later])
    probed = await probe(backend, price=lambda *_: 0.001, clock=clock)
    assert (probed.first_piece, probed.seconds, probed.error) == (0.5, 1.0, "")
    assert (probed.tokens, probed.cost) == (14, 0.001)
    assert backend.requests == [ONE_WORD]


@pytest.mark.parametrize("failure", [busy("overloaded"), misconfigured(), ValueError("Hi")])
async def test_a_probe_tells_what_a_backend_ran_into_and_logs_nothing(
    failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        probed = await probe(scripted("a", failure))
    told = "'a' broke with ValueError" if isinstance(failure, ValueError) else str(failure)
    assert probed.error.startswith(told)
    assert (probed.first_piece, probed.cost, caplog.records) == (None, None, [])


# --- Of backends that are left alone -----------------------------------------------------------


PROBED = RouterSettings(probe_seconds=10.0)


async def test_no_turn_tries_a_backend_that_is_probed() -> None:
    clock = Clock()
    one = scripted("a", misconfigured(), "ready", "I am back.")
    made = router(one, scripted("b"), settings=PROBED, clock=clock)
    await answer(made.route(TERMINAL))
    clock.now += 3600
    assert await answer(made.route(TERMINAL)) == "I am b."
    assert len(one.requests) == 1
    await made.probe()
    assert one.requests[1:] == [ONE_WORD]
    assert made.breakers()["a"] is State.CLOSED
    assert await answer(made.route(TERMINAL)) == "I am back."


async def test_a_probe_that_fails_changes_nothing() -> None:
    made = router(scripted("a", misconfigured()), scripted("b"), settings=PROBED)
    await answer(made.route(TERMINAL))
    await made.probe()
    assert made.breakers()["a"] is State.OPEN


async def test_only_what_is_left_alone_is_probed() -> None:
    one, two = scripted("a"), scripted("b")
    await router(one, two, settings=PROBED).probe()
    assert one.requests == two.requests == []


class Away(SqlSpendings):
    """Spendings whose database goes away."""

    away = False

    async def reserve(self, *args: Any, **more: Any) -> Any:
        if self.away:
            raise StoreUnavailable("The database does not answer.")
        return await super().reserve(*args, **more)


async def test_one_that_cannot_be_paid_keeps_no_other_from_being_probed(
    sqlite_database: Database,
) -> None:
    spendings, budget = Away(sqlite_database), BudgetSettings(tokens_per_day=1000)
    backends = [scripted("paid", misconfigured()), scripted("free", misconfigured(), "ready")]
    made = Router(
        backends={one.name: one for one in backends},
        settings=PROBED,
        terms={"paid": Terms(free=False)},
        price=lambda *_: None,
        clock=Clock(),
        purse=Purse(settings=budget, spendings=spendings),
    )
    with pytest.raises(NoAnswer):
        await answer(made.route(TERMINAL))
    spendings.away = True
    with pytest.raises(StoreUnavailable):
        await made.probe()
    assert made.breakers() == {"paid": State.OPEN, "free": State.CLOSED}


async def test_where_nobody_else_answers_a_turn_need_not_wait_for_the_probe() -> None:
    made = router(scripted("a", misconfigured(), "I am back."), settings=PROBED)
    with pytest.raises(NoAnswer):
        await answer(made.route(TERMINAL))
    assert await answer(made.route(TERMINAL)) == "I am back."


class Beats:
    """A sleep that returns whenever a test wants it to."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.next = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        await self.next.wait()
        self.next.clear()


async def test_probing_asks_every_so_often_whatever_happens_and_stops_at_once() -> None:
    beats, asked = Beats(), 0

    async def ask() -> None:
        nonlocal asked
        asked += 1
        raise StoreUnavailable("away") if asked == 1 else ValueError("a customer's word")

    async with Probing(ask=ask, seconds=10.0, sleep=beats):
        for times in (1, 2, 3):
            await until(lambda: len(beats.slept) == times)  # noqa: B023 - it is waited for here
            beats.next.set()
        await until(lambda: asked == 3)
    assert set(beats.slept) == {10.0}


async def test_probing_is_off_without_seconds() -> None:
    beats = Beats()
    async with Probing(ask=asyncio.Event().wait, seconds=0.0, sleep=beats):
        await asyncio.sleep(0)
    assert beats.slept == []
