"""Few-shot from a file, the provider's own thinking, and what every strategy has in common."""

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest

from bot.backends.anthropic import to_body as to_claude
from bot.backends.base import Request, Said, Text, Thinks
from bot.backends.chat import to_body as to_gpt
from bot.backends.openai import OpenAIBackend
from bot.backends.scripted import Answer
from bot.errors import SettingsError, StepFailed
from bot.prompts import PromptBook
from bot.resources import shipped
from bot.settings import AnthropicSettings, OpenAISettings, Settings
from bot.settings.fields import StrategyName
from bot.strategies import STRATEGIES, FewShot, Limits, Plan, SelfConsistency, TreeOfThought
from bot.strategies.base import UNLIMITED, Asking
from bot.strategies.few_shot import Example
from bot.wiring.strategies import build_strategies
from tests.strategies.desks import DOWN, Model, answered, words


def test_every_strategy_has_its_template() -> None:
    names = {sheet.name for sheet in PromptBook(shipped=shipped("prompts")).sheets()}
    assert {each.template for each in STRATEGIES.values()} <= names


def test_the_settings_know_every_strategy_by_name() -> None:
    assert get_args(StrategyName) == tuple(STRATEGIES)
    assert tuple(build_strategies(Settings())) == tuple(STRATEGIES)


def test_strategies_are_made_as_they_are_set() -> None:
    settings = Settings.model_validate(
        {
            "strategies": {
                "self_consistency": {"answers": 3, "temperature": 1, "tokens": 900},
                "tree_of_thought": {"breadth": 4, "depth": 3, "kept": 1, "seconds": 5},
            }
        }
    )
    made = build_strategies(settings)
    consistency, tree = made["self_consistency"], made["tree_of_thought"]
    assert isinstance(consistency, SelfConsistency)
    assert isinstance(tree, TreeOfThought)
    assert (consistency.answers, consistency.temperature) == (3, 1.0)
    assert consistency.limits.tokens == 900
    assert (tree.breadth, tree.depth, tree.kept, tree.limits.seconds) == (4, 3, 1, 5.0)


@pytest.mark.parametrize("name", ["self_consistency", "tree_of_thought", "reasoning_queries"])
async def test_a_backend_that_only_quotes_is_asked_for_no_step(name: str) -> None:
    quotes = Model(lambda _: "> 30 days [1]", writes=False)
    given = await answered(name, quotes)
    assert given.text == "> 30 days [1]"
    assert len(quotes.requests) == 1
    assert given.failed


# --- Few-shot

EXAMPLES = (
    Example(question="How long does shipping take?", reply="3 days [1]."),
    Example(question="May I send back a chair?", reply="Sure [1].", passages=("Returns: 30 days",)),
    Example(question="Do you sell lamps?", reply="We do [1]."),
)


async def test_the_nearest_examples_stand_before_the_passages_and_after_the_history() -> None:
    model = Model(lambda _: "You have 30 days [1].")
    few_shot = FewShot(examples=EXAMPLES, most=2)
    given = await answered(few_shot, model, question="How do I send back a lamp?")
    context = model.requests[0].context
    assert context.index("send back a chair") < context.index("<passages>")
    assert 'Passages: 1 "Returns: 30 days"' in context
    assert context.count("<example>") == 2
    assert given.draft.steps[0].text.endswith("May I send back a chair?"), "the nearest is last"
    assert given.draft.prompt == "direct.j2"


async def test_examples_that_share_nothing_are_left_out() -> None:
    model = Model(lambda _: "Hello!")
    given = await answered(FewShot(examples=EXAMPLES), model, question="Bonjour")
    assert "<examples>" not in model.requests[0].context
    assert given.draft.steps[0].text == "none is like the question"


def examples(file: Path, text: str) -> Settings:
    file.write_text(text)
    return Settings.model_validate({"strategies": {"few_shot": {"examples": str(file)}}})


def test_examples_are_read_from_a_file(tmp_path: Path) -> None:
    settings = examples(tmp_path / "a.yaml", "- {question: Returning, reply: Yes., passages: [a]}")
    few_shot = build_strategies(settings)["few_shot"]
    assert isinstance(few_shot, FewShot)
    assert few_shot.examples == (Example(question="Returning", reply="Yes.", passages=("a",)),)
    assert few_shot.nearest("returns"), "by its stem"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[", "cannot be read as YAML"),
        ("", "Such a file is a list of examples"),
        ("[]", "holds no example"),
        ("- {question: a}", "example 1: reply is missing"),
        ("- {question: a, reply: ' '}", "example 1: reply must not be empty"),
        ("- {question: a, reply: 1, passage: c}", "no key 'passage'. Did you mean 'passages'"),
        ("- 2023-99-99", "cannot be read as YAML"),
    ],
)
def test_a_file_that_holds_no_examples_is_told(tmp_path: Path, text: str, wrong: str) -> None:
    with pytest.raises(SettingsError, match=r"^strategies\.few_shot\.examples: .*a\.yaml") as error:
        build_strategies(examples(tmp_path / "a.yaml", text))
    assert wrong in str(error.value)


