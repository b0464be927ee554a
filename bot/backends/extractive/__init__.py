"""The backend that needs no model: it quotes the help centre."""

from bot.backends.extractive.backend import ExtractiveBackend
from bot.backends.extractive.pointing import Pointer

__all__ = ["ExtractiveBackend", "Pointer"]
