"""Puts parts together from settings; only ``bot.app`` knows more concrete classes than these."""