def test_all_mistakes_in_a_file_of_examples_are_told_at_once(tmp_path: Path) -> None:
    text = "- {question: a, reply: 7}\n- {question: b, reply: c}\n- {reply: d, passages: [' ']}"
    with pytest.raises(SettingsError) as error:
        build_strategies(examples(tmp_path / "a.yaml", text))
    assert str(error.value).splitlines()[1:-1] == [
        "  example 1: reply must be text",
        "  example 3: question is missing",
        "  example 3: passages.0 must not be empty",
    ]


# --- The provider's own thinking

REQUEST = Request(
    system="", history=(Said(role="user", text="Hi"),), context="", question="Hi", effort="high"
)


async def test_a_model_is_told_how_hard_to_think() -> None:
    model = Model(lambda _: "Thirty days.", thinks=True)
    given = await answered("thinking", model)
    assert model.requests[0].effort == "medium"
    assert not given.failed


async def test_a_model_that_cannot_be_told_just_answers_and_the_audit_says_so() -> None:
    given = await answered("thinking", Model(lambda _: "Thirty days."))
    assert given.text == "Thirty days."
    assert given.draft.steps[0].error == "'model' (model) cannot be told to think; it just answered"


def test_claude_thinks_as_hard_as_the_request_says() -> None:
    settings = AnthropicSettings(kind="anthropic", temperature=0.2)
    body = to_claude(REQUEST, settings=settings)
    assert body["thinking"]["type"] == "adaptive"
    assert body["output_config"] == {"effort": "high"}
    assert "temperature" not in body
    old = AnthropicSettings(kind="anthropic", model="claude-sonnet-4-20250514")
    assert "output_config" not in to_claude(REQUEST, settings=old)


def test_gpt_thinks_as_hard_as_the_request_says() -> None:
    settings = OpenAISettings(kind="openai", model="gpt-5-mini")
    assert to_gpt(REQUEST, settings=settings)["reasoning_effort"] == "high"
    plain = OpenAISettings(kind="openai", model="gpt-4o-mini", temperature=0.1)
    assert "reasoning_effort" not in to_gpt(REQUEST, settings=plain)
    told = OpenAISettings(kind="openai", model="house-model", effort="low")
    assert to_gpt(REQUEST, settings=told)["reasoning_effort"] == "high"
    backend = OpenAIBackend(name="gpt", settings=plain, key=None)
    assert isinstance(backend, Thinks)
    assert not backend.thinks


async def test_an_answer_that_broke_off_does_not_count_for_the_direct_one() -> None:
    broken: list[Answer] = ["", [Text("Hi."), DOWN], "", ""]
    first, other = (Model(lambda _: broken.pop(0), name=name) for name in ("model", "other"))
    given = await answered("few_shot", first, other)
    assert given.draft.outcome == "failed"
    assert given.text == words("unavailable")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Own:
    """A way of reasoning that somebody else wrote, and that breaks."""

    error: Exception
    name: str = "few_shot"
    purpose: str = "breaks"
    template: str = "chain_of_thought.j2"
    limits: Limits = UNLIMITED

    async def think(self, request: Request, asking: Asking) -> Plan:  # noqa: ARG002 - breaks
        raise self.error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (StepFailed("it came to nothing"), "it came to nothing"),
        (TimeoutError(), "TimeoutError at test_other_strategies.py"),
        (ExceptionGroup("", [KeyError("Ada's secret")]), "KeyError"),
    ],
)
async def test_a_strategy_that_breaks_costs_no_answer_and_is_told(
    error: Exception, told: str
) -> None:
    given = await answered(_Own(error=error), Model(lambda _: "Hi."))
    assert given.text == "Hi."
    [step] = given.draft.steps
    assert step.name == "few_shot"
    assert step.error.startswith(told)
    assert "Ada" not in step.error


TAGLESS = ["You have 30 days.", "<thinking>They want thirty.</thinking>", "Hm.<answer></answer>"]


@pytest.mark.parametrize("text", TAGLESS)
async def test_an_answer_outside_of_its_tags_is_asked_for_directly(text: str) -> None:
    def answer(request: Request) -> Answer:
        return text if "<answer>" in request.system else "Thirty days."

    first, second = Model(answer), Model(lambda _: "I am second.", name="second")
    given = await answered("chain_of_thought", first, second)
    assert given.text == "Thirty days."
    assert given.shown.strip() == "Thirty days."
    assert (len(first.requests), second.requests) == (2, [])
    assert given.draft.prompt == "direct.j2"
    [step] = given.draft.steps
    assert (step.name, step.text) == ("chain_of_thought", "")
    assert step.error == "all that it wrote stands outside of the answer's tags"
    assert [attempt.error for attempt in given.draft.attempts] == [step.error, ""]


async def test_a_backend_that_says_nothing_is_no_fault_of_the_strategy() -> None:
    silent, second = Model(lambda _: ""), Model(lambda _: "<answer>I am.</answer>", name="second")
    given = await answered("chain_of_thought", silent, second)
    assert given.text == "I am."
    assert (len(silent.requests), given.failed) == (1, [])


async def test_the_one_that_forgot_the_tags_is_asked_again_though_another_is_first() -> None:
    down, second = Model(lambda _: DOWN), Model(lambda _: "Thirty days.", name="second")
    given = await answered("chain_of_thought", down, second)
    assert given.text == "Thirty days."
    assert (len(down.requests), len(second.requests)) == (1, 2)
