"""Makes every way of reasoning, as it is set."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from bot.errors import SettingsError
from bot.knowledge.terms import Terms
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

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def build_strategies(settings: Settings) -> Mapping[str, Strategy]:
    """Make every strategy.

    Raises:
        SettingsError: the file of examples cannot be read.
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


_FILE = TypeAdapter(tuple[_Written, ...])


def _examples(file: Path) -> tuple[Example, ...]:
    import yaml  # noqa: PLC0415 - a door opens without it where there is no such file

    place = f"strategies.few_shot.examples: {file}"
    try:
        written = _FILE.validate_python(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"{place} cannot be read as YAML: {error}") from error
    except ValidationError as error:
        wrong = error.errors()[0]
        where = ".".join(map(str, wrong["loc"]))
        raise SettingsError(
            f"{place}: {where or 'the file'}: {wrong['msg']}. It is a list of examples, each with "
            "'question', 'reply' and, if you like, 'passages'."
        ) from error
    if not written:
        raise SettingsError(f"{place} holds no example. Write one, or leave the setting out.")
    return tuple(Example(**each.model_dump()) for each in written)
