"""The backend that needs no model: it quotes the help centre."""

from bot.backends.extractive.backend import ExtractiveBackend

__all__ = ["ExtractiveBackend"]
