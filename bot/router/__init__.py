"""Who answers a turn: a chain of backends, and what happens when one does not answer."""

from bot.router.breaker import State
from bot.router.line import Patience
from bot.router.route import FellBack, Route
from bot.router.routing import Circumstances, Router

__all__ = ["Circumstances", "FellBack", "Patience", "Route", "Router", "State"]
