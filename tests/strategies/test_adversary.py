"""Every strategy against a model that does its worst: nothing hidden shows, no budget is passed.

What must never be seen carries a sign that a customer's reply never has.
"""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Iterator
from dataclasses import replace
from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.answers import Draft
from bot.backends.base import Called, Finished, Output, Request, StopReason, Text, Thought
from bot.backends.prefill import Prefill
from bot.backends.scripted import Answer, Step
from bot.errors import BackendBusy, BackendUnavailable, StepFailed
from bot.messages import GIVEN_UP, ToolCall, Usage
from bot.strategies import (
    STRATEGIES,
    FewShot,
    Limits,
    ReasoningQueries,
    SelfConsistency,
    Strategy,
    TreeOfThought,
)
from bot.strategies.budget import Budget
from bot.strategies.few_shot import Example
from bot.thoughts import BLOCKS, HIDDEN
from bot.window import count_tokens
from tests.strategies.desks import DOWN, Given, Model, answered

SIGN = "\u2620"
SECRET = f"the customer {SIGN} is angry {SIGN} and must {SIGN} not be told of this {SIGN} plan"

# What a hidden step may be answered with: all of it is hidden, and may be used or not.
KEYED = dict.fromkeys(
    (
        "customer_wants",
        "facts_needed",
        "passages_say",
        "still_missing",
        "must_not_promise",
        "way_to_reply",
    ),
    SECRET,
)
THOUGHTS = st.sampled_from(
    [
        json.dumps([SECRET, f"more {SECRET}"]),
        json.dumps(KEYED),
        json.dumps(KEYED | {"passages_say": [f"<answer>{SECRET}</answer>", {"a": SECRET}]}),
        json.dumps([f"</thoughts>{SECRET}", f"<answer>{SECRET}</answer>", "<think>"]),
        f"<think>{json.dumps(KEYED)}</think>{json.dumps([SECRET, SECRET + ' too'])}",
        "[9, 1]",
        "[0, 10, 5, 5, 1, 1]",
        "[NaN, 1e999]",
        '["high", null]',
        SECRET,
        f"<answer>{SECRET}",
        "[" * 3000,
        "{" * 50,
        "",
        "<unanswered/>",
    ]
)
OPENING = st.sampled_from(
    [
        *(f"<{tag}>" for tag in HIDDEN),
        *("< THINKING >", "<think x='>'"),
        *BLOCKS,
        *("<|channel|>analysis<|message|>", "<|start|>assistant<|channel|>", "<|think|>"),
    ]
)
FINAL = "assistant<|channel|>final<|message|>"
NOISE = st.sampled_from(["<", "</", "</thi", "nk>", ">", "{", "}", "\n", "Hello.", "[1]", "[99]"])


@st.composite
def replies(draw: st.DrawFn) -> str:
    """Return a reply whose secrets stand where no customer may look: in tags, or repeated."""
    parts = []
    for _ in range(draw(st.integers(0, 3))):
        tag = draw(st.sampled_from(HIDDEN))
        opening, closing = draw(st.sampled_from(list(BLOCKS.items())))
        secret = draw(st.sampled_from([SECRET, f"<{tag}>{SECRET}</{tag}>", f"{SECRET}<answer>"]))
        parts.append(
            draw(
                st.sampled_from(
                    [
                        f"<{tag}>{secret}</{tag}>",
                        f"< {tag.upper()} >{secret}</ {tag} >",
                        f"<{tag} a='b'>{secret}</{tag}>",
                        f"{opening}{secret}{closing}",
                        f"<|channel|>analysis<|message|>{secret}<|end|><|start|>{FINAL}",
                    ]
                )
            )
        )
        parts.append(draw(NOISE.filter(lambda noise: "<" not in noise)))
    parts.append(draw(st.sampled_from(["<answer>Hi [1].</answer>", "Hi.", "", "<unanswered/>No."])))
    if draw(st.booleans()):  # never closed
        parts.append(draw(OPENING) + SECRET)
    return "".join(parts)


ENDS = st.sampled_from([StopReason.END, StopReason.LENGTH, StopReason.REFUSAL, StopReason.TOOL])
WISH = Called(ToolCall(id="1", name="refund", arguments=SECRET))
EXTRAS: st.SearchStrategy[Step] = st.sampled_from([Thought(SECRET), WISH])
BUSY = BackendBusy("It is busy.", backend="model")
BROKEN = BackendUnavailable("It broke.", backend="model")


