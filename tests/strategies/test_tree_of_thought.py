"""Tree of thought: the best line of thought leads to the reply, and nobody sees the thoughts."""

import json
from collections.abc import Callable

import pytest

from bot.backends.base import Request
from bot.backends.scripted import Answer
from bot.strategies import Limits, TreeOfThought
from tests.strategies.desks import DOWN, Model, answered

GOOD = "Passage 1 says thirty days, and that is what the customer wants to know."
BAD = "The customer wants to buy a lamp, so the price of lamps is what counts here."
DEEPER = "Nothing more must be promised than the thirty days of the first passage."


def tree(
    *,
    thoughts: Callable[[Request], Answer] = lambda _: json.dumps([BAD, GOOD]),
    judge: Callable[[Request], Answer] = lambda _: "[2, 9]",
    reply: Callable[[Request], Answer] = lambda _: "You have 30 days [1].",
) -> Callable[[Request], Answer]:
    def answer(request: Request) -> Answer:
        if "step of judging" in request.context:
            return judge(request)
        return thoughts(request) if "step of thinking" in request.context else reply(request)

    return answer


ONE = TreeOfThought(breadth=2, depth=1)


async def test_the_reply_is_asked_for_with_the_best_thought() -> None:
    model = Model(tree())
    given = await answered(ONE, model)
    assert given.text == "You have 30 days [1]."
    last = model.requests[-1]
    assert f"1. {GOOD}" in last.context
    assert BAD not in last.context
    assert given.steps == ["thoughts 1", "judge 1", "best 1"]
    assert given.draft.steps[-1].text == f"9 of 10: {GOOD}"
    assert [attempt.step for attempt in given.draft.attempts] == ["thoughts 1", "judge 1", ""]


async def test_all_requests_of_a_turn_begin_alike() -> None:
    model = Model(tree())
    await answered(ONE, model)
    assert len({(request.system, request.history) for request in model.requests}) == 1
    first = model.requests[0].context.split("This is a step")[0]
    assert all(request.context.startswith(first) for request in model.requests)


async def test_the_best_lines_go_on_and_the_others_end() -> None:
    def thoughts(request: Request) -> str:
        return json.dumps([BAD, GOOD, "x"] if "So far" not in request.context else [DEEPER])

    def judge(request: Request) -> str:
        return "[1, 9, 3]" if DEEPER not in request.context else "[4, 8]"

    model = Model(tree(thoughts=thoughts, judge=judge))
    given = await answered(TreeOfThought(breadth=3, depth=2, kept=2), model)
    asked = [request.context for request in model.requests if "So far" in request.context]
    assert len(asked) == 2
    assert not any(BAD in context for context in asked)
    assert f"1. x\n2. {DEEPER}" in model.requests[-1].context
    assert given.steps == [
        "thoughts 1",
        "judge 1",
        "best 1",
        *["thoughts 2"] * 2,
        "judge 2",
        "best 2",
    ]


async def test_a_judge_of_its_own_scores() -> None:
    model = Model(tree())
    judge = Model(lambda _: "[9, 2]", name="judge")
    given = await answered(TreeOfThought(breadth=2, depth=1, judge="judge"), model, judge)
    assert BAD in model.requests[-1].context
    assert [attempt.backend for attempt in given.draft.attempts] == ["model", "judge", "model"]


@pytest.mark.parametrize(
    "scores", ['["high", 9]', "[null, 9]", "[99, 9]", "[NaN, 0]", "[true, 1]", "[[2, 9]]"]
)
async def test_a_score_that_is_none_counts_as_the_worst(scores: str) -> None:
    model = Model(tree(judge=lambda _: f"Of the [2] of them: {scores}."))
    given = await answered(ONE, model)
    assert GOOD in model.requests[-1].context
    assert not given.failed


@pytest.mark.parametrize(
    "scores", ["fine", "[]", "[1]", "[1, 2, 3]", '["a", "b"]', "[-1, 11]", "[", "{}"]
)
async def test_a_judge_that_answers_nonsense_makes_the_reply_direct(scores: str) -> None:
    model = Model(tree(judge=lambda _: scores, reply=lambda _: "Thirty days."))
    given = await answered(ONE, model)
    assert given.text == "Thirty days."
    assert given.failed == ["judge 1"]
    assert given.draft.prompt == "direct.j2"
    assert GOOD not in model.requests[-1].context
    assert "found in steps" not in model.requests[-1].system


@pytest.mark.parametrize("thoughts", ["hm", "[]", '["", " "]', "[1, 2]", '{"a": ["b"', DOWN])
async def test_without_thoughts_the_reply_is_direct(thoughts: Answer) -> None:
    model = Model(tree(thoughts=lambda _: thoughts))
    given = await answered(ONE, model)
    assert given.text == "You have 30 days [1]."
    assert given.failed == ["thoughts 1"]


async def test_a_line_that_ends_leaves_the_others() -> None:
    def thoughts(request: Request) -> Answer:
        if "So far" not in request.context:
            return json.dumps([BAD, GOOD])
        return DOWN if GOOD in request.context else json.dumps([DEEPER, "y"])

    model = Model(tree(thoughts=thoughts))
    given = await answered(TreeOfThought(breadth=2, depth=2, kept=2), model)
    assert BAD in model.requests[-1].context
    assert given.failed == ["thoughts 2"]


async def test_the_budget_ends_the_thinking() -> None:
    model = Model(tree())
    limits = Limits(tokens=1500, step_tokens=50)
    given = await answered(TreeOfThought(breadth=2, depth=5, limits=limits), model)
    assert given.text == "You have 30 days [1]."
    assert "are left of 1500" in given.draft.steps[-1].error
    assert given.draft.prompt == "direct.j2"


@pytest.mark.parametrize("reply", [f"{GOOD} So: 30 days.", f"I thought: {GOOD.upper()}"])
async def test_a_reply_that_repeats_its_thought_is_given_again(reply: str) -> None:
    model = Model(tree(reply=lambda request: reply if GOOD in request.context else "Thirty."))
    given = await answered(ONE, model)
    assert given.text == "Thirty."
    assert "customer wants to know" not in given.shown.lower()
    assert given.draft.steps[-1].error == "it repeated what was thought"
