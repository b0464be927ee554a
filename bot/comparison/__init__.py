"""Ways of answering, compared on a file of questions."""

from bot.comparison.contest import Contender, Contest
from bot.comparison.questions import Question, check_cites, read_questions
from bot.comparison.standing import Result, Standing

__all__ = [
    "Contender",
    "Contest",
    "Question",
    "Result",
    "Standing",
    "check_cites",
    "read_questions",
]
