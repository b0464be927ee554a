"""Chooses the words of the passages that answer a question best."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from bot.backends.extractive.blocks import Kind
from bot.backends.extractive.candidate import Candidate, candidate
from bot.backends.extractive.question import Question
from bot.backends.extractive.quotables import Quotable, quotables
from bot.messages import Passage

MOST = 3  # quotes
_LONGEST = 900  # characters, all quotes together; a list of steps may have twice as many
_LIST = 500  # characters; of a longer list only the items that fit are quoted

# What makes a score. A quotable with every word of the question has a fit of 1.
_EVEN = 3  # higher: a rare word counts little more than what the search went by
_TITLE = 0.5  # what a word counts that only the article's title has
_LEADING = 0.1  # what it adds to open the passage
_BRIEF = 0.2  # what it adds to say nothing else
_NAMED = 0.2  # what it adds to stand under a heading that the question names
_DOUBT = 0.3  # what is left of a score where the search gave the passage none

# What one more quote takes.
_CLOSE = 0.75  # the share of the best score and of the best coverage
_TIE = 0.9  # the share of the best score from elsewhere in the same article
_SAME = 0.7  # the share of common stems from which on two quotes say the same


class Choice:
    """Weighs what can be quoted from ``passages``, and picks."""

    def __init__(
        self, question: Question, passages: Sequence[Passage], *, most: int = MOST
    ) -> None:
        self._question = question
        self._most = most
        self._best = max((passage.score for passage in passages), default=0.0) or 1.0
        self._covered = max((passage.coverage for passage in passages), default=0.0)
        self._candidates = [
            candidate(quotable, passage, question)
            for number, passage in enumerate(passages, 1)
            for quotable in quotables(passage, number=number)
        ]
        self._weights = self._rarity()

    def quotes(self) -> Sequence[Quotable]:
        """Return one to ``most`` quotables in reading order; none where no word fits."""
        picked = [self._narrowed(each.quotable) for each in self._picked()]
        return _joined(sorted(picked, key=lambda each: (each.number, each.place)))

    def _rarity(self) -> Mapping[str, float]:
        """Return what each stem of the question counts: more where fewer candidates have it."""
        having = Counter(stem for each in self._candidates for stem in each.told | each.title)
        return {
            stem: weight * math.log(_EVEN + len(self._candidates) / having[stem])
            for stem, weight in self._question.weights.items()
            if stem in having
        }

    def _weight(self, stems: Iterable[str]) -> float:
        return sum(self._weights.get(stem, 0.0) for stem in stems)

    def _score(self, each: Candidate) -> float:
        overlap = self._weight(each.told) + _TITLE * self._weight(each.title)
        if not overlap:
            return 0.0
        fit = self._question.graded(
            overlap / sum(self._weights.values()), each.quotable, above=each.above
        )
        leading = _LEADING if each.quotable.place == 0 else 0.0
        brief = _BRIEF * len(each.own & self._weights.keys()) / (len(each.own) or 1)
        trust = _DOUBT + (1 - _DOUBT) * each.passage.score / self._best
        named = _NAMED if self._question.names(each.quotable.heading) else 0.0
        return trust * (fit + leading + brief + named)

    def _picked(self) -> Iterator[Candidate]:
        scored = [(self._score(each), each) for each in self._candidates]
        scored.sort(key=lambda pair: -pair[0])  # stable: the better passage comes first
        picked: list[Candidate] = []
        room = _LONGEST
        for score, each in scored:
            share = score / (scored[0][0] or 1.0)
            if share < _CLOSE or len(picked) == self._most:
                return
            size = len(each.quotable.text)
            if not picked or (size <= room and self._adds(each, picked, share)):
                picked.append(each)
                room -= size
                yield each

    def _adds(self, each: Candidate, picked: Sequence[Candidate], share: float) -> bool:
        """Tell whether one more quote is worth its room: it must not say the same again."""
        if any(each.says_the_same(other, share=_SAME) for other in picked):
            return False
        first = picked[0]
        if each.quotable.is_near(first.quotable):
            return True
        if share >= _TIE and each.passage.article == first.passage.article:
            return True
        missing = (each.own & self._weights.keys()).difference(*(other.told for other in picked))
        return bool(missing) and each.passage.coverage >= _CLOSE * self._covered

    def _narrowed(self, quotable: Quotable) -> Quotable:
        """Leave out what nobody asked for: rows of a table, items of a long list."""
        if quotable.kind is Kind.STEPS:
            return quotable.within(2 * _LONGEST)
        if quotable.kind is not Kind.TABLE and len(quotable.text) <= _LIST:
            return quotable
        stems = self._question.stems
        above = {*stems(quotable.lead), *stems(quotable.heading)}
        fits = [self._weight({*stems(part)} - above) for part in quotable.parts]
        kept = [part for part, fit in zip(quotable.parts, fits, strict=True) if fit >= max(fits)]
        return replace(quotable, parts=tuple(kept)).within(_LONGEST)


def _joined(quotes: Sequence[Quotable]) -> Sequence[Quotable]:
    """Let sentences that follow each other be one quote again."""
    joined: list[Quotable] = []
    for each in quotes:
        if joined and each.follows(joined[-1]):
            joined[-1] = replace(each, parts=(*joined[-1].parts, *each.parts))
        else:
            joined.append(each)
    return joined
