"""Ways of reasoning: a template each, and how to read what a model writes after it."""

from bot.strategies.base import STRATEGIES, Strategy, strategy
from bot.strategies.reader import Reader

__all__ = ["STRATEGIES", "Reader", "Strategy", "strategy"]
