"""Tells which of several answers mean the same, by their words."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from bot.strategies.written import Seen

Stems = Callable[[str], Iterable[str]]

_ALIKE: Final = 0.5  # from here on two answers mean the same
_CITED = re.compile(r"\[(\d{1,3})\]")
_NUMBERED = re.compile(r"^\s*\d{1,2}[.)]\s", re.MULTILINE)  # steps, whose numbers say nothing
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_SENTENCE = re.compile(r"[^.!?\n]*")
_WORD = re.compile(r"[\w'\u2019]+")
# What turns a sentence into its opposite, in the languages that most customers write.
_NOT: Final = {
    "en": "no not cannot can't don't doesn't isn't aren't won't never neither nor",
    "de": "nein nicht kein keine keinen keiner nie niemals",
    "fr": "non ne pas jamais aucun aucune",
    "es": "nunca jamás tampoco ningún ninguna",
    "pt": "não nem nenhum nenhuma",
    "nl": "nee niet geen nooit",
}
_NEGATIONS: Final = frozenset(word for some in _NOT.values() for word in some.split())


def words(text: str) -> Iterable[str]:
    """Return the words of ``text``, for who has no stems."""
    return _WORD.findall(text.casefold())


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What an answer says, as far as its words tell."""

    answer: Seen
    stems_of: Stems

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset(self.stems_of(_CITED.sub(" ", self.answer.text)))

    @cached_property
    def numbers(self) -> frozenset[str]:
        text = _NUMBERED.sub("", _CITED.sub(" ", self.answer.text))
        return frozenset(_NUMBER.findall(text))

    @cached_property
    def cited(self) -> frozenset[str]:
        return frozenset(_CITED.findall(self.answer.text))

    @cached_property
    def denies(self) -> bool:
        """Whether the first sentence says no."""
        first = _SENTENCE.match(self.answer.text.lstrip())
        said = _WORD.findall(first[0].casefold().replace("\u2019", "'")) if first else []
        return not _NEGATIONS.isdisjoint(said)

    def likeness(self, other: "Meaning") -> float:
        """Return how near the two are, from 0 to 1.

        Not to know is a meaning of its own, and yes is not no, however like the words are. Else
        half of it are the words, and a quarter each the numbers and the passages, where one of
        them names any.
        """
        if self.answer.unanswered or other.answer.unanswered:
            return float(self.answer.unanswered and other.answer.unanswered)
        if self.denies != other.denies:
            return 0.0
        parts = [(0.5, self.stems, other.stems)]
        parts += [(0.25, self.numbers, other.numbers), (0.25, self.cited, other.cited)]
        told = [(weight, one, two) for weight, one, two in parts if one or two]
        shared = sum(weight * _overlap(one, two) for weight, one, two in told)
        return shared / sum(weight for weight, _, _ in told) if told else 1.0


def _overlap(one: frozenset[str], two: frozenset[str]) -> float:
    """Dice's coefficient: twice what both have, of all that they have."""
    return 2 * len(one & two) / (len(one) + len(two))


def clusters(meanings: Sequence[Meaning]) -> list[list[int]]:
    """Return the places of the answers that mean the same, the most common meaning first.

    Those join first that are nearest, as long as all of a cluster are alike on average. Of
    clusters that are equally large the one with the earliest answer comes first.
    """
    found = [[place] for place in range(len(meanings))]
    while len(found) > 1:
        pairs = [(one, two) for one in range(len(found)) for two in range(one + 1, len(found))]
        nearness, one, two = max(
            (_nearness(meanings, found[one], found[two]), -one, -two) for one, two in pairs
        )
        if nearness < _ALIKE:
            break
        found[-one] += found.pop(-two)
    return sorted(found, key=lambda cluster: (-len(cluster), min(cluster)))


def middle(meanings: Sequence[Meaning], cluster: Sequence[int]) -> int:
    """Return the place of the answer that is nearest to all the others of its cluster."""
    return max(
        sorted(cluster),
        key=lambda place: sum(meanings[place].likeness(meanings[other]) for other in cluster),
    )


def _nearness(meanings: Sequence[Meaning], one: Sequence[int], two: Sequence[int]) -> float:
    pairs = [meanings[left].likeness(meanings[right]) for left in one for right in two]
    return sum(pairs) / len(pairs)
