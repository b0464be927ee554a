"""A small backend answers what is easy, and nobody sees an answer that it is not sure of."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.backends.base import Finished, Output, Request, StopReason, Text, Thought
from bot.backends.scripted import Answer, ScriptedBackend
from bot.doubt import AnswerDoubt
from bot.errors import BackendBusy, BackendUnavailable, NoAnswer
from bot.messages import Passage, Usage
from bot.router import (
    Circumstances,
    FellBack,
    Measure,
    Purse,
    Route,
    Router,
    State,
    Terms,
    count_questions,
    coverage,
)
from bot.settings import BudgetSettings, CascadeSettings, RouterSettings, Rule, Split
from bot.store.database import Database
from bot.store.spendings import SqlSpendings
from tests.clocks import Clock
from tests.router.routers import REQUEST, TERMINAL, misconfigured, router, scripted, shown

PASSAGE = Passage(
    id=7, article="p.md", title="Parcels", headings=("Parcels",), link="", text="Ask.", coverage=0.6
)
COVERED = replace(TERMINAL, coverage=0.6)
SMALL = CascadeSettings(small="small")


def cascade(
    small: ScriptedBackend, large: ScriptedBackend, **settings: object
) -> tuple[Router, Route]:
    of = CascadeSettings.model_validate({"small": "small", **settings})
    made = router(small, large, settings=RouterSettings(cascade=of))
    return made, made.route(COVERED)


async def heard(
    route: Route, *, passages: Sequence[Passage] = (PASSAGE,), request: Request = REQUEST
) -> list[Output | FellBack]:
    def verdict(finished: Finished) -> str:
        return "it was empty" if not finished.usage.output else ""

    asked = route.stream(
        request, verdict=verdict, doubts=lambda _: AnswerDoubt(passages, tagged=False)
    )
    return [output async for output in asked]


def ended(reason: StopReason) -> Finished:
    return Finished(reason=reason, usage=Usage(output=3), model="small-1")


# --- What is sure ------------------------------------------------------------------------------


async def test_an_answer_with_a_valid_citation_is_the_small_ones() -> None:
    large = scripted("large")
    _, route = cascade(scripted("small", "Open the page [1]. Then ask."), large)
    assert shown(await heard(route)) == "Open the page [1]. Then ask."
    assert large.requests == []
    assert route.why == "cascade: small was sure"


async def test_it_streams_from_its_first_valid_citation_on() -> None:
    seen: list[str] = []

    async def look() -> None:
        seen.append("".join(read))

    read: list[str] = []
    small = scripted("small", ["Open ", look, "it [1] now", look, " or later.", look])
    _, route = cascade(small, scripted("large"))
    asked = route.stream(REQUEST, doubts=lambda _: AnswerDoubt((PASSAGE,), tagged=False))
    async for output in asked:
        read += [output.text] if isinstance(output, Text) else []
    assert seen == ["", "Open it [1] now", "Open it [1] now or later."]


def test_what_turns_out_to_be_a_thought_says_nothing() -> None:
    doubt = AnswerDoubt((PASSAGE,), tagged=False)
    assert not any(doubt.settled(Text(text)) for text in ("It is ", "there.", "</think>"))
    assert doubt.against(ended(StopReason.END)) == "it said nothing"


async def test_where_there_is_nothing_to_cite_its_words_are_sure() -> None:
    _, route = cascade(scripted("small", "Hello! How can I help?"), scripted("large"))
    assert shown(await heard(route, passages=())) == "Hello! How can I help?"


async def test_to_know_nothing_where_nothing_was_found_is_sure() -> None:
    _, route = cascade(scripted("small", "<unanswered/>"), scripted("large"))
    assert shown(await heard(route, passages=())) == "<unanswered/>"
    assert route.why == "cascade: small was sure"


# --- What is unsure ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "doubt"),
    [
        ("Open the page.", "it cites nothing"),
        ("Open the page [2].", "it cites nothing"),
        ("<unanswered/> Sorry.", "it does not know"),
        (["Sorry, I ", ended(StopReason.REFUSAL)], "it declined"),
        (["Open ", ended(StopReason.LENGTH)], "it was cut"),
        ("", "it said nothing"),
        ([Thought("Hm"), ended(StopReason.TOOL)], "it said nothing"),
    ],
)
async def test_the_chain_answers_what_the_small_one_is_unsure_of(
    answer: Answer, doubt: str
) -> None:
    made, route = cascade(scripted("small", answer), scripted("large", "Ask us [1]."))
    outputs = await heard(route)
    assert [output.text for output in outputs if isinstance(output, Text)] == [
        "Ask ",
        "us ",
        "[1].",
    ]
    assert route.why == f"cascade: small was unsure, {doubt}"
    assert made.breakers()["small"] is State.CLOSED


async def test_the_small_ones_attempt_is_kept_with_its_cost() -> None:
    _, route = cascade(scripted("small", "Open the page."), scripted("large", "Ask us [1]."))
    await heard(route)
    assert [(one.backend, one.error, one.cost) for one in route.attempts] == [
        ("small", "it cites nothing", 0.03),
        ("large", "", 0.03),
    ]


async def test_what_was_shown_is_never_withdrawn_for_the_cascade() -> None:
    small = scripted("small", ["Ask us [1]. ", "<unanswered/>", ended(StopReason.LENGTH)])
    large = scripted("large")
    _, route = cascade(small, large)
    outputs = await heard(route)
    assert not [output for output in outputs if isinstance(output, FellBack)]
    assert large.requests == []


async def test_an_unsure_answer_is_better_than_none() -> None:
    dead = scripted("large", BackendUnavailable("Gone away.", backend="large"))
    _, route = cascade(scripted("small", "Open the page."), dead)
    outputs = await heard(route)
    assert shown(outputs) == "Open the page."
    assert isinstance(outputs[-1], Finished)
    assert route.backend.name == "small"
    assert route.why == "cascade: small was unsure, it cites nothing, but nobody else answered"


async def test_where_the_chain_fails_a_refusal_is_still_an_answer() -> None:
    dead = scripted("large", BackendUnavailable("Gone away.", backend="large"))
    silent = Finished(reason=StopReason.REFUSAL, usage=Usage(), model="small-1")
    _, route = cascade(scripted("small", [silent]), dead)
    assert (await heard(route))[-1] == silent


async def test_the_audit_tells_of_a_sure_answer_that_broke_off() -> None:
    broken = BackendUnavailable("The line was cut.", backend="small")
    _, route = cascade(scripted("small", ["See [1]. ", broken]), scripted("large", "Ask us [1]."))
    assert shown(await heard(route)) == "Ask us [1]."
    assert route.why == "cascade: small was sure, but broke off"


async def test_the_audit_tells_of_a_small_one_that_was_not_asked() -> None:
    made, route = cascade(scripted("small", misconfigured()), scripted("large", "Ask us [1]."))
    await heard(route)
    assert route.why == "cascade: small gave no answer"
    route = made.route(COVERED)
    await heard(route)
    assert route.why == "cascade: small is left alone"


async def test_an_empty_answer_is_not() -> None:
    dead = scripted("large", BackendUnavailable("Gone away.", backend="large"))
    _, route = cascade(scripted("small", ""), dead)
    with pytest.raises(NoAnswer):
        await heard(route)


async def test_a_small_one_that_fails_is_no_reason_to_wait() -> None:
    small = scripted("small", BackendBusy("overloaded", backend="small", retry_after=99))
    _, route = cascade(small, scripted("large", "Ask us [1]."))
    assert shown(await heard(route)) == "Ask us [1]."
    assert route.why == "cascade: small gave no answer"


async def test_a_doubted_backend_is_not_asked_twice_in_a_turn() -> None:
    small = scripted("small", "Open the page.")
    _, route = cascade(small, scripted("large", "Ask us [1]."))
    await heard(route)
    await heard(route)
    assert len(small.requests) == 1


async def test_hidden_steps_take_the_chain() -> None:
    small = scripted("small", "Open the page [1].")
    _, route = cascade(small, scripted("large", "A judge's word."))
    outputs = [output async for output in route.stream(REQUEST, step="judge")]
    assert shown(outputs) == "A judge's word."
    assert small.requests == []


# --- What is hard ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "why"),
    [
        (replace(COVERED, question_length=601), "the question is longer than 600 characters"),
        (replace(COVERED, questions=3), "the message holds 3 questions"),
        (replace(COVERED, coverage=0.24), "no passage covers 25% of the question"),
        (replace(COVERED, mood="upset"), "the customer is upset"),
        (replace(COVERED, strategy="chain_of_thought"), "the strategy is chain_of_thought"),
    ],
)
async def test_what_is_hard_passes_the_small_one_over(to: Circumstances, why: str) -> None:
    small = scripted("small", "Open the page [1].")
    of = CascadeSettings(small="small", strategies=("chain_of_thought",))
    made = router(small, scripted("large", "Ask us [1]."), settings=RouterSettings(cascade=of))
    route = made.route(to)
    assert shown(await heard(route)) == "Ask us [1]."
    assert small.requests == []
    assert route.why == f"cascade: small was passed over, {why}"


@pytest.mark.parametrize(
    ("to", "settings"),
    [
        (replace(COVERED, question_length=600), {}),
        (replace(COVERED, question_length=9000), {"longer_than": 0}),
        (replace(COVERED, questions=2), {}),
        (replace(COVERED, questions=9), {"questions": 0}),
        (replace(COVERED, coverage=0.25), {}),
        (replace(COVERED, coverage=None), {}),
        (replace(COVERED, coverage=0.1), {"covered": 0}),
        (replace(COVERED, mood="content"), {}),
        (replace(COVERED, mood="upset"), {"moods": ()}),
        (replace(COVERED, strategy="few_shot"), {"strategies": ("chain_of_thought",)}),
    ],
)
async def test_what_is_not_hard_is_the_small_ones(
    to: Circumstances, settings: dict[str, object]
) -> None:
    made, _ = cascade(scripted("small", "Ask us [1]."), scripted("large"), **settings)
    route = made.route(to)
    await heard(route)
    assert route.why == "cascade: small was sure"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Where is it? And when?", 2),
        ("Really??! Where is it?!", 2),
        ("See https://shop.example/p?id=3 please", 0),
        ('She asked "where?" (why?)', 2),
        ("在哪里？什么时候？", 2),
        ("أين طلبي؟", 1),
        ("I want my money back", 0),
    ],
)
def test_questions_are_counted_by_their_marks(text: str, count: int) -> None:
    assert count_questions(text) == count


def test_the_best_passage_tells_how_much_is_covered() -> None:
    assert coverage([PASSAGE, replace(PASSAGE, coverage=0.9)]) == 0.9
    assert coverage([]) is None


# --- Where it stands ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        (RouterSettings(chain=("small", "large")), ["small"]),
        (RouterSettings(rules=(Rule(chain=("large",)),)), []),
        (RouterSettings(cascade=SMALL, rules=(Rule(chain=("large",), cascade=True),)), ["small"]),
        (RouterSettings(rules=(Rule(use_strategy="few_shot"),)), ["small"]),
        (RouterSettings(split=(Split(name="b", share=100, chain=("large",)),)), []),
        (RouterSettings(chain=("small",)), ["small"]),
    ],
)
async def test_it_stands_before_the_plain_chain_and_before_others_that_say_so(
    settings: RouterSettings, asked: list[str]
) -> None:
    small = scripted("small", "Ask us [1].")
    settings = settings.model_copy(update={"cascade": SMALL})
    talk = replace(COVERED, conversation=1)
    await heard(router(small, scripted("large", "Here [1]."), settings=settings).route(talk))
    assert ["small"] * len(small.requests) == asked


async def test_a_conversations_own_choice_is_asked_without_it() -> None:
    small = scripted("small", "Ask us [1].")
    made, _ = cascade(small, scripted("large", "Here [1]."))
    route = made.route(replace(COVERED, backend="large"))
    await heard(route)
    assert small.requests == []
    assert route.why == "the conversation's own choice: large"


async def test_half_an_answer_is_given_to_nobody() -> None:
    broken = BackendUnavailable("It broke.", backend="small")
    _, route = cascade(scripted("small", ["Half of ", broken]), scripted("large", broken))
    with pytest.raises(NoAnswer):
        await heard(route)


async def test_who_was_unsure_is_not_asked_again_once_the_budget_is_used_up(
    sqlite_database: Database,
) -> None:
    small, clock = scripted("small", "I think so."), Clock()
    settings = RouterSettings(
        chain=("large",),
        cascade=CascadeSettings(small="small"),
        budget=BudgetSettings(tokens_per_day=1),
    )
    assert settings.budget is not None
    route = Router(
        backends={"small": small, "large": scripted("large")},
        settings=settings,
        terms={"large": Terms(measure=Measure(most_tokens=20), free=False)},
        price=lambda *_: 0.0,
        clock=clock,
        purse=Purse(settings=settings.budget, spendings=SqlSpendings(sqlite_database)),
    ).route(COVERED)
    assert shown(await heard(route)) == "I think so."
    assert len(small.requests) == 1
