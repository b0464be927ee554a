"""What a customer and the audit see of cascades, splits, rules and budgets."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from bot.app import App
from bot.backends.scripted import ScriptedBackend
from bot.errors import StoreUnavailable
from bot.messages import Outcome, Turn
from bot.router import State
from bot.store.spendings import SqlSpendings
from channels.terminal.explanation import explanation
from tests.house import ask, house, until
from tests.router.routers import TERMINAL, answer, misconfigured

PASSWORD = "How do I reset my password?"
CITED = "Choose Forgot password [1]."


def named(name: str, *answers: str) -> ScriptedBackend:
    return ScriptedBackend(*(answers or (f"I am {name} [1].",)), name=name, model=name)


async def turns(app: App) -> list[Turn]:
    [line] = await app.archive.conversations(limit=1)
    return list(await app.archive.turns(line.conversation.id))


async def test_a_doubted_answer_is_never_seen_and_its_cost_is_kept(tmp_path: Path) -> None:
    small, large = named("small", "I think so."), named("large", CITED)
    router = {"cascade": {"small": "small", "covered": 0.0}}
    async with house(tmp_path, small, large, router=router) as app:
        reply = await ask(app, PASSWORD)
        [turn] = await turns(app)
    assert reply.text == CITED
    assert turn.route == "cascade: small was unsure, it cites nothing"
    assert [(one.backend, one.error) for one in turn.attempts] == [
        ("small", "it cites nothing"),
        ("large", ""),
    ]
    assert turn.attempts[0].usage.output == 3


@pytest.mark.parametrize("answer", [CITED, "See [1] and choose Forgot password [1]"])
async def test_a_sure_answer_of_the_small_one_is_the_whole_reply(
    tmp_path: Path, answer: str
) -> None:
    small, large = named("small", answer), named("large")
    router = {"cascade": {"small": "small", "covered": 0.0}}
    async with house(tmp_path, small, large, router=router) as app:
        reply = await ask(app, PASSWORD)
        [turn] = await turns(app)
        [record] = await app.archive.record(turn.id)
    assert (reply.text, large.requests) == (answer, [])
    assert "- chosen by cascade: small was sure\n" in explanation(record)


async def test_the_small_one_thinks_unseen_as_well(tmp_path: Path) -> None:
    small = named("small", f"<reasoning>See [1]</reasoning><answer>{CITED}</answer>")
    router = {"cascade": {"small": "small", "covered": 0.0}}
    sections: dict[str, Any] = {"bot": {"strategy": "chain_of_thought"}, "router": router}
    async with house(tmp_path, small, named("large"), **sections) as app:
        reply = await ask(app, PASSWORD)
    assert reply.text == CITED


async def test_an_upset_customer_gets_the_large_one(tmp_path: Path) -> None:
    small, large = named("small", CITED), named("large", CITED)
    async with house(tmp_path, small, large, router={"cascade": {"small": "small"}}) as app:
        await ask(app, "This is a terrible, awful joke!!! I am furious and want my money back!")
        [turn] = await turns(app)
    assert turn.route == "cascade: small was passed over, the customer is upset"
    assert small.requests == []


async def test_a_split_is_told_and_stays(tmp_path: Path) -> None:
    one, two = named("a"), named("b")
    split = [{"name": "new", "share": 100, "chain": ["b"]}]
    router = {"chain": ["a"], "split": split}
    async with house(tmp_path, one, two, router=router) as app:
        for _ in range(3):
            await ask(app, PASSWORD)
        assert [turn.route for turn in await turns(app)] == ["split new: b"] * 3
    assert one.requests == []


async def test_a_rule_may_set_the_strategy(tmp_path: Path) -> None:
    rules = [{"channel": "terminal", "use_strategy": "few_shot"}]
    async with house(tmp_path, named("a"), router={"rules": rules}) as app:
        await ask(app, PASSWORD)
        [turn] = await turns(app)
    assert (turn.strategy, turn.route) == ("few_shot", "rule 1: a")


PAID: dict[str, Any] = {
    "kind": "openai",
    "input_price": 1.0,
    "output_price": 1.0,
    "max_tokens": 100,
}


async def test_once_the_budget_is_used_up_the_help_centre_is_quoted(tmp_path: Path) -> None:
    paid, quotes = named("paid"), named("quotes")
    sections: dict[str, Any] = {
        "backends": {"paid": PAID, "quotes": {"kind": "extractive"}},
        "router": {"chain": ["paid"], "budget": {"dollars_per_conversation": 0.000_001}},
    }
    async with house(tmp_path, paid, quotes, **sections) as app:
        reply = await ask(app, PASSWORD)
        [turn] = await turns(app)
    assert reply.text == "I am quotes [1]."
    assert turn.route.startswith(
        "budget: Of the budget of $0.000001 a conversation, $0.000001 is left, but an answer"
    )
    assert paid.requests == []


async def test_where_nobody_is_free_the_customer_is_told_decently(tmp_path: Path) -> None:
    paid = named("paid")
    sections: dict[str, Any] = {
        "backends": {"paid": PAID},
        "router": {"budget": {"tokens_per_day": 50}},
    }
    async with house(tmp_path, paid, **sections) as app:
        reply = await ask(app, PASSWORD)
    assert reply.outcome is Outcome.FAILED
    assert "budget" not in reply.text
    assert paid.requests == []


async def test_no_answer_is_lost_because_a_hidden_step_could_not_be_paid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve, faltered = SqlSpendings.reserve, 0

    async def falters(spendings: SqlSpendings, *args: Any, **more: Any) -> Any:
        nonlocal faltered
        faltered += 1
        if faltered <= 5:
            raise StoreUnavailable("The database does not answer.")
        return await reserve(spendings, *args, **more)

    monkeypatch.setattr(SqlSpendings, "reserve", falters)
    paid = named("paid", CITED)
    sections: dict[str, Any] = {
        "bot": {"strategy": "self_consistency"},
        "backends": {"paid": PAID},
        "router": {"budget": {"tokens_per_day": 100_000}},
    }
    async with house(tmp_path, paid, **sections) as app:
        reply = await ask(app, PASSWORD)
        [turn] = await turns(app)
    assert (reply.text, len(paid.requests)) == (CITED, 1)
    assert {step.error for step in turn.steps} >= {"The database does not answer."}
    assert {one.error for one in turn.attempts} == {"The database does not answer.", ""}


async def test_an_answer_that_its_backend_gives_up_is_not_kept_as_one(tmp_path: Path) -> None:
    one = ScriptedBackend(["Choose For", given_up], name="a", model="a")
    async with house(tmp_path, one, named("b", CITED)) as app:
        reply = await ask(app, PASSWORD)
        [turn] = await turns(app)
    assert reply.text == CITED
    assert turn.attempts[0].error == (
        "'a' broke with CancelledError, which a backend must not raise."
    )


async def given_up() -> None:
    raise asyncio.CancelledError


async def test_every_process_probes_whom_it_leaves_alone(tmp_path: Path) -> None:
    two = named("b")
    wrong = ScriptedBackend(misconfigured(), "ready", name="a", model="a")
    router = {"probe_seconds": 0.01, "breaker_seconds": 3600}
    async with house(tmp_path, wrong, two, channels=(), router=router) as app:
        assert await answer(app.router.route(TERMINAL)) == "I am b [1]."
        await until(lambda: app.router.breakers()["a"] is State.CLOSED)


@pytest.mark.parametrize("budget", [None, {"tokens_per_day": 100_000}])
async def test_only_a_budget_costs_transactions(
    tmp_path: Path, budget: dict[str, int] | None
) -> None:
    paid = named("paid")
    sections: dict[str, Any] = {"backends": {"paid": PAID}, "router": {"budget": budget}}
    async with house(tmp_path, paid, **sections) as app:
        before = writes(app)
        await ask(app, PASSWORD)
        statements = before()
    assert bool([text for text in statements if "spendings" in text]) is (budget is not None)


def writes(app: App) -> Callable[[], list[str]]:
    """Listen to what the database is told from now on."""
    heard: list[str] = []

    @event.listens_for(app.database.engine, "before_cursor_execute")
    def hear(_line: object, _cursor: object, statement: str, *_rest: object) -> None:
        heard.append(statement)

    return lambda: heard
