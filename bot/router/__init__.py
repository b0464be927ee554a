"""Who answers a turn: a chain of backends, and what happens when one does not answer."""

from bot.router.breaker import State
from bot.router.budget import Purse
from bot.router.cascade import Doubt
from bot.router.circumstances import Circumstances, count_questions, coverage
from bot.router.gate import Limits
from bot.router.line import Measure, Patience
from bot.router.route import FellBack, Route
from bot.router.routing import Router, Terms

__all__ = [
    "Circumstances",
    "Doubt",
    "FellBack",
    "Limits",
    "Measure",
    "Patience",
    "Purse",
    "Route",
    "Router",
    "State",
    "Terms",
    "count_questions",
    "coverage",
]
