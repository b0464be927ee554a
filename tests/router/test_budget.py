"""What answers cost is reserved before they are asked for, and no budget is exceeded."""

import asyncio
import logging
from contextlib import aclosing
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.backends.base import Finished, Said, StopReason, Text
from bot.backends.scripted import Answer, ScriptedBackend
from bot.errors import NoAnswer
from bot.messages import Sealed, Usage
from bot.router import Measure, Purse, Route, Router, State, Terms
from bot.settings import BudgetSettings, RouterSettings
from bot.store.base import Reservation
from bot.store.database import Database
from bot.store.spendings import SqlSpendings
from tests.clocks import Clock
from tests.router.routers import REQUEST, TERMINAL, answer, busy, heard, scripted, unavailable

COSTS = Terms(measure=Measure(count=lambda text: len(text.split()), most_tokens=20), free=False)
# Two words and three texts make 39 tokens, with the margin, and 20 more are held for the answer.
HELD = 59


@pytest.fixture
def spendings(sqlite_database: Database) -> SqlSpendings:
    return SqlSpendings(sqlite_database)


def paid(
    spendings: SqlSpendings, *backends: ScriptedBackend, free: str = "", **limits: Any
) -> Router:
    """Return a router whose backends cost a cent a token, but for the ``free`` one."""
    clock = Clock()
    budget = BudgetSettings.model_validate(limits)
    return Router(
        backends={backend.name: backend for backend in backends},
        settings=RouterSettings(budget=budget, tries=2),
        terms={one.name: replace(COSTS, free=one.name == free) for one in backends},
        price=lambda _backend, _model, usage: (usage.input + usage.output) / 100,
        clock=clock,
        purse=Purse(settings=budget, spendings=spendings),
        sleep=clock.sleep,
    )


async def spend(spendings: SqlSpendings, dollars: float) -> None:
    held = await spendings.reserve(
        "a",
        conversation=0,
        dollars=dollars,
        tokens=0,
        limits=BudgetSettings(),
        seconds=60.0,
    )
    assert isinstance(held, Reservation)
    await spendings.settle(held, dollars=dollars, tokens=0)


async def left(spendings: SqlSpendings, of: int = 10_000) -> int:
    """Return how many of so many tokens a day nobody has spent or holds."""
    low, high = 0, of
    while low < high:
        middle = (low + high + 1) // 2
        held = await spendings.reserve(
            "look",
            conversation=0,
            dollars=0.0,
            tokens=middle,
            limits=BudgetSettings(tokens_per_day=of),
            seconds=60.0,
        )
        if isinstance(held, Reservation):
            await spendings.settle(held, dollars=0.0, tokens=0)
            low = middle
        else:
            high = middle - 1
    return low


# --- What is left ------------------------------------------------------------------------------


async def test_an_answer_costs_what_its_provider_says(spendings: SqlSpendings) -> None:
    await answer(paid(spendings, scripted("a"), tokens_per_day=1000).route(TERMINAL))
    assert await left(spendings) == 10_000 - 2 - 3


@pytest.mark.parametrize("limit", ["tokens_per_day", "tokens_per_conversation"])
async def test_nobody_is_asked_what_might_cost_more_than_is_left(
    spendings: SqlSpendings, limit: str
) -> None:
    one = scripted("a")
    limits: dict[str, Any] = {limit: HELD + 5}
    made = paid(spendings, one, **limits)
    to = replace(TERMINAL, conversation=7)
    assert await answer(made.route(to)) == "I am a."
    assert await answer(made.route(to)) == "I am a."
    route = made.route(to)
    with pytest.raises(NoAnswer, match="budget of 64 tokens a"):
        await answer(route)
    assert len(one.requests) == 2
    assert route.why == (
        f"budget: Of the budget of 64 tokens a {limit[11:]}, 54 tokens are left, but an answer of "
        f"'a' may take 59 tokens. Raise router.budget.{limit}, or lower the backend's max_tokens."
    )
    assert made.breakers()["a"] is State.CLOSED


