"""The promise of a knowledge base, what it needs of a store, and the values between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.messages import Passage


class Knowledge(Protocol):
    """What the company has written, searchable."""

    async def search(
        self, question: str, *, earlier: Sequence[str] = (), limit: int = 6
    ) -> Sequence[Passage]:
        """Return the passages that fit ``question`` best, best first; none where nothing does.

        ``earlier`` are the customer's earlier messages, newest last: a question that leans on
        them ("and how long does that take?") is completed from them.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutting:
    """A passage as it was cut from an article, not kept yet.

    ``terms`` counts its stems, words of titles and headings weighing more; ``length`` is their
    sum.
    """

    headings: tuple[str, ...]
    link: str
    text: str
    terms: Mapping[str, float]

    @property
    def length(self) -> float:
        return sum(self.terms.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for: stems, each with its weight.

    ``hints`` are those of earlier questions: they count like the others, but one that no passage
    has is left out, whereas an unknown one of ``terms`` lowers ``coverage``.
    """

    terms: Mapping[str, float]
    hints: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An article that was learned: the ``digest`` of its file, and the address it was given."""

    digest: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A file as it was read. ``path`` is relative to its source folder, with forward slashes."""

    path: str
    title: str
    link: str
    digest: str
    passages: tuple[Cutting, ...]
    note: str = ""  # what is wrong with it, for the person who teaches; it is not kept


class Articles(Protocol):
    """What learning and searching need of a store. Each method is one transaction."""

    async def known(self, source: str) -> Mapping[str, Known]:
        """Return path → what is known of every article that was learned from ``source``."""
        ...

    async def sources(self) -> Mapping[str, int]:
        """Return source → how many articles were learned from it."""
        ...

    async def keep(self, source: str, article: Article) -> None:
        """Keep ``article`` in place of what stood at its path; all of it or nothing."""
        ...

    async def remove(self, source: str, paths: Sequence[str]) -> None:
        """Remove articles; what a turn has cited of them stays readable there."""
        ...

    async def match(self, *wanted: Wanted, limit: int) -> Sequence[Sequence[Passage]]:
        """Return, for each, the best passages by BM25 over its weighted stems, best first.

        ``score`` and ``coverage`` are filled in. BM25: Robertson and Zaragoza, "The Probabilistic
        Relevance Framework: BM25 and Beyond" (2009), with Lucene's non-negative idf.
        """
        ...
