"""Finds the passages that fit a question, and completes one that leans on those before it."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, zip_longest

from bot.knowledge.base import Articles, Wanted
from bot.knowledge.clauses import clauses
from bot.knowledge.terms import Terms
from bot.messages import Passage

_MEASURE = 0.4  # what the "long" of "how long" weighs beside words that say of what
_RECALL = 3  # earlier messages that a question may lean on
_HINT = 0.5  # what a word of the message before weighs; of the one before that, half as much


class Library:
    """Keeps the promise of ``Knowledge`` over the ``articles`` of a store.

    ``language`` must be the one that the articles were learned in.

    Raises:
        KnowledgeError: the language is unknown.
    """

    def __init__(self, *, articles: Articles, language: str = "english") -> None:
        self._articles = articles
        self._terms = Terms(language)

    async def search(
        self, question: str, *, earlier: Sequence[str] = (), limit: int = 6
    ) -> Sequence[Passage]:
        wanted: list[Wanted] = []
        for clause in clauses(question):
            wanted += self._wanted(clause, earlier)
            earlier = (*earlier, clause)
        return _in_turn(await self._articles.match(*wanted, limit=limit))[:limit] if wanted else []

    def _wanted(self, question: str, earlier: Sequence[str]) -> Iterator[Wanted]:
        terms = dict.fromkeys(self._terms.of_question(question), 1.0)
        hints = self._hints(earlier) if self._terms.leans(question) else {}
        if not terms and not hints:
            return
        measures = self._terms.of_measure(question)
        if not hints and measures.issuperset(terms) and self._terms.leans(question):
            return  # "and how long does that take?", and nothing was said that takes long
        if hints or not measures.issuperset(terms):
            terms |= dict.fromkeys(measures, _MEASURE)
        yield Wanted(terms=terms, hints=hints)

    def _hints(self, earlier: Sequence[str]) -> Mapping[str, float]:
        """Weigh the terms of what was asked before, back to the question it all leans on."""
        hints: dict[str, float] = {}
        weight = _HINT
        for question in list(reversed(earlier))[:_RECALL]:
            terms = self._terms.of_question(question)
            for term in terms:
                hints.setdefault(term, weight)
            if terms:
                weight /= 2
            if terms and not self._terms.leans(question):
                break
        return hints


def _in_turn(found: Sequence[Sequence[Passage]]) -> list[Passage]:
    """Return the best of each, then the second of each; what came before is not said again."""
    passages: dict[int, Passage] = {}
    for each in chain.from_iterable(zip_longest(*found)):
        if each is not None:
            passages.setdefault(each.id, each)
    return list(passages.values())
