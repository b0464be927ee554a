"""What 'bot why' tells of a way of reasoning: each step, and what it took of the whole."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.messages import Attempt, Usage
from bot.strategies import STRATEGIES
from channels.terminal.explanation import explanation, spent
from tests.house import ask, house
from tests.strategies.desks import Model

THOUGHT = '["Passage 1 says three working days.", "It may be late."]'


async def test_the_steps_of_a_tree_are_told_in_their_order(tmp_path: Path) -> None:
    def answer(request: object) -> str:
        context = str(request)
        if "step of judging" in context:
            return "[9, 1]"
        return THOUGHT if "step of thinking" in context else "Three working days [1]."

    settings: dict[str, Any] = {
        "bot": {"strategy": "tree_of_thought"},
        "strategies": {"tree_of_thought": {"depth": 1, "breadth": 2}},
    }
    async with house(tmp_path, Model(answer), **settings) as app:
        reply = await ask(app, "How long does shipping take?")
        (record,) = await app.archive.record(reply.turn)
    page = explanation(record)
    assert reply.text == "Three working days [1]."
    steps, tried = page.index("### Steps before the reply"), page.index("### Tried")
    assert steps < page.index(f"- thoughts 1: `{THOUGHT}`") < page.index("- judge 1: `[9, 1]`")
    assert page.index("- best 1: `9 of 10: Passage 1 says three working days.`") < tried
    assert "- thoughts 1, by model (model): answered, 0.0" in page
    assert "strategy tree_of_thought; prompt tree_of_thought.j2" in page
    assert "of it for what no customer sees, in 2 requests: " in page


def test_a_sum_is_not_told_as_whole_where_a_price_is_unknown() -> None:
    usage = Usage(input=10, output=5)
    free = Attempt(backend="quotes", model="", seconds=0.0, cost=0.0)
    dear = replace(free, usage=usage, cost=0.25)
    unknown = replace(free, usage=usage, cost=None)
    assert list(spent([free, dear])) == ["10 tokens read, 5 written", "cost $0.2500"]
    assert list(spent([free, unknown]))[1] == "cost unknown: no price is known for the model"
    assert list(spent([dear, unknown]))[1] == "cost $0.2500, and what has no known price"


async def test_a_step_that_failed_is_told_with_its_reason(tmp_path: Path) -> None:
    model = Model(lambda _: "Three working days [1].")
    async with house(tmp_path, model, bot={"strategy": "reasoning_queries"}) as app:
        reply = await ask(app, "How long does shipping take?")
        (record,) = await app.archive.record(reply.turn)
    page = explanation(record)
    assert "- queries: came to nothing: it holds no JSON object | `Three working" in page
    assert "strategy reasoning_queries; prompt direct.j2" in page
    assert STRATEGIES[record.turn.strategy].template != record.turn.prompt
