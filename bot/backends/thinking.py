"""How hard one of OpenAI's models shall think, and how freely it shall choose its words."""

import re

from bot.backends.base import Request
from bot.settings import ChatSettings

# Models that think, by their names; for others, a setting of their own says that they do.
_THINKS = re.compile(r"(^|/)(o[1-9]|gpt-[5-9]|gpt-oss)")


def can_think(settings: ChatSettings) -> bool:
    """Whether the model can be told how hard to think."""
    return bool(settings.effort or _THINKS.search(settings.model))


def effort(request: Request, settings: ChatSettings) -> str | None:
    """Return how hard it shall think; None where nobody said so, or it cannot be told."""
    return (request.effort if can_think(settings) else None) or settings.effort


def temperature(request: Request, settings: ChatSettings) -> float | None:
    """Return the request's own temperature, which a model that thinks does not take."""
    if request.temperature is None or can_think(settings):
        return settings.temperature
    return request.temperature
