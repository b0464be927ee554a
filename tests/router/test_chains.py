"""Which backends a turn is given, and in which order."""

from dataclasses import replace

import pytest

from bot.errors import SettingsError
from bot.router import Circumstances, FellBack
from bot.settings import BudgetSettings, CascadeSettings, RouterSettings, Rule, Split
from tests.router.routers import TERMINAL, answer, heard, router, scripted, shown, unavailable


async def test_without_a_chain_the_first_backend_answers() -> None:
    assert await answer(router(scripted("a"), scripted("b")).route(TERMINAL)) == "I am a."


async def test_a_chain_sets_the_order() -> None:
    settings = RouterSettings(chain=("b", "a"))
    route = router(scripted("a"), scripted("b"), settings=settings).route(TERMINAL)
    assert await answer(route) == "I am b."


SLACK = Circumstances(
    channel="slack",
    language="de-AT",
    question_length=500,
    strategy="chain_of_thought",
    attributes={"plan": "gold", "country": "AT"},
    topic="orders",
    mood="upset",
)


async def test_who_is_named_twice_in_a_chain_is_asked_once() -> None:
    one, two = scripted("a", ["Half ", unavailable()]), scripted("b")
    settings = RouterSettings(chain=("a", "a", "b"))
    assert await answer(router(one, two, settings=settings).route(TERMINAL)) == "I am b."
    assert len(one.requests) == 1
    writers = router(one, two, settings=settings).writers()
    assert writers is not None
    assert await answer(writers) == "I am b."
    assert len(one.requests) == 2


@pytest.mark.parametrize(
    "rule",
    [
        Rule(chain=("b",), channel="slack"),
        Rule(chain=("b",), language="de"),
        Rule(chain=("b",), language="DE-at"),
        Rule(chain=("b",), longer_than=499),
        Rule(chain=("b",), shorter_than=501),
        Rule(chain=("b",), strategy="chain_of_thought"),
        Rule(chain=("b",), attributes={"plan": "gold"}),
        Rule(chain=("b",), topic="orders"),
        Rule(chain=("b",), mood="upset"),
        Rule(chain=("b",), channel="slack", language="de", attributes={"country": "AT"}),
        Rule(chain=("b",)),
    ],
)
async def test_a_rule_whose_every_condition_fits_gives_the_chain(rule: Rule) -> None:
    settings = RouterSettings(rules=(rule,))
    assert await answer(router(scripted("a"), scripted("b"), settings=settings).route(SLACK)) == (
        "I am b."
    )


@pytest.mark.parametrize(
    "rule",
    [
        Rule(chain=("b",), channel="web"),
        Rule(chain=("b",), language="en"),
        Rule(chain=("b",), language="de-AT-1996"),
        Rule(chain=("b",), longer_than=500),
        Rule(chain=("b",), shorter_than=500),
        Rule(chain=("b",), strategy="direct"),
        Rule(chain=("b",), attributes={"plan": "silver"}),
        Rule(chain=("b",), topic="returns"),
        Rule(chain=("b",), mood="content"),
        Rule(chain=("b",), attributes={"team": "red"}),
        Rule(chain=("b",), channel="slack", language="en"),
    ],
)
async def test_a_rule_with_a_condition_that_does_not_fit_is_passed_over(rule: Rule) -> None:
    settings = RouterSettings(rules=(rule,))
    assert await answer(router(scripted("a"), scripted("b"), settings=settings).route(SLACK)) == (
        "I am a."
    )


async def test_a_language_that_is_not_known_fits_no_rule_for_one() -> None:
    settings = RouterSettings(rules=(Rule(chain=("b",), language="de"),))
    assert await answer(
        router(scripted("a"), scripted("b"), settings=settings).route(TERMINAL)
    ) == ("I am a.")


