"""No backend is asked more than it may be, and nobody overtakes in its queue."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.backends.scripted import ScriptedBackend
from bot.router import Limits, Measure, Patience, Purse, Router, State, Terms
from bot.router.gate import Bucket, Gate
from bot.settings import BudgetSettings, RouterSettings
from bot.store.database import Database
from bot.store.spendings import SqlSpendings
from tests.clocks import Clock
from tests.house import until
from tests.router.routers import TERMINAL, answer, router, scripted


def gate(clock: Clock | None = None, **limits: int) -> Gate:
    clock = clock or Clock()
    return Gate(Limits(**limits), clock=clock, sleep=clock.sleep)


async def never() -> None:
    await asyncio.Event().wait()


class Counted(ScriptedBackend):
    """Tells how many answers it gave at once, at most."""

    def __init__(self, wait: Callable[[], Awaitable[object]], *, name: str = "a") -> None:
        self.most = 0

        async def count() -> None:
            self.most = max(self.most, self.running)
            await wait()

        super().__init__([count, "Here."], name=name)


# --- At once -----------------------------------------------------------------------------------


async def test_no_more_are_asked_at_once_than_may_be() -> None:
    one = Counted(lambda: asyncio.sleep(0))
    made = router(one, terms=Terms(limits=Limits(concurrency=3)))
    answers = await asyncio.gather(*(answer(made.route(TERMINAL)) for _ in range(20)))
    assert answers == ["Here."] * 20
    assert one.most == 3


async def test_who_came_first_is_served_first() -> None:
    it, go, served = gate(concurrency=1), asyncio.Event(), []

    async def turn(number: int) -> None:
        async with it.passed(0, seconds=None):
            served.append(number)
            await go.wait()

    async with asyncio.TaskGroup() as group:
        for number in range(10):
            group.create_task(turn(number))
        await until(lambda: it.waiting == 9)
        go.set()
    assert served == list(range(10))
    assert it.waiting == 0


async def test_who_gives_up_in_the_queue_leaves_no_gap() -> None:
    it, go = gate(concurrency=1), asyncio.Event()

    async def turn() -> str:
        async with it.passed(0, seconds=None):
            await go.wait()
        return "served"

    async with asyncio.TaskGroup() as group:
        turns = [group.create_task(turn()) for _ in range(5)]
        await until(lambda: it.waiting == 4)
        turns[1].cancel()
        turns[3].cancel()
        go.set()
    assert [each.cancelled() or each.result() for each in turns] == [
        "served",
        True,
        "served",
        True,
        "served",
    ]
    async with it.passed(0, seconds=0.01):
        pass


async def test_a_queue_that_is_too_long_sends_a_turn_to_the_next_backend() -> None:
    held = scripted("a", [never])
    made = router(
        held,
        scripted("b"),
        settings=RouterSettings(longest_wait=0.01),
        terms=Terms(limits=Limits(concurrency=1)),
    )
    async with asyncio.TaskGroup() as group:
        first = group.create_task(answer(made.route(TERMINAL)))
        await until(lambda: held.running == 1)
        route = made.route(TERMINAL)
        assert await answer(route) == "I am b."
        first.cancel()
    assert route.attempts[0].error == "The queue before 'a' is longer than 0.01 seconds."
    assert made.breakers()["a"] is State.CLOSED


async def test_the_last_of_a_chain_has_its_queue_waited_for() -> None:
    go = asyncio.Event()
    one = scripted("a", [go.wait, "Here."])
    made = router(
        one,
        settings=RouterSettings(longest_wait=0.0),
        terms=Terms(limits=Limits(concurrency=1), patience=Patience(first_piece_seconds=60.0)),
    )
    async with asyncio.TaskGroup() as group:
        turns = [group.create_task(answer(made.route(TERMINAL))) for _ in range(3)]
        await until(lambda: made.queues() == {"a": 2})
        go.set()
    assert [turn.result() for turn in turns] == ["Here."] * 3
    assert made.queues() == {}


# --- In a minute -------------------------------------------------------------------------------


async def test_requests_of_a_minute_are_counted_and_then_spread() -> None:
    clock = Clock()
    it = gate(clock, requests_per_minute=6)
    for _ in range(8):
        async with it.passed(0, seconds=None):
            pass
    assert clock.now - 1000.0 == pytest.approx(20.0)


async def test_tokens_of_a_minute_are_counted_and_put_right() -> None:
    clock = Clock()
    it = gate(clock, tokens_per_minute=600)
    async with it.passed(500, seconds=None):
        it.correct(-400)
    async with it.passed(500, seconds=None):
        pass
    assert clock.slept == []
    async with it.passed(60, seconds=None):
        pass
    assert sum(clock.slept) == pytest.approx(6.0)


async def test_one_that_is_larger_than_a_minute_waits_for_a_whole_one() -> None:
    clock = Clock()
    it = gate(clock, tokens_per_minute=100)
    async with it.passed(1000, seconds=None):
        pass
    assert clock.slept == []
    async with it.passed(1, seconds=None):
        pass
    assert sum(clock.slept) == pytest.approx(540.6)


async def test_nobody_waits_for_a_minute_that_comes_too_late() -> None:
    clock = Clock()
    it = gate(clock, requests_per_minute=1)
    async with it.passed(0, seconds=8.0):
        pass
    with pytest.raises(TimeoutError):
        async with it.passed(0, seconds=8.0):
            pass
    assert clock.slept == []


async def test_what_an_answer_took_is_what_is_counted() -> None:
    clock = Clock()
    limits = Limits(tokens_per_minute=1000)
    made = router(
        scripted("a", "I am a."),
        terms=Terms(limits=limits, measure=Measure(most_tokens=900)),
        clock=clock,
    )
    for _ in range(10):  # each might take more than 900, and takes five
        await answer(made.route(TERMINAL))
    assert clock.slept == []


@given(
    st.integers(1, 100),
    st.lists(st.tuples(st.floats(0, 90), st.integers(1, 40)), min_size=1, max_size=60),
)
@settings(deadline=None)
def test_no_minute_ever_gets_more_than_two_buckets(
    most: int, asked: list[tuple[float, int]]
) -> None:
    clock = Clock()
    bucket, taken = Bucket(most, clock=clock), []
    for pause, wanted in asked:
        amount = min(wanted, most)
        clock.now += pause
        clock.now += bucket.wait(amount)
        bucket.take(amount)
        taken.append((clock.now, amount))
        lately = sum(took for at, took in taken if at > clock.now - 60.0)
        assert lately <= 2 * most + 1e-6


async def test_a_request_that_could_not_be_paid_is_none_of_the_minutes(
    sqlite_database: Database,
) -> None:
    clock, budget = Clock(), BudgetSettings(tokens_per_day=1)
    paid, quotes = scripted("paid"), scripted("quotes")
    made = Router(
        backends={"paid": paid, "quotes": quotes},
        settings=RouterSettings(chain=("paid",), budget=budget),
        terms={"paid": Terms(limits=Limits(requests_per_minute=1), free=False)},
        price=lambda *_: None,
        clock=clock,
        purse=Purse(settings=budget, spendings=SqlSpendings(sqlite_database)),
        sleep=clock.sleep,
    )
    for _ in range(3):
        assert await answer(made.route(TERMINAL)) == "I am quotes."
    assert clock.slept == []
