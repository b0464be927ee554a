"""``[strategies]``: ways of reasoning that take more than one step."""

from typing import Literal

from pydantic import Field

from bot.settings.fields import BackendName, Reachable
from bot.settings.section import Section


class StepSettings(Section):
    """What the hidden steps of one turn may take; then the customer is answered directly."""

    tokens: int | None = Field(
        40_000, ge=1, description="Tokens that the hidden steps of one turn may take in all."
    )
    seconds: float | None = Field(
        90.0, gt=0, description="Seconds that the hidden steps of one turn may take in all."
    )
    step_tokens: int = Field(
        1024, ge=16, description="Tokens that one step may write, the model's thinking included."
    )


class FewShotSettings(Section):
    """``[strategies.few_shot]``: good replies of the company's own."""

    examples: Reachable | None = Field(
        None, description="A YAML file of them; not set: some about another shop."
    )
    most: int = Field(3, ge=1, le=50, description="Those that are nearest to a question.")


class SelfConsistencySettings(StepSettings):
    """``[strategies.self_consistency]``: several answers, and what most of them say."""

    answers: int = Field(5, ge=2, le=20, description="Answers that are asked for at once.")
    temperature: float = Field(0.7, ge=0, le=2, description="Higher: answers that differ more.")
    judge: BackendName | None = Field(
        None, description="Who tells which mean the same; not set: their words tell."
    )


class TreeOfThoughtSettings(StepSettings):
    """``[strategies.tree_of_thought]``: several lines of thought, the best of them followed."""

    breadth: int = Field(3, ge=1, le=10, description="Thoughts that go on from each line.")
    depth: int = Field(2, ge=1, le=5, description="Thoughts in a row before the reply.")
    kept: int = Field(2, ge=1, le=10, description="The best lines that go on.")
    judge: BackendName | None = Field(
        None, description="Who scores the thoughts; not set: who replies."
    )


class ReasoningQueriesSettings(StepSettings):
    """``[strategies.reasoning_queries]``: questions that the model answers to itself first."""


class ThinkingSettings(Section):
    """``[strategies.thinking]``: the provider's own thinking."""

    effort: Literal["low", "medium", "high"] = Field("medium", description="How hard it thinks.")


class StrategiesSettings(Section):
    """``[strategies]``: one table for each way of reasoning that can be set."""

    few_shot: FewShotSettings = FewShotSettings()
    self_consistency: SelfConsistencySettings = SelfConsistencySettings()
    tree_of_thought: TreeOfThoughtSettings = TreeOfThoughtSettings()
    reasoning_queries: ReasoningQueriesSettings = ReasoningQueriesSettings()
    thinking: ThinkingSettings = ThinkingSettings()