async def test_dollars_count_at_the_backends_price(spendings: SqlSpendings) -> None:
    made = paid(spendings, scripted("a"), dollars_per_day=HELD / 100)
    assert await answer(made.route(TERMINAL)) == "I am a."
    told = r"budget of \$0.59 a day, \$0.54 is left, but an answer of 'a' may take \$0.59"
    with pytest.raises(NoAnswer, match=told):
        await answer(made.route(TERMINAL))


async def test_a_budget_that_is_used_up_is_told_as_that(spendings: SqlSpendings) -> None:
    made = paid(spendings, scripted("a"), dollars_per_day=0.59)
    await spend(spendings, 0.59)
    told = r"The budget of \$0.59 a day is used up \(router.budget.dollars_per_day\)"
    with pytest.raises(NoAnswer, match=told):
        await answer(made.route(TERMINAL))


async def test_a_tiny_budget_is_told_in_plain_digits(spendings: SqlSpendings) -> None:
    made = paid(spendings, scripted("a"), dollars_per_day=0.000_01)
    with pytest.raises(NoAnswer, match=r"budget of \$0.00001 a day, \$0.00001 is left"):
        await answer(made.route(TERMINAL))


async def test_then_those_answer_that_cost_nothing(
    spendings: SqlSpendings, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = scripted("a"), scripted("quotes")
    made = paid(spendings, one, two, free="quotes", tokens_per_day=HELD - 1)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert await answer(made.route(TERMINAL)) == "I am quotes."
    assert one.requests == []
    assert [record.getMessage() for record in caplog.records] == [
        (
            "Of the budget of 58 tokens a day, 58 tokens are left, but an answer of 'a' may take "
            "59 tokens. Raise router.budget.tokens_per_day, or lower the backend's max_tokens."
        )
    ]


async def test_or_those_that_the_settings_name(spendings: SqlSpendings) -> None:
    backends = [scripted(name) for name in ("a", "quotes", "local")]
    made = paid(spendings, *backends, tokens_per_day=1, chain=["local"], free="local")
    route = made.route(TERMINAL)
    assert await answer(route) == "I am local."
    assert [attempt.backend for attempt in route.attempts] == ["a", "quotes", "local"]


async def test_a_cheaper_backend_may_answer_where_a_dear_one_may_not(
    spendings: SqlSpendings,
) -> None:
    cheap = replace(COSTS, measure=Measure(most_tokens=1))
    made = Router(
        backends={name: scripted(name) for name in ("a", "b")},
        settings=RouterSettings(),
        terms={"a": COSTS, "b": cheap},
        price=lambda _backend, _model, usage: usage.output / 100,
        clock=Clock(),
        purse=Purse(settings=BudgetSettings(dollars_per_day=0.1), spendings=spendings),
    )
    assert await answer(made.route(TERMINAL)) == "I am b."


# --- What an attempt costs ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "cost"),
    [
        ([busy(), "I am a."], 5),
        ([unavailable()], 0),
        ([["I am ", unavailable()]], 39 + 2),
        ([[Text("I am a."), Finished(reason=StopReason.END, usage=Usage(), model="a")]], 39 + 3),
    ],
)
async def test_what_the_provider_does_not_tell_is_guessed(
    spendings: SqlSpendings, script: list[Answer], cost: int
) -> None:
    made = paid(spendings, scripted("a", *script), scripted("b"), free="b", tokens_per_day=1000)
    await answer(made.route(TERMINAL))
    assert await left(spendings) == 10_000 - cost


async def test_a_model_under_a_name_without_a_price_costs_what_was_configured(
    spendings: SqlSpendings,
) -> None:
    ended = Finished(reason=StopReason.END, usage=Usage(input=2, output=3), model="a-1-of-may")
    budget = BudgetSettings(dollars_per_day=HELD / 100)
    made = Router(
        backends={"a": scripted("a", ["I am a.", ended])},
        settings=RouterSettings(budget=budget),
        terms={"a": COSTS},
        price=lambda _backend, model, usage: (
            (usage.input + usage.output) / 100 if model == "a-1" else None
        ),
        clock=Clock(),
        purse=Purse(settings=budget, spendings=spendings),
    )
    assert await answer(made.route(TERMINAL)) == "I am a."
    with pytest.raises(NoAnswer, match=r"\$0.54 is left"):
        await answer(made.route(TERMINAL))


