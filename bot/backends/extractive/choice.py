"""Chooses the words of the passages that answer a question best."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.backends.extractive.blocks import Kind
from bot.backends.extractive.question import Question
from bot.backends.extractive.quotables import Quotable, quotables
from bot.messages import Passage

_MOST = 3  # quotes
_LONGEST = 900  # characters, all quotes together; a list of steps may have twice as many
_LIST = 500  # characters; of a longer list only the items that fit are quoted
_HEADING = 0.6  # what a word counts that only the heading has
_LEADING = 0.1  # what it adds to open the passage
_CLOSE = 0.75  # the share of the best score, and coverage, that one more quote must reach
_SAME = 0.7  # the share of common stems from which on two quotes say the same


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """Something to quote with its stems, its ``own`` and those of the heading ``above`` it."""

    quotable: Quotable
    passage: Passage
    own: frozenset[str]
    above: frozenset[str]


class Choice:
    """Weighs what can be quoted from ``passages``, and picks."""

    def __init__(self, question: Question, passages: Sequence[Passage]) -> None:
        self._question = question
        self._best = max((passage.score for passage in passages), default=0.0) or 1.0
        self._covered = max((passage.coverage for passage in passages), default=0.0)
        self._candidates = [
            self._candidate(quotable, passage)
            for number, passage in enumerate(passages, 1)
            for quotable in quotables(passage, number=number)
        ]
        self._weights = self._rarity()

    def quotes(self) -> Sequence[Quotable]:
        """Return one to three quotables in reading order; none where no word fits."""
        picked = [self._narrowed(candidate) for candidate in self._picked()]
        return _joined(sorted(picked, key=lambda each: (each.number, each.place)))

    def _candidate(self, quotable: Quotable, passage: Passage) -> _Candidate:
        own = frozenset(self._question.stems(quotable.text))
        above = frozenset(self._question.stems(quotable.heading)) - own
        return _Candidate(quotable=quotable, passage=passage, own=own, above=above)

    def _rarity(self) -> Mapping[str, float]:
        """Return what each stem of the question counts: more where fewer candidates have it."""
        having = Counter(stem for each in self._candidates for stem in each.own | each.above)
        return {
            stem: weight * math.log(1 + len(self._candidates) / having[stem])
            for stem, weight in self._question.weights.items()
            if stem in having
        }

    def _weight(self, stems: Iterable[str]) -> float:
        return sum(self._weights.get(stem, 0.0) for stem in stems)

    def _score(self, candidate: _Candidate) -> float:
        overlap = self._weight(candidate.own) + _HEADING * self._weight(candidate.above)
        if not overlap:
            return 0.0
        fit = overlap / sum(self._weights.values())
        trust = 0.3 + 0.7 * candidate.passage.score / self._best
        leading = _LEADING if candidate.quotable.place == 0 else 0.0
        return trust * (self._question.graded(fit, candidate.quotable) + leading)

    def _picked(self) -> Iterator[_Candidate]:
        scores = [(self._score(each), each) for each in self._candidates]
        scores.sort(key=lambda scored: -scored[0])  # stable: the better passage comes first
        picked: list[_Candidate] = []
        room = _LONGEST
        for score, candidate in scores:
            if score <= 0 or score < _CLOSE * scores[0][0] or len(picked) == _MOST:
                return
            if picked and not (
                len(candidate.quotable.text) <= room and self._adds(candidate, picked)
            ):
                continue
            picked.append(candidate)
            room -= len(candidate.quotable.text)
            yield candidate

    def _adds(self, candidate: _Candidate, picked: Sequence[_Candidate]) -> bool:
        """Tell whether it goes on where the first quote stands, or has words still missing."""
        if any(_say_the_same(candidate, other) for other in picked):
            return False
        if candidate.quotable.is_near(picked[0].quotable):
            return True
        told = frozenset[str]().union(*(each.own | each.above for each in picked))
        missing = (candidate.own & self._weights.keys()) - told
        return bool(missing) and candidate.passage.coverage >= _CLOSE * self._covered

    def _narrowed(self, candidate: _Candidate) -> Quotable:
        """Leave out what nobody asked for: rows of a table, items of a long list."""
        quotable = candidate.quotable
        if quotable.kind is Kind.STEPS:
            return quotable.within(2 * _LONGEST)
        if quotable.kind is not Kind.TABLE and len(quotable.text) <= _LIST:
            return quotable
        stems = self._question.stems
        above = {*stems(quotable.lead), *stems(quotable.heading)}
        fits = [self._weight({*stems(part)} - above) for part in quotable.parts]
        kept = tuple(
            part for part, fit in zip(quotable.parts, fits, strict=True) if fit >= max(fits)
        )
        return replace(quotable, parts=kept).within(_LONGEST)


def _say_the_same(one: _Candidate, other: _Candidate) -> bool:
    smaller = min(len(one.own), len(other.own))
    return len(one.own & other.own) >= _SAME * smaller


def _joined(quotes: Sequence[Quotable]) -> Sequence[Quotable]:
    """Let sentences that follow each other be one quote again."""
    joined: list[Quotable] = []
    for each in quotes:
        if joined and each.follows(joined[-1]):
            joined[-1] = replace(each, parts=(*joined[-1].parts, *each.parts))
        else:
            joined.append(each)
    return joined
