"""What is asked: the stems to look for, and the kind of answer that is expected."""

from collections.abc import Callable, Collection, Iterable, Sequence

from bot.backends.extractive.blocks import Kind
from bot.backends.extractive.expectations import expectations
from bot.backends.extractive.quotables import Quotable

Stems = Callable[[str], Sequence[str]]

_CUE = 0.3  # what a word counts that only tells the kind of answer, as the "long" of "how long"
_EARLIER = 0.3  # what a word of the customer's last message counts; half as much the one before
_RECALL = 3  # earlier messages that a question may lean on
_LEANING = 3  # a question of so few stems is read together with the earlier ones
_MOSTLY = 0.6  # the share of a question's stems that is most of them
_EXPECTED = 0.8  # what it adds to be of the kind that the question asks for
_UNEXPECTED = 0.7  # what is left of the words' fit where a kind is expected and this is none


class Question:
    """A question with its ``weights``: how much each stem counts.

    ``earlier`` are the customer's messages before it, newest first: "and to Canada?" says neither
    what it is about nor that a price is meant.
    """

    def __init__(self, text: str, *, earlier: Sequence[str], stems: Stems) -> None:
        self.stems = stems
        self._expected = expectations(text)
        self._subject = frozenset(stems(self._without_cues(text)))
        self.weights = dict.fromkeys(stems(text), _CUE) | dict.fromkeys(self._subject, 1.0)
        if len(self._subject) <= _LEANING:
            self._lean(earlier, first=_EARLIER if self._subject else 1.0)
        if len(self._subject) <= 1 and not self._expected:
            self._expected = expectations("".join(earlier[:1]))

    def _without_cues(self, text: str) -> str:
        for expectation in self._expected:
            text = expectation.subject(text)
        return text

    def _lean(self, earlier: Sequence[str], *, first: float) -> None:
        for distance, text in enumerate(earlier[:_RECALL]):
            for stem in self.stems(text):
                self.weights.setdefault(stem, first / 2**distance)

    def weight(self, stem: str) -> float:
        """Return what ``stem`` counts."""
        return self.weights.get(stem, 0.0)

    def names(self, heading: str) -> bool:
        """Tell whether all of ``heading`` is asked for; one word alone must be all the question."""
        stems = {*self.stems(heading)}
        return stems <= self._subject if len(stems) > 1 else stems == self._subject != set()

    def is_mostly_in(self, texts: Iterable[str]) -> bool:
        """Tell whether one of ``texts`` has most of what this asks for."""
        asked = self._subject or self.weights.keys()
        return any(
            len(asked & {*self.stems(text)}) >= _MOSTLY * len(asked) for text in texts if asked
        )

    def graded(self, fit: float, quotable: Quotable, *, above: Collection[str]) -> float:
        """Return ``fit`` (0 to 1), raised where ``quotable`` is of an expected kind, or lowered.

        ``above`` are the stems that introduce it. Steps lead to what these say, whatever else is
        mentioned on the way.
        """
        if not self._expected:
            return fit
        met = any(
            each.is_met_by(quotable.text, quotable.kind, heading=quotable.heading)
            for each in self._expected
        )
        leads_elsewhere = quotable.kind is Kind.STEPS and self.weights.keys().isdisjoint(above)
        if not met or leads_elsewhere:
            return fit * _UNEXPECTED
        return fit + _EXPECTED * min(1.0, 2 * fit)