async def test_what_a_customer_gives_up_is_paid_as_far_as_it_came(
    spendings: SqlSpendings,
) -> None:
    made = paid(spendings, scripted("a", ["I am ", asyncio.Event().wait]), tokens_per_day=1000)
    async with aclosing(made.route(TERMINAL).stream(REQUEST)) as outputs:
        await anext(outputs)
        assert await left(spendings) == 10_000 - HELD
    assert await left(spendings) == 10_000 - 39 - 1


async def test_what_a_provider_gets_back_sealed_is_read_as_well() -> None:
    sealed = Sealed(of="a-1", tokens=1000, value="...")
    said = Said(role="assistant", text="I am a.", sealed=(sealed,))
    more = replace(REQUEST, history=(*REQUEST.history, said, *REQUEST.history))
    assert COSTS.measure.read(more) - COSTS.measure.read(REQUEST) > 1000


async def test_hidden_steps_and_summaries_cost_as_well(spendings: SqlSpendings) -> None:
    made = paid(spendings, scripted("a"), tokens_per_day=1000)
    async for _ in made.route(TERMINAL).stream(REQUEST, step="judge"):
        pass
    writers = made.writers(conversation=7)
    assert isinstance(writers, Route)
    await heard(writers)
    assert await left(spendings) == 10_000 - 10


# --- All at once -------------------------------------------------------------------------------


class Watched(SqlSpendings):
    """Spendings that know what was spent since they were made."""

    spent = 0

    async def settle(self, held: Reservation, *, dollars: float, tokens: int) -> None:
        self.spent += tokens
        await super().settle(held, dollars=dollars, tokens=tokens)


_conversations = count(1)


@given(
    st.lists(st.sampled_from(["end", "busy", "middle", "dead", "step"]), min_size=1, max_size=14),
    st.integers(40, 400),
)
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_whatever_happens_at_once_the_budget_is_never_exceeded(
    sqlite_database: Database, deeds: list[str], allowed: int
) -> None:
    scripts: dict[str, list[Answer]] = {
        "end": ["one two three four five"],
        "busy": [busy(), "one two"],
        "middle": [["one two ", busy()]],
        "dead": [unavailable()],
        "step": ["a judge's word"],
    }
    watched = Watched(sqlite_database)
    budget = BudgetSettings(tokens_per_conversation=allowed)
    number = next(_conversations)

    async def one(deed: str) -> None:
        clock = Clock()
        made = Router(
            backends={"a": scripted("a", *scripts[deed])},
            settings=RouterSettings(),
            terms={"a": COSTS},
            price=lambda *_: None,
            clock=clock,
            purse=Purse(settings=budget, spendings=watched),
            sleep=clock.sleep,
        )
        route = made.route(replace(TERMINAL, conversation=number))
        try:
            async for _ in route.stream(REQUEST, step="judge" if deed == "step" else ""):
                await asyncio.sleep(0)
        except NoAnswer:
            pass

    await asyncio.gather(*(one(deed) for deed in deeds))
    assert watched.spent <= allowed


# --- Who gives up while it is reserved ---------------------------------------------------------


class _Slow(SqlSpendings):
    """Has reserved, and takes a while to say so."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.reserved, self.said, self.settled = (asyncio.Event() for _ in range(3))

    async def reserve(self, *args: Any, **more: Any) -> Any:
        held = await super().reserve(*args, **more)
        self.reserved.set()
        await self.said.wait()
        return held

    async def settle(self, *args: Any, **more: Any) -> None:
        await super().settle(*args, **more)
        self.settled.set()


async def test_what_was_reserved_for_who_gave_up_meanwhile_is_given_back(
    sqlite_database: Database,
) -> None:
    slow, one = _Slow(sqlite_database), scripted("a")
    async with asyncio.TaskGroup() as tasks:
        asked = tasks.create_task(answer(paid(slow, one, tokens_per_day=1000).route(TERMINAL)))
        await slow.reserved.wait()
        asked.cancel()
    slow.said.set()
    await slow.settled.wait()
    assert await left(SqlSpendings(sqlite_database)) == 10_000
    assert one.requests == []
