"""Reasoning queries: answered as JSON first, checked, mended once, and never seen."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.backends.base import Finished, Request, StopReason, Thought
from bot.backends.scripted import Answer
from bot.messages import Step, Usage
from bot.prompts import PromptBook
from bot.resources import shipped
from bot.strategies import ReasoningQueries
from bot.strategies.base import Limits, Plan
from bot.window import count_tokens
from tests.strategies.desks import DOWN, Model, answered

KEYS = (
    "customer_wants",
    "facts_needed",
    "passages_say",
    "still_missing",
    "must_not_promise",
    "way_to_reply",
)
ANSWERS = json.dumps(dict.fromkeys(KEYS, "thirty days"))


def queries(
    *written: Answer, reply: Callable[[Request], Answer] = lambda _: "You have 30 days [1]."
) -> Callable[[Request], Answer]:
    left = list(written)
    return lambda request: left.pop(0) if "these very keys" in request.context else reply(request)


async def test_the_reply_is_asked_for_with_the_answers() -> None:
    model = Model(queries(ANSWERS))
    given = await answered("reasoning_queries", model)
    assert given.text == "You have 30 days [1]."
    assert "2. facts_needed: thirty days" in model.requests[-1].context
    assert given.draft.steps == (Step(name="queries", text=ANSWERS),)
    assert len({request.system for request in model.requests}) == 1


@pytest.mark.parametrize(
    "written",
    [
        f"```json\n{ANSWERS}\n```",
        f"<think>{{}} perhaps</think>Here: {ANSWERS} Done.",
        [Thought("hm"), ANSWERS],
        ANSWERS.replace("thirty days", "[1] says: <b>thirty</b>"),
    ],
)
async def test_json_is_found_whatever_stands_around_it(written: Answer) -> None:
    given = await answered("reasoning_queries", Model(queries(written)))
    assert not given.failed


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        ("thirty days", "it holds no JSON object"),
        (ANSWERS[:-1], "it holds no JSON object"),
        ("{}", "it holds no JSON object"),
        ("[" * 5000, "it holds no JSON object"),
        ('{"customer_wants": "x", "facts_needed": "y"}', "does not answer passages_say, still"),
    ],
)
async def test_what_cannot_be_used_is_asked_for_once_more(broken: str, problem: str) -> None:
    model = Model(queries(broken, ANSWERS))
    given = await answered("reasoning_queries", model)
    assert given.text == "You have 30 days [1]."
    assert problem in given.draft.steps[0].error
    assert problem in model.requests[1].context
    assert given.steps == ["queries", "queries, repaired"]
    assert given.draft.prompt == "reasoning_queries.j2"


async def test_what_still_cannot_be_used_makes_the_reply_direct() -> None:
    model = Model(queries("no", "still not"))
    given = await answered("reasoning_queries", model)
    assert given.text == "You have 30 days [1]."
    assert given.failed == ["queries", "queries, repaired"]
    assert given.draft.prompt == "direct.j2"


async def test_a_model_that_does_not_answer_is_not_asked_to_repair() -> None:
    model = Model(queries(DOWN))
    given = await answered("reasoning_queries", model)
    assert given.failed == ["queries"]
    assert given.draft.attempts[0].step == "queries"
    assert given.text == "You have 30 days [1]."


@pytest.mark.parametrize("reply", [ANSWERS, f"Here: {ANSWERS[40:]}", 'Well, "way_to_reply" says'])
async def test_json_that_is_repeated_never_reaches_a_customer(reply: str) -> None:
    model = Model(queries(ANSWERS, reply=lambda r: reply if "thoughts" in r.context else "Ok."))
    given = await answered("reasoning_queries", model)
    assert given.text == "Ok."
    assert not any(key in given.shown for key in KEYS)


async def test_questions_of_ones_own_must_be_answered(tmp_path: Path) -> None:
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "queries.j2").write_text(
        '{# Ours. No variables. #}\nWith these very keys: {"is_it_urgent": "?", "why": "?"}'
    )
    book = PromptBook(shipped=shipped("prompts"), folder=tmp_path)
    asked: list[str] = []

    class Asking:
        async def ask(
            self, request: Request, *, step: str, read: Callable[[str], object]
        ) -> object:
            asked.append(f"{step}: {request.context}")
            return read('{"is_it_urgent": true, "why": ["late"], "more": 1}')

        note = print
        render = staticmethod(book.render)

    request = Request(system="", history=(), context="", question="")
    plan = await ReasoningQueries().think(request, Asking())  # type: ignore[arg-type]
    assert isinstance(plan, Plan)
    assert '1. is_it_urgent: true\n2. why: ["late"]' in plan.request.context
    assert replace(plan.request, context="") == request


def _broken() -> Model:
    """Return a model that breaks off in the middle of its answers to itself."""
    return Model(
        lambda request: (
            ['{"half": "', DOWN]
            if "these very keys" in request.context
            else "You have 30 days [1]."
        )
    )


async def test_what_broke_off_is_no_part_of_the_answers() -> None:
    given = await answered("reasoning_queries", _broken(), Model(lambda _: ANSWERS, name="other"))
    assert given.draft.steps == (Step(name="queries", text=ANSWERS),)


async def test_what_broke_off_is_paid_as_well() -> None:
    first = _broken()
    await answered("reasoning_queries", first)
    [asked, *_] = first.requests
    once = sum(map(count_tokens, (asked.system, asked.history[-1].text, asked.context))) + 60
    limits = Limits(tokens=2 * once - 1, step_tokens=60)
    other = Model(lambda _: ANSWERS, name="other")
    given = await answered(ReasoningQueries(limits=limits), _broken(), other)
    assert given.failed == ["queries"]
    assert f"are left of {2 * once - 1}" in given.draft.steps[0].error


async def test_what_a_step_took_stands_in_place_of_what_it_might_have() -> None:
    first = Model(queries("no", ANSWERS))
    await answered("reasoning_queries", first)
    [asked, *_] = first.requests
    once = sum(map(count_tokens, (asked.system, asked.history[-1].text, asked.context))) + 3000
    limits = Limits(tokens=2 * once - 1, step_tokens=3000)
    given = await answered(ReasoningQueries(limits=limits), Model(queries("no", ANSWERS)))
    assert given.steps == ["queries", "queries, repaired"]
    assert given.failed == ["queries"]


@pytest.mark.parametrize("reason", [StopReason.LENGTH, StopReason.REFUSAL])
async def test_what_was_cut_or_declined_is_no_step(reason: StopReason) -> None:
    ended = Finished(reason=reason, usage=Usage(), model="model")
    given = await answered("reasoning_queries", Model(queries([ANSWERS, ended])))
    assert given.text == "You have 30 days [1]."
    assert [step.error for step in given.draft.steps] == [f"it stopped with {reason}"]
    assert given.draft.prompt == "direct.j2"
