"""Makes every way of reasoning, as it is set."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from bot.errors import SettingsError, SetupError
from bot.knowledge.terms import Terms
from bot.lists import Words, read_list
from bot.settings import Settings, StepSettings
from bot.strategies import (
    CHAIN_OF_THOUGHT,
    DIRECT,
    FEW_SHOT,
    FewShot,
    Limits,
    ReasoningQueries,
    SelfConsistency,
    Strategy,
    Thinking,
    TreeOfThought,
)
from bot.strategies.few_shot import Example


def build_strategies(settings: Settings) -> Mapping[str, Strategy]:
    """Make every strategy.

    Raises:
        SettingsError: the file of examples cannot be used; it tells all mistakes.
    """
    ways, stems = settings.strategies, Terms(settings.knowledge.language).of_text
    consistency, tree = ways.self_consistency, ways.tree_of_thought
    all_: list[Strategy] = [
        DIRECT,
        FewShot(examples=_examples(ways.few_shot.examples), most=ways.few_shot.most, stems=stems)
        if ways.few_shot.examples
        else FEW_SHOT,
        CHAIN_OF_THOUGHT,
        SelfConsistency(
            limits=_limits(consistency),
            answers=consistency.answers,
            temperature=consistency.temperature,
            judge=consistency.judge,
            stems=stems,
        ),
        TreeOfThought(
            limits=_limits(tree),
            breadth=tree.breadth,
            depth=tree.depth,
            kept=tree.kept,
            judge=tree.judge,
        ),
        ReasoningQueries(limits=_limits(ways.reasoning_queries)),
        Thinking(effort=ways.thinking.effort),
    ]
    return {strategy.name: strategy for strategy in all_}


def _limits(settings: StepSettings) -> Limits:
    return Limits(
        tokens=settings.tokens, seconds=settings.seconds, step_tokens=settings.step_tokens
    )


class _Written(BaseModel):
    """An example as a person wrote it."""

    model_config = ConfigDict(extra="forbid")

    question: Words
    reply: Words
    passages: tuple[Words, ...] = ()


_FORM = (
    "Such a file is a list of examples, each with 'question', 'reply' and, if you like, 'passages'."
)


def _examples(file: Path) -> tuple[Example, ...]:
    try:
        written = read_list(file, _Written, noun="example", form=_FORM)
    except SetupError as error:
        raise SettingsError(f"strategies.few_shot.examples: {error}") from error
    return tuple(Example(**each.model_dump()) for each in written)
