"""How much of a conversation a model is sent, and what stands for the rest."""

from bot.window.fitting import Voice, Window, fit, steps
from bot.window.summary import extracted
from bot.window.tokens import count_tokens

__all__ = ["Voice", "Window", "count_tokens", "extracted", "fit", "steps"]
