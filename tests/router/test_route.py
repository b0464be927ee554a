"""What happens when a backend does not answer, and what is kept of it."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

import pytest

from bot.backends.base import Called, Finished, Output, Request, StopReason, Text, Thought
from bot.backends.scripted import ScriptedBackend
from bot.errors import BackendMisled, BackendUnavailable, NoAnswer
from bot.messages import ToolCall, Usage
from bot.router import FellBack, Patience
from bot.router.breaker import State
from bot.settings import RouterSettings, Rule
from tests.clocks import Clock
from tests.router.routers import (
    REQUEST,
    TERMINAL,
    answer,
    busy,
    heard,
    misconfigured,
    router,
    scripted,
    shown,
    unavailable,
)

# --- Falling back ------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", [busy(after=60.0), unavailable(), misconfigured()])
async def test_the_next_backend_answers_where_one_fails(failure: Exception) -> None:
    outputs = await heard(router(scripted("a", failure), scripted("b")).route(TERMINAL))
    assert outputs[0] == FellBack(backend="a", next_backend="b", reason=str(failure))
    assert shown(outputs) == "I am b."
    assert isinstance(outputs[-1], Finished)


async def test_a_failure_in_mid_answer_starts_the_next_one_from_the_beginning() -> None:
    broken = scripted("a", ["Open the ", busy("the line was cut")])
    outputs = await heard(router(broken, scripted("b")).route(TERMINAL))
    kinds = [type(output).__name__ for output in outputs]
    assert kinds == ["Text", "Text", "FellBack", "Text", "Text", "Text", "Finished"]
    assert shown(outputs) == "I am b."
    assert len(broken.requests) == 1  # not asked again: the customer has seen a piece


async def test_a_thought_too_keeps_a_backend_from_being_asked_again() -> None:
    broken = scripted("a", [Thought("Hm"), busy()])
    await heard(router(broken, scripted("b")).route(TERMINAL))
    assert len(broken.requests) == 1


async def test_no_answer_tells_every_cause() -> None:
    dead = scripted("b", BackendUnavailable("Gone away.", backend="b"))
    with pytest.raises(NoAnswer) as raised:
        await heard(router(scripted("a", unavailable()), dead).route(TERMINAL))
    assert str(raised.value) == "No backend gave an answer. No such thing. Gone away."
    assert len(raised.value.causes) == 2


async def test_an_answer_of_no_use_is_a_failure() -> None:
    route = router(scripted("a", ""), scripted("b")).route(TERMINAL)
    asked = route.stream(REQUEST, verdict=lambda end: "" if end.usage.output else "it was empty")
    outputs = [output async for output in asked]
    assert outputs[0] == FellBack(backend="a", next_backend="b", reason="it was empty")
    assert [attempt.error for attempt in route.attempts] == ["it was empty", ""]


async def test_a_tool_call_that_nobody_asked_for_falls_back() -> None:
    call = Called(ToolCall(id="1", name="refund", arguments="{}"))
    route = router(scripted("a", [call]), scripted("b")).route(TERMINAL)
    asked = route.stream(
        REQUEST, verdict=lambda end: "a tool" if end.reason is StopReason.TOOL else ""
    )
    assert shown([output async for output in asked]) == "I am b."


def _misled(_: Finished) -> str:
    raise BackendMisled("no tags", backend="b")


async def test_nobody_else_is_asked_for_one_that_was_misled_and_nobody_is_left_alone() -> None:
    first, second, third = scripted("a", unavailable()), scripted("b"), scripted("c")
    it = router(first, second, third, settings=RouterSettings(breaker_failures=1))
    route = it.route(TERMINAL)
    with pytest.raises(NoAnswer, match="no tags"):
        _ = [output async for output in route.stream(REQUEST, verdict=_misled)]
    assert third.requests == []
    assert it.breakers() == {"a": State.OPEN, "b": State.CLOSED, "c": State.CLOSED}
    assert shown(await heard(route)) == "I am b."
    assert [attempt.backend for attempt in route.attempts] == ["a", "b", "b"]
    assert [attempt.error for attempt in route.attempts][1:] == ["no tags", ""]


async def test_the_next_stream_begins_with_the_one_that_was_misled() -> None:
    route = router(scripted("a", unavailable(), "I am a."), scripted("b")).route(TERMINAL)
    with pytest.raises(NoAnswer):
        _ = [output async for output in route.stream(REQUEST, verdict=_misled)]
    assert shown(await heard(route)) == "I am b."


async def test_a_refusal_is_final() -> None:
    refusal = Finished(reason=StopReason.REFUSAL, usage=Usage(), model="a-1")
    second = scripted("b")
    route = router(scripted("a", [refusal]), second).route(TERMINAL)
    assert [output async for output in route.stream(REQUEST, verdict=lambda _: "no use")] == [
        refusal
    ]
    assert second.requests == []


class Hasty(ScriptedBackend):
    """Stops without ``Finished``, or breaks the promise in another way."""

    def __init__(self, error: Exception | None) -> None:
        super().__init__("", name="a")
        self._error = error

    async def stream(self, request: Request) -> AsyncGenerator[Output]:
        self.requests.append(request)
        yield Text("Open the")
        if self._error:
            raise self._error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (None, "'a' stopped in its middle."),
        (ValueError("Hi"), "'a' broke with ValueError, which a backend must not raise."),
        (TimeoutError(), "'a' broke with TimeoutError, which a backend must not raise."),
    ],
)
async def test_a_backend_that_breaks_its_promise_is_one_that_failed(
    error: Exception | None, reason: str
) -> None:
    outputs = await heard(router(Hasty(error), scripted("b")).route(TERMINAL))
    assert FellBack(backend="a", next_backend="b", reason=reason) in outputs
    assert shown(outputs) == "I am b."


# --- Asking again ------------------------------------------------------------------------------


async def test_a_busy_backend_is_asked_again_after_longer_and_longer() -> None:
    clock = Clock()
    one = scripted("a", busy(), busy(), "Here I am.")
    assert await answer(router(one, scripted("b"), clock=clock).route(TERMINAL)) == "Here I am."
    assert clock.slept == [0.5, 1.0]


async def test_it_is_asked_when_it_said_that_it_would_be_ready() -> None:
    clock = Clock()
    assert await answer(
        router(scripted("a", busy(after=7.0), "Here."), clock=clock).route(TERMINAL)
    )
    assert clock.slept == [7.0]


async def test_nobody_waits_longer_than_the_settings_say() -> None:
    clock = Clock()
    route = router(scripted("a", busy(after=8.5)), scripted("b"), clock=clock).route(TERMINAL)
    assert await answer(route) == "I am b."
    assert clock.slept == []


async def test_all_waits_together_are_no_longer_than_the_settings_say() -> None:
    clock = Clock()
    one = scripted("a", busy(after=5.0))
    assert await answer(router(one, scripted("b"), clock=clock).route(TERMINAL)) == "I am b."
    assert clock.slept == [5.0]


async def test_tries_are_counted() -> None:
    one = scripted("a", busy())
    settings = RouterSettings(tries=2)
    assert await answer(router(one, scripted("b"), settings=settings).route(TERMINAL)) == "I am b."
    assert len(one.requests) == 2


async def test_what_will_not_answer_is_asked_once() -> None:
    one = scripted("a", unavailable())
    await answer(router(one, scripted("b")).route(TERMINAL))
    assert len(one.requests) == 1


# --- Time --------------------------------------------------------------------------------------


async def never() -> None:
    await asyncio.Event().wait()


async def test_a_backend_that_does_not_begin_is_given_up() -> None:
    slow = scripted("a", [never])
    settings = RouterSettings(tries=1)
    route = router(
        slow, scripted("b"), settings=settings, patience=Patience(first_piece_seconds=0.01)
    ).route(TERMINAL)
    assert await answer(route) == "I am b."
    assert route.attempts[0].error == "'a' was silent for 0.01 seconds."
    assert slow.running == 0


async def test_a_backend_that_falls_silent_is_given_up() -> None:
    slow = scripted("a", ["Open", never])
    route = router(slow, scripted("b"), patience=Patience(silence_seconds=0.01)).route(TERMINAL)
    assert await answer(route) == "I am b."
    assert len(slow.requests) == 1
    assert slow.running == 0


async def test_patience_is_for_the_backend_not_for_whoever_reads() -> None:
    route = router(scripted("a"), patience=Patience(silence_seconds=0.01)).route(TERMINAL)
    read = []
    async for output in route.stream(REQUEST):
        await asyncio.sleep(0.03)
        read.append(output)
    assert shown(read) == "I am a."


# --- Giving up ---------------------------------------------------------------------------------


async def test_closing_closes_the_backends_stream_at_once() -> None:
    one = scripted("a", ["Open ", "the ", never])
    made = router(one)
    route = made.route(TERMINAL)
    async with aclosing(route.stream(REQUEST)) as outputs:
        await anext(outputs)
        assert one.running == 1
    assert one.running == 0
    assert made.breakers() == {"a": State.CLOSED}
    assert [attempt.error for attempt in route.attempts] == ["Given up before it had answered."]


async def test_a_customer_who_gives_up_is_neither_success_nor_failure() -> None:
    clock = Clock()
    made = router(scripted("a", misconfigured(), [never]), scripted("b"), clock=clock)
    await answer(made.route(TERMINAL))
    clock.now += 30
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await heard(made.route(TERMINAL))
    assert made.breakers() == {"a": State.HALF_OPEN, "b": State.CLOSED}


async def test_whoever_stops_at_a_fall_back_leaves_the_trial_to_another() -> None:
    clock = Clock()
    second = scripted("b", misconfigured(), "I am b.")
    made = router(scripted("a", unavailable()), second, scripted("c"), clock=clock)
    await answer(made.route(TERMINAL))
    clock.now += 30
    async with aclosing(made.route(TERMINAL).stream(REQUEST)) as outputs:
        assert isinstance(await anext(outputs), FellBack)
    assert await answer(made.route(TERMINAL)) == "I am b."


# --- The breaker -------------------------------------------------------------------------------


async def test_a_backend_that_keeps_failing_is_left_alone_for_a_while() -> None:
    clock = Clock()
    one = scripted("a", *[unavailable()] * 4, "I am back.")
    made = router(one, scripted("b"), clock=clock)
    for _ in range(6):
        assert await answer(made.route(TERMINAL)) == "I am b."
    assert len(one.requests) == 4
    assert made.breakers() == {"a": State.OPEN, "b": State.CLOSED}
    clock.now += 30
    assert await answer(made.route(TERMINAL)) == "I am back."
    assert made.breakers() == {"a": State.CLOSED, "b": State.CLOSED}


async def test_a_backend_that_is_set_up_wrongly_is_left_alone_at_once() -> None:
    one = scripted("a", misconfigured())
    made = router(one, scripted("b"))
    for _ in range(3):
        assert await answer(made.route(TERMINAL)) == "I am b."
    assert len(one.requests) == 1


async def test_one_turn_tries_a_half_open_backend_and_the_others_go_on() -> None:
    clock, ready = Clock(), asyncio.Event()
    one = scripted("a", misconfigured(), [ready.wait, "I am back."])
    made = router(one, scripted("b"), clock=clock)
    await answer(made.route(TERMINAL))
    clock.now += 30
    async with asyncio.TaskGroup() as group:
        trial = group.create_task(answer(made.route(TERMINAL)))
        await asyncio.sleep(0)
        others = [group.create_task(answer(made.route(TERMINAL))) for _ in range(5)]
        assert [await other for other in others] == ["I am b."] * 5
        ready.set()
    assert trial.result() == "I am back."
    assert len(one.requests) == 2


async def test_where_all_are_left_alone_the_one_that_was_so_longest_is_asked() -> None:
    clock = Clock()
    one, two = scripted("a", misconfigured(), "I am back."), scripted("b", misconfigured())
    rules = (Rule(channel="web", chain=("a",)), Rule(channel="slack", chain=("b",)))
    settings = RouterSettings(chain=("b", "a"), rules=rules)
    made = router(one, two, settings=settings, clock=clock)
    for channel in ("web", "slack"):
        with pytest.raises(NoAnswer):
            await heard(made.route(replace(TERMINAL, channel=channel)))
        clock.now += 5
    assert made.breakers() == {"a": State.OPEN, "b": State.OPEN}
    assert await answer(made.route(TERMINAL)) == "I am back."
    assert len(two.requests) == 1


async def test_a_busy_backend_that_opens_its_breaker_is_not_asked_again() -> None:
    one = scripted("a", busy())
    settings = RouterSettings(breaker_failures=2, tries=5)
    assert await answer(router(one, scripted("b"), settings=settings).route(TERMINAL)) == "I am b."
    assert len(one.requests) == 2


# --- What is kept ------------------------------------------------------------------------------


async def test_every_attempt_is_kept_with_what_it_took() -> None:
    clock = Clock()

    async def later() -> None:
        clock.now += 2.0

    one = scripted("a", busy("overloaded"), [later, "I ", busy("the line was cut")])
    two = scripted("b", [later, "I am b.", later])
    route = router(one, two, clock=clock).route(TERMINAL)
    await answer(route)
    assert [(a.backend, a.model, a.error) for a in route.attempts] == [
        ("a", "a-1", "overloaded"),
        ("a", "a-1", "the line was cut"),
        ("b", "b-1", ""),
    ]
    assert [(a.first_piece, a.seconds) for a in route.attempts] == [
        (None, 0.0),
        (2.0, 2.0),
        (2.0, 4.0),
    ]
    assert [a.cost for a in route.attempts] == [None, None, 0.03]
    assert route.attempts[-1].usage.output == 3
    assert route.backend is two


async def test_what_is_told_of_failures_holds_nobodys_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    made = router(scripted("a", misconfigured()), scripted("b"), clock=clock)
    with caplog.at_level(logging.INFO, logger="bot.router"):
        for _ in range(3):
            await answer(made.route(TERMINAL))
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", "The backend 'a' is left alone for 30 seconds: the key is wrong"),
        ("WARNING", "'b' is asked, because 'a' gave no answer: the key is wrong"),
    ]
    clock.now += 30
    await answer(made.route(TERMINAL))
    assert [record.levelname for record in caplog.records].count("ERROR") == 2


async def test_an_attempt_tells_the_step_that_it_was_made_for() -> None:
    route = router(scripted("a", busy(), "I am a.")).route(TERMINAL)
    _ = [output async for output in route.stream(REQUEST, step="judge")]
    await heard(route)
    assert [attempt.step for attempt in route.attempts] == ["judge", "judge", "", ""]
