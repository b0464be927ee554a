"""Ways of reasoning: a template each, and the steps that come before the answer."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from bot.strategies.base import Asking, Limits, Nonsense, Plan, Strategy
from bot.strategies.echoes import Echoes
from bot.strategies.few_shot import FewShot
from bot.strategies.plain import CHAIN_OF_THOUGHT, DIRECT, FEW_SHOT
from bot.strategies.reader import Reader
from bot.strategies.reasoning_queries import ReasoningQueries
from bot.strategies.self_consistency import SelfConsistency
from bot.strategies.thinking import Thinking
from bot.strategies.tree_of_thought import TreeOfThought

__all__ = [
    "CHAIN_OF_THOUGHT",
    "DIRECT",
    "FEW_SHOT",
    "STRATEGIES",
    "Asking",
    "Echoes",
    "FewShot",
    "Limits",
    "Nonsense",
    "Plan",
    "Reader",
    "ReasoningQueries",
    "SelfConsistency",
    "Strategy",
    "Thinking",
    "TreeOfThought",
]

_ALL: tuple[Strategy, ...] = (
    DIRECT,
    FEW_SHOT,
    CHAIN_OF_THOUGHT,
    SelfConsistency(),
    TreeOfThought(),
    ReasoningQueries(),
    Thinking(),
)
STRATEGIES: Final[Mapping[str, Strategy]] = MappingProxyType({each.name: each for each in _ALL})
"""Every strategy by name, as it is without settings of its own."""
