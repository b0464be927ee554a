"""Sorts a message under the label whose words it has: those of the label and of what it means."""

from collections.abc import Mapping

from bot.knowledge.terms import Terms
from bot.tasks.base import Topic

_OF_LABEL = 2.0  # what a word of the label itself weighs, against one of its meaning
_OF_MEASURE = 0.25  # "how long … take": it counts where nothing else of the message does
_WORD = 1.0
_LONGEST = 4000  # characters


class RuledTopics:
    """``terms`` are those of the help centre's language: "returning" is a word of "returns"."""

    by = "rule"

    def __init__(self, *, terms: Terms) -> None:
        self._terms = terms
        self._weights: dict[tuple[str, str], Mapping[str, float]] = {}

    async def topic(self, text: str, labels: Mapping[str, str]) -> Topic | None:
        """Return the best label; its score is its share of what all of them got, or of a word."""
        asked = {*self._terms.of_text(text[:_LONGEST].lower())}
        points = {label: self._points(label, means, asked) for label, means in labels.items()}
        best = max(points, key=lambda label: points[label], default="")
        if not best or not points[best] or list(points.values()).count(points[best]) > 1:
            return None
        return Topic(best, points[best] / max(sum(points.values()), _WORD))

    def _points(self, label: str, means: str, asked: set[str]) -> float:
        weights = self._weights.get((label, means))
        if weights is None:
            weights = self._weights[label, means] = self._weigh(label, means)
        return sum(weights.get(term, 0.0) for term in asked)

    def _weigh(self, label: str, means: str) -> Mapping[str, float]:
        means, framing = means.lower(), self._terms.of_frame(means)
        found = {term: _WORD for term in self._terms.of_text(means) if term not in framing}
        found |= dict.fromkeys(self._terms.of_measure(means) - framing, _OF_MEASURE)
        named = self._terms.of_text(label.lower().replace("_", " ").replace("-", " "))
        return found | dict.fromkeys(named, _OF_LABEL)