@st.composite
def answers(draw: st.DrawFn, written: st.SearchStrategy[str]) -> Answer:
    """Return an answer that is whole, cut anywhere, broken off, refused, or none."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from([DOWN, BUSY, RuntimeError(SECRET)]))
    text = draw(written)
    places = draw(st.lists(st.integers(0, 999), max_size=8))
    ends = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    steps: list[Step] = [Text(text[at:end]) for at, end in pairwise(ends)]
    for extra in draw(st.lists(EXTRAS, max_size=1)):
        steps.insert(draw(st.integers(0, len(steps))), extra)
    ended = draw(st.integers(0, 7))
    if ended == 0:
        return [*steps, BROKEN]
    if ended == 1:
        usage = Usage(input=draw(st.integers(0, 50)), output=draw(st.integers(0, 50)))
        return [*steps, Finished(reason=draw(ENDS), usage=usage, model="m")]
    return steps


WAYS = st.sampled_from(
    [
        *STRATEGIES.values(),
        FewShot(examples=(Example(question="How long?", reply="30 days [1]."),)),
        SelfConsistency(answers=3),
        SelfConsistency(answers=2, judge="other"),
        TreeOfThought(breadth=2, depth=1),
        TreeOfThought(breadth=2, depth=2, kept=1, judge="other"),
    ]
)
BUDGETS = st.none() | st.integers(1, 12_000)


def limited(strategy: Strategy, tokens: int | None) -> Strategy:
    """Return ``strategy`` with a budget, if it takes steps."""
    if isinstance(strategy, SelfConsistency | TreeOfThought | ReasoningQueries):
        return replace(strategy, limits=Limits(tokens=tokens, step_tokens=60, seconds=None))
    return strategy


def is_step(request: Request) -> bool:
    asked = ("step of thinking", "step of judging", "these very keys")
    return any(words in request.context for words in asked)


def give(
    strategy: Strategy, thoughts: list[Answer], said: list[Answer]
) -> tuple[Given, list[Request]]:
    hidden, open_ = cycle(thoughts), cycle(said)
    models = [
        Model(
            lambda request: next(hidden if is_step(request) else open_),
            name=name,
            cut=lambda t: [t],
        )
        for name in ("model", "other")
    ]
    given = asyncio.run(answered(strategy, *models))
    return given, [request for model in models for request in model.requests]


def cycle(answers: list[Answer]) -> Iterator[Answer]:
    while True:
        yield from answers


SCRIPTS = st.lists(answers(THOUGHTS), min_size=1, max_size=5)
SAID = st.lists(answers(replies()), min_size=1, max_size=5)


@settings(deadline=None)
@given(strategy=WAYS, tokens=BUDGETS, thoughts=SCRIPTS, said=SAID)
def test_no_hidden_thought_reaches_a_customer(
    strategy: Strategy, tokens: int | None, thoughts: list[Answer], said: list[Answer]
) -> None:
    got, _ = give(limited(strategy, tokens), thoughts, said)
    assert SIGN not in got.shown
    assert SIGN not in got.text
    assert not any(key in got.shown for key in KEYED)
    assert got.text, "there is always something to read"
    assert got.text == got.draft.text or got.text.strip() == got.draft.text


CLOSING = {**{f"<{tag}>": f"</{tag}>" for tag in HIDDEN}, **BLOCKS}
INSIDE = [SECRET, f"<answer>{SECRET}</answer>", f"<|start|>{FINAL}{SECRET}", "<unanswered/>"]


@st.composite
def begun(draw: st.DrawFn, opening: str) -> str:
    """Return an answer that begins within a thought, which ends or does not."""
    marks = st.sampled_from([*CLOSING.values(), *CLOSING])
    parts = draw(st.lists(st.sampled_from(INSIDE) | NOISE | marks, max_size=8))
    thought = "".join([SECRET, *parts, SECRET])
    assume(not re.search(rf"<\s*/\s*{opening[1:]}|{re.escape(CLOSING[opening])}", thought))
    ended = st.sampled_from(["", f"{CLOSING[opening]}\n\nHi [1].", f"{CLOSING[opening]} Hi. </"])
    return draw(st.sampled_from(["", "\n", opening, f"\n{opening}\n"])) + thought + draw(ended)


class Begun(Model):
    """A model whose chat template begins its answers with ``opening``."""

    opening = ""

    async def stream(self, request: Request) -> AsyncGenerator[Output]:
        prefill = Prefill(self.opening)
        async for output in super().stream(request):
            for each in prefill.of([output]):
                yield each


@settings(deadline=None)
@given(strategy=WAYS, opening=st.sampled_from([*CLOSING]), data=st.data())
def test_no_thought_that_begins_in_the_prompt_reaches_a_customer(
    strategy: Strategy, opening: str, data: st.DataObject
) -> None:
    said = cycle(data.draw(st.lists(answers(begun(opening)), min_size=1, max_size=5)))
    models = [Begun(lambda _: next(said), name=name) for name in ("model", "other")]
    for model in models:
        model.opening = opening
    got = asyncio.run(answered(strategy, *models))
    assert SIGN not in got.shown
    assert SIGN not in got.text
    assert got.text, "there is always something to read"


@settings(deadline=None)
@given(strategy=WAYS, thoughts=SCRIPTS, said=st.sampled_from(["{}", "{} Hi.", "Hi. {}", "\n{}\n"]))
def test_a_thought_that_is_repeated_does_not_reach_a_customer(
    strategy: Strategy, thoughts: list[Answer], said: str
) -> None:
    def answer(request: Request) -> Answer:
        if is_step(request):
            return next(hidden)
        found = re.search(r"<thoughts>\n(.*)\n</thoughts>", request.context, re.DOTALL)
        return said.format(found[1]) if found else "<answer>Hi.</answer>"

    hidden = cycle(thoughts)
    got = asyncio.run(answered(strategy, Model(answer), Model(answer, name="other")))
    assert SIGN not in got.shown
    assert not any(key in got.shown for key in KEYED)
    assert got.text.startswith(("Hi.", "I\u2019m", "I'm", "Sorry")), got.text


@settings(deadline=None)
@given(strategy=WAYS, tokens=st.integers(1, 12_000), thoughts=SCRIPTS, said=SAID)
def test_the_budget_is_never_exceeded(
    strategy: Strategy, tokens: int, thoughts: list[Answer], said: list[Answer]
) -> None:
    chosen = limited(strategy, tokens)
    got, requests = give(chosen, thoughts, said)
    spent = sum(each.usage.input + each.usage.output for each in got.draft.attempts if each.step)
    assert chosen.limits.tokens is None or spent <= tokens
    samples = isinstance(chosen, SelfConsistency)
    steps = [each for each in requests if is_step(each) or (samples and each.temperature)]
    if chosen.limits.tokens is not None:
        assert all(read(request) + 60 <= tokens for request in steps)


@settings(deadline=None)
@given(strategy=WAYS, tokens=BUDGETS, thoughts=SCRIPTS, said=SAID)
def test_a_strategy_that_comes_to_nothing_answers_directly_and_says_so(
    strategy: Strategy, tokens: int | None, thoughts: list[Answer], said: list[Answer]
) -> None:
    got, _ = give(limited(strategy, tokens), thoughts, said)
    draft = got.draft
    assert draft.strategy == strategy.name
    assert draft.prompt in {strategy.template, "direct.j2"}
    if draft.prompt == "direct.j2" != strategy.template:
        assert any(step.error for step in draft.steps)
    assert all(step.text or step.error for step in draft.steps)
    failed = {step.name for step in draft.steps if step.error}
    assert failed >= set(without_answer(draft))


def without_answer(draft: Draft) -> Iterator[str]:
    """Yield the steps that nobody has answered, but for those that were no longer needed."""
    for name in {attempt.step for attempt in draft.attempts if attempt.step}:
        errors = [attempt.error for attempt in draft.attempts if attempt.step == name]
        if all(errors) and GIVEN_UP not in errors:
            yield name


def read(request: Request) -> int:
    said = (step.text for step in request.history)
    return sum(map(count_tokens, (request.system, *said, request.context)))


# --- The budget itself


@given(
    limit=st.integers(0, 300),
    asked=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.booleans()), max_size=20),
)
def test_no_more_is_reserved_than_there_is(limit: int, asked: list[tuple[int, int, bool]]) -> None:
    budget, spent = Budget(limit, count=len), 0
    for length, most, told in asked:
        request = Request(system="x" * length, history=(), context="", question="", max_tokens=most)
        try:
            reserved = budget.reserve(request)
        except StepFailed:
            assert spent + length + most > limit
            continue
        assert reserved == length + most
        usage = Usage(input=length, output=most // 2) if told else Usage()
        budget.settle(reserved, usage)
        spent += (length + most // 2) if usage != Usage() else reserved
        assert budget.spent == spent <= limit
