"""Ways of reasoning: a template each, and the steps that come before the answer."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from bot.strategies.base import Asking, Limits, Nonsense, Plan, Strategy
from bot.strategies.plain import CHAIN_OF_THOUGHT, DIRECT, FEW_SHOT
from bot.strategies.reader import Reader

__all__ = [
    "DIRECT",
    "STRATEGIES",
    "Asking",
    "Limits",
    "Nonsense",
    "Plan",
    "Reader",
    "Strategy",
]

_ALL: tuple[Strategy, ...] = (DIRECT, FEW_SHOT, CHAIN_OF_THOUGHT)
STRATEGIES: Final[Mapping[str, Strategy]] = MappingProxyType({each.name: each for each in _ALL})
"""Every strategy by name, as it is without settings of its own."""
