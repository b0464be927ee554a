"""What does the tasks by plain rules: microseconds, no model, the same outcome every time."""

from bot.tasks.rules.facts import RuledFacts
from bot.tasks.rules.languages import RuledLanguages
from bot.tasks.rules.moods import RuledMoods
from bot.tasks.rules.topics import RuledTopics

__all__ = ["RuledFacts", "RuledLanguages", "RuledMoods", "RuledTopics"]
