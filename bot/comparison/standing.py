"""How an answer fared, and how a contender stands after all of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median

from bot.comparison.questions import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How one question was answered.

    ``cited`` are the names of the articles that the answer names as sources. ``fell_back`` tells
    that a hidden step failed and the answer was a direct one. The ``outcome`` is a turn's, or
    "elsewhere" where another backend than the contender's had to answer. ``cost`` is in US
    dollars, None where no price is known; ``seconds`` is until the last word. The answer is
    ``by`` a backend, empty where none gave one; ``trouble`` is why others gave none.
    """

    question: Question
    text: str
    outcome: str
    cited: tuple[str, ...]
    tokens: int
    cost: float | None
    seconds: float
    fell_back: bool = False
    by: str = ""
    trouble: str = ""

    @property
    def answered(self) -> bool:
        return self.outcome == "answered"

    @property
    def right(self) -> bool:
        """Whether it says what it should: what is expected, or that it does not know."""
        if not self.question.answerable:
            return self.outcome == "unanswered"
        return self.answered and self.question.holds(self.text)

    @property
    def rightly_cited(self) -> bool:
        """Whether it names one of the articles that it should."""
        return not set(self.question.cites).isdisjoint(self.cited)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a contender stands. Shares are from 0 to 1, None where no question asks for them."""

    name: str
    results: tuple[Result, ...]

    @property
    def quality(self) -> float:
        """The share of all questions whose answer says what it should."""
        return _share([each.right for each in self.results]) or 0.0

    @property
    def right(self) -> float | None:
        return _share([each.right for each in self.results if each.question.answerable])

    @property
    def unanswered(self) -> float | None:
        return _share([each.right for each in self.results if not each.question.answerable])

    @property
    def cited(self) -> float | None:
        return _share([each.rightly_cited for each in self.results if each.question.cites])

    @property
    def fell_back(self) -> int:
        return sum(each.fell_back for each in self.results)

    @property
    def failed(self) -> int:
        """How many questions no backend answered."""
        return sum(each.outcome == "failed" for each in self.results)

    @property
    def by(self) -> Mapping[str, int]:
        """How many answers each backend gave, the most first."""
        return dict(Counter(each.by for each in self.results if each.by).most_common())

    def trouble(self, *, failed: bool) -> str:
        """Return the first reason why no backend answered, or why another one did."""
        troubles = (each.trouble for each in self.results if (each.outcome == "failed") is failed)
        return next(filter(None, troubles), "")

    @property
    def tokens(self) -> float:
        """Tokens of an answer on average, hidden steps included."""
        return sum(each.tokens for each in self.results) / len(self.results)

    @property
    def cost(self) -> float | None:
        """US dollars of an answer on average; None where the price of one is unknown."""
        known = [each.cost for each in self.results if each.cost is not None]
        return sum(known) / len(known) if len(known) == len(self.results) else None

    @property
    def median(self) -> float:
        return median(each.seconds for each in self.results)

    @property
    def p95(self) -> float:
        """The seconds within which 95 of 100 answers were given."""
        seconds = sorted(each.seconds for each in self.results)
        return seconds[ceil(0.95 * len(seconds)) - 1]


def _share(hits: Sequence[bool]) -> float | None:
    return sum(hits) / len(hits) if hits else None
