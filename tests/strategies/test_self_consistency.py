"""Self-consistency: the answer that most agree on is given, and the agreement is kept."""

import asyncio
from collections.abc import Callable

import pytest

from bot.backends.base import Request
from bot.backends.scripted import Answer
from bot.strategies import Limits, SelfConsistency
from bot.strategies.meaning import Meaning, clusters, middle, words
from bot.strategies.written import Seen
from tests.strategies.desks import DOWN, Model, answered


def says(text: str) -> str:
    return f"<thinking>hm</thinking><answer>{text}</answer>"


def in_turn(*answers: Answer) -> Callable[[Request], Answer]:
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def meanings(*texts: str) -> list[Meaning]:
    unknown = "unknown: "
    seen = [Seen(text=t.removeprefix(unknown), unanswered=t.startswith(unknown)) for t in texts]
    return [Meaning(answer=each, stems_of=words) for each in seen]


THIRTY = "You have 30 days to send the lamp back [1]."
ALIKE = "To send the lamp back you have 30 days [1]."
FIVE = "You have 5 days to send the lamp back [2]."


# --- Meaning


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ([THIRTY, FIVE, ALIKE], [[0, 2], [1]]),
        ([FIVE, THIRTY, ALIKE], [[1, 2], [0]]),
        (
            ["Yes, that works [1].", "No, that doesn't work [1].", "Yes, it works [1]."],
            [[0, 2], [1]],
        ),
        (["unknown: I don't know.", "It is blue.", "unknown: Sorry!"], [[0, 2], [1]]),
        (["Hello!"], [[0]]),
        (["1. Open it.\n2. Close it [1].", "Open it, then close it [1]."], [[0, 1]]),
        (["\u2620", "\u2620"], [[0, 1]]),
    ],
)
def test_answers_that_mean_the_same_are_found(texts: list[str], found: list[list[int]]) -> None:
    assert [sorted(cluster) for cluster in clusters(meanings(*texts))] == found


def test_the_middle_of_a_meaning_is_what_is_nearest_to_all_of_it() -> None:
    said = meanings("red green", "red green blue", "green blue", "red green blue white")
    assert middle(said, [0, 1, 2, 3]) == 1


# --- The answer


async def test_the_majority_is_given() -> None:
    model = Model(in_turn(*map(says, [FIVE, THIRTY, ALIKE, THIRTY, FIVE])))
    given = await answered("self_consistency", model)
    assert given.text == THIRTY
    assert given.draft.citations[0].passage == 7
    assert given.draft.reasoning == "hm"
    assert given.draft.steps[-1].text == "3 of 5 answers agree (2 meanings)"
    assert [attempt.step for attempt in given.draft.attempts] == [
        f"answer {number}" for number in range(1, 6)
    ]
    assert all(request.temperature == 0.7 for request in model.requests)


async def test_an_answer_that_does_not_know_can_be_the_majority() -> None:
    unknown = says("<unanswered/>I do not know.")
    model = Model(in_turn(unknown, says(THIRTY), unknown))
    given = await answered(SelfConsistency(answers=3), model)
    assert given.text == "I do not know."
    assert given.draft.outcome == "unanswered"


async def test_who_can_change_nothing_is_not_waited_for() -> None:
    never = asyncio.Event()
    model = Model(in_turn(says(THIRTY), says(ALIKE), says(THIRTY), [never.wait, says(FIVE)]))
    given = await answered("self_consistency", model)
    assert given.text == THIRTY
    assert given.draft.steps[-1].text == "3 of 3 answers agree (one meaning); 2 of 5 not used"
    assert len(given.draft.attempts) == 5


async def test_answers_that_are_none_are_left_out() -> None:
    model = Model(in_turn("no tags", "<answer></answer>", DOWN, says(THIRTY), "<think>"))
    given = await answered("self_consistency", model)
    assert given.text == THIRTY
    assert len(given.failed) == 4


async def test_without_any_answer_the_customer_is_answered_directly() -> None:
    model = Model(lambda request: "Thirty days." if request.temperature is None else "no tags")
    given = await answered("self_consistency", model)
    assert given.text == "Thirty days."
    assert given.draft.prompt == "direct.j2"
    assert given.draft.strategy == "self_consistency"
    assert given.failed == [f"answer {number}" for number in range(1, 6)]


async def test_a_majority_whose_words_are_nothing_is_answered_directly() -> None:
    model = Model(lambda request: "Thirty." if request.temperature is None else says("[9]"))
    given = await answered("self_consistency", model)
    assert given.text == "Thirty."
    assert given.failed == ["self_consistency"]


# --- The judge


async def test_a_judge_tells_which_mean_the_same() -> None:
    model = Model(in_turn(says("One."), says("Two."), says("Three.")))
    judge = Model(lambda _: "Here: [1, 4, 4]", name="judge")
    given = await answered(SelfConsistency(answers=3, judge="judge"), model, judge)
    assert given.text == "Two."
    assert judge.requests[0].temperature == 0
    assert [attempt.backend for attempt in given.draft.attempts] == [*["model"] * 3, "judge"]


@pytest.mark.parametrize("nonsense", ["[1, 2]", "[1, 2, true]", "all the same", "[1, 2, 3.5]", "["])
async def test_a_judge_that_answers_nonsense_is_not_heard(nonsense: str) -> None:
    model = Model(in_turn(says(FIVE), says(THIRTY), says(ALIKE)))
    judge = Model(lambda _: nonsense, name="judge")
    given = await answered(SelfConsistency(answers=3, judge="judge"), model, judge)
    assert given.text == THIRTY
    assert given.failed == ["judge"]


async def test_what_the_budget_does_not_allow_is_not_asked() -> None:
    model = Model(lambda request: "Thirty." if request.temperature is None else says(THIRTY))
    limits = Limits(tokens=3000, step_tokens=100)
    given = await answered(SelfConsistency(limits=limits), model)
    assert given.text == THIRTY
    assert 0 < len(given.failed) < 5
    given = await answered(SelfConsistency(limits=Limits(tokens=10)), model)
    assert given.text == "Thirty."
    assert "10 are left of 10" in given.draft.steps[0].error
