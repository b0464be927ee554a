"""A quotable with the stems by which it is weighed."""

from dataclasses import dataclass

from bot.backends.extractive.blocks import Kind
from bot.backends.extractive.question import Question
from bot.backends.extractive.quotables import Quotable
from bot.messages import Passage


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Something to quote: its ``own`` stems, those of the heading, and the rest of the title's.

    ``above`` are the stems of all that introduces it: its lead, and every heading over it.
    """

    quotable: Quotable
    passage: Passage
    own: frozenset[str]
    heading: frozenset[str]
    title: frozenset[str]
    above: frozenset[str]

    @property
    def told(self) -> frozenset[str]:
        """The stems of the words and of the heading that they stand under."""
        return self.own | self.heading

    def says_the_same(self, other: "Candidate", *, share: float) -> bool:
        """Tell whether the two have ``share`` (0 to 1) of the shorter one's stems in common."""
        smaller = min(len(self.own), len(other.own))
        return len(self.own & other.own) >= share * smaller


def candidate(quotable: Quotable, passage: Passage, question: Question) -> Candidate:
    """Return ``quotable`` with its stems; of a table, those of the row that fits best."""

    def stems(text: str) -> frozenset[str]:
        return frozenset(question.stems(text))

    rows = [stems(part) for part in quotable.parts]
    if quotable.kind is Kind.TABLE:
        own = max(rows, key=lambda row: sum(map(question.weight, row)))
    else:
        own = stems(quotable.lead).union(*rows)
    # What opens an article stands under its title; all of the article does, so it counts less.
    heading = stems(quotable.heading) if quotable.heading != passage.title else frozenset()
    if quotable.lead.rstrip(":") != passage.title:
        heading |= stems(quotable.lead)
    return Candidate(
        quotable=quotable,
        passage=passage,
        own=own,
        heading=heading,
        title=stems(passage.title) - heading - own,
        above=stems(" ".join([quotable.lead, quotable.heading, *passage.headings])),
    )