async def test_the_first_rule_that_fits_wins() -> None:
    rules = (Rule(chain=("b",), channel="slack"), Rule(chain=("a",), language="de"))
    settings = RouterSettings(rules=rules)
    route = router(scripted("a"), scripted("b"), settings=settings).route(SLACK)
    assert await answer(route) == "I am b."


async def test_a_conversations_own_choice_comes_before_the_chain() -> None:
    own = replace(TERMINAL, backend="c")
    route = router(scripted("a"), scripted("b"), scripted("c", unavailable())).route(own)
    outputs = await heard(route)
    assert outputs[0] == FellBack(backend="c", next_backend="a", reason="No such thing.")
    assert shown(outputs) == "I am a."


async def test_a_choice_that_no_longer_exists_is_passed_over() -> None:
    own = replace(TERMINAL, backend="gone")
    assert await answer(router(scripted("a")).route(own)) == "I am a."


def test_an_unknown_backend_in_the_chain_is_named_with_the_known_ones() -> None:
    with pytest.raises(SettingsError) as raised:
        router(scripted("claude"), scripted("gpt"), settings=RouterSettings(chain=("claud",)))
    assert str(raised.value) == (
        "router.chain: there is no backend called 'claud'."
        " Known backends: claude, gpt. Did you mean 'claude'?"
    )


def test_an_unknown_backend_in_a_rule_is_named_with_its_place() -> None:
    settings = RouterSettings(rules=(Rule(chain=("a",)), Rule(chain=("b",))))
    with pytest.raises(SettingsError, match=r"router\.rules\[1\]\.chain"):
        router(scripted("a"), settings=settings)


def test_a_router_without_backends_says_how_to_add_one() -> None:
    with pytest.raises(SettingsError, match=r"\[backends\.NAME\]"):
        router()


# --- Ways --------------------------------------------------------------------------------------


NEW = Split(name="new", share=100, chain=("b",), use_strategy="few_shot")
TALK = replace(TERMINAL, conversation=1)


def test_what_was_plainly_the_chains_turn_needs_no_reason() -> None:
    route = router(scripted("a")).route(TERMINAL)
    assert (route.why, route.strategy) == ("", "")


@pytest.mark.parametrize(
    ("settings", "to", "why"),
    [
        (RouterSettings(split=(NEW,)), TALK, "split new: b"),
        (RouterSettings(split=(NEW,)), TERMINAL, ""),
        (RouterSettings(split=(NEW,), rules=(Rule(chain=("a",)),)), TALK, "rule 1: a"),
        (
            RouterSettings(split=(NEW,)),
            replace(TALK, backend="a"),
            "the conversation's own choice: a",
        ),
        (RouterSettings(rules=(Rule(use_strategy="few_shot"),)), TERMINAL, "rule 1: a, b"),
        (
            RouterSettings(chain=("a",), split=(NEW.model_copy(update={"share": 1e-9}),)),
            TALK,
            "split rest: a",
        ),
    ],
)
def test_rules_go_before_arms_and_a_choice_of_ones_own_before_both(
    settings: RouterSettings, to: Circumstances, why: str
) -> None:
    assert router(scripted("a"), scripted("b"), settings=settings).route(to).why == why


def test_an_arm_or_a_rule_may_set_the_strategy_but_not_over_a_conversations_own() -> None:
    made = router(scripted("a"), scripted("b"), settings=RouterSettings(split=(NEW,)))
    assert made.route(TALK).strategy == "few_shot"
    assert made.route(replace(TALK, keeps_strategy=True)).strategy == ""


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        (RouterSettings(split=(NEW,)), r"router\.split\[0\]\.chain"),
        (RouterSettings(budget=BudgetSettings(chain=("b",))), r"router\.budget\.chain"),
        (RouterSettings(cascade=CascadeSettings(small="b")), r"router\.cascade\.small"),
    ],
)
def test_an_unknown_backend_is_named_wherever_it_stands(
    settings: RouterSettings, place: str
) -> None:
    with pytest.raises(SettingsError, match=place):
        router(scripted("a"), settings=settings)
