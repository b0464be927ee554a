"""The prompt book: finds and fills the templates in ``prompts/``."""

from bot.prompts.book import PromptBook, Sheet
from bot.prompts.markup import delimit

__all__ = ["PromptBook", "Sheet", "delimit"]
