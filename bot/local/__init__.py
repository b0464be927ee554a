"""Models that run in this process: found, checked before they are loaded, and given a thread."""

from bot.local.base import Head, Loaded, Progress, Shape
from bot.local.lane import Lane
from bot.local.loading import load

__all__ = ["Head", "Lane", "Loaded", "Progress", "Shape", "load"]
