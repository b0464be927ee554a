"""Keeps articles, and finds their passages by BM25 in SQL: alike on both databases."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from heapq import nlargest
from math import log
from typing import Any

from sqlalchemy import Connection, case, delete, func, insert, select, text, update
from sqlalchemy.dialects import postgresql

from bot import messages as values
from bot.knowledge.base import Article as Read
from bot.knowledge.base import Cutting, Known
from bot.store import rows
from bot.store.clock import now
from bot.store.database import Database
from bot.store.tables import Article, Passage, Posting

# BM25's constants: how late a word said again says nothing new, since titles and headings say it
# too; and how little a long passage is held back, since none is much longer than another.
_K1 = 2.0
_B = 0.4
_MOST_TERMS = 48  # the weightiest of a question; beyond them it is a story
_BATCH = 500
_FINDABLE = text("NOT passages.retired")  # as the index says it

_Row = Mapping[str, Any]


class SqlArticles:
    """Keeps the promise of ``Articles``: each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(self, source: str) -> Mapping[str, Known]:
        columns = (Article.path, Article.digest, Article.link)
        query = select(*columns).where(Article.source == source)
        found = await self._database.read(lambda line: line.execute(query).all())
        return {row.path: Known(digest=row.digest, link=row.link) for row in found}

    async def sources(self) -> Mapping[str, int]:
        query = select(Article.source, func.count().label("articles")).group_by(Article.source)
        found = await self._database.read(lambda line: line.execute(query).all())
        return {row.source: row.articles for row in found}

    # --- Learning -----------------------------------------------------------------------------

    async def keep(self, source: str, article: Read) -> None:
        await self._database.write(lambda line: _keep(line, source, article))

    async def remove(self, source: str, paths: Sequence[str]) -> None:
        await self._database.write(lambda line: _remove(line, source, paths))

    # --- Searching ----------------------------------------------------------------------------

    async def match(
        self, terms: Mapping[str, float], *, hints: Mapping[str, float] | None = None, limit: int
    ) -> Sequence[values.Passage]:
        return await self._database.read(lambda line: _match(line, terms, hints or {}, limit))


# --- Finding ------------------------------------------------------------------------------------


def _match(
    connection: Connection, terms: Mapping[str, float], hints: Mapping[str, float], limit: int
) -> list[values.Passage]:
    asked = {**hints, **terms}
    count, length = _size(connection)
    if not asked or not count:
        return []
    found = _frequencies(connection, asked)
    if not found:
        return []
    weights = {
        term: weight * _idf(found.get(term, 0), count)
        for term, weight in asked.items()
        if term in terms or term in found
    }
    best = connection.execute(_ranking(weights, found, length, limit))
    return [_to_passage(row, sum(weights.values())) for row in best]


def _size(connection: Connection) -> tuple[int, float]:
    """Return how many passages can be found, and how long they are on average."""
    query = select(func.count(), func.avg(Passage.length)).select_from(Passage).where(_FINDABLE)
    count, length = (connection.execute(query)).one()
    return count, length or 1.0


def _frequencies(connection: Connection, terms: Iterable[str]) -> Mapping[str, int]:
    """Return in how many passages each term stands, without those that stand in none."""
    asked = list(terms)
    found: dict[str, int] = {}
    for at in range(0, len(asked), _BATCH):
        query = (
            select(Posting.term, func.count())
            .where(Posting.term.in_(asked[at : at + _BATCH]))
            .group_by(Posting.term)
        )
        found.update((term, count) for term, count in connection.execute(query))
    return found


def _idf(passages: int, of: int) -> float:
    return log(1 + (of - passages + 0.5) / (passages + 0.5))


def _to_passage(row: rows.AnyRow, asked: float) -> values.Passage:
    coverage = min(1.0, row.covered / asked)
    return replace(rows.to_passage(row), score=row.score, coverage=coverage)


def _ranking(
    weights: Mapping[str, float], found: Iterable[str], length: float, limit: int
) -> rows.AnySelect:
    weightiest = nlargest(_MOST_TERMS, found, key=lambda term: (weights[term], term))
    weight = case({term: weights[term] for term in weightiest}, value=Posting.term)
    held_back = _K1 * (1 - _B) + _K1 * _B / length * Posting.length
    scores = (
        select(
            Posting.passage_id,
            func.sum(weight * Posting.frequency / (Posting.frequency + held_back)).label("score"),
            func.sum(weight).label("covered"),
        )
        .where(Posting.term.in_(weightiest))
        .group_by(Posting.passage_id)
        .subquery()
    )
    # Databases add up in orders of their own: what differs only by that is a tie.
    order = (func.round(scores.c.score * 1e6).desc(), scores.c.passage_id)
    best = select(scores).order_by(*order).limit(limit).subquery()
    order = (func.round(best.c.score * 1e6).desc(), best.c.passage_id)
    return (
        rows.PASSAGES.add_columns(best.c.score, best.c.covered)
        .join(best, best.c.passage_id == Passage.id)
        .order_by(*order)
    )


# --- Articles, their passages and postings ------------------------------------------------------


def _keep(connection: Connection, source: str, article: Read) -> None:
    number = _keep_article(connection, source, article)
    ids = _keep_passages(connection, number, article)
    _keep_postings(connection, dict(zip(ids, article.passages, strict=True)))


def _keep_article(connection: Connection, source: str, article: Read) -> int:
    facts = {
        "title": article.title,
        "link": article.link,
        "digest": article.digest,
        "learned_at": now(),
    }
    kept = (
        # What both databases know of conflicts is written alike: their compilers read it so, too.
        postgresql.insert(Article)
        .values(source=source, path=article.path, **facts)
        .on_conflict_do_update(index_elements=["source", "path"], set_=facts)
        .returning(Article.id)
    )
    return int(connection.execute(kept).scalar_one())


def _remove(connection: Connection, source: str, paths: Sequence[str]) -> None:
    for at in range(0, len(paths), _BATCH):
        gone = (Article.source == source) & Article.path.in_(paths[at : at + _BATCH])
        of_them = Passage.article_id.in_(select(Article.id).where(gone))
        _retire(connection, connection.execute(select(Passage.id).where(of_them)).scalars().all())
        connection.execute(delete(Article).where(gone))


def _keep_passages(connection: Connection, article: int, read: Read) -> list[int]:
    """Return the passages' ids in their order; one that says the same as before keeps its own."""
    known = _known(connection, article)
    ids = [known[_said(cut)].pop() if known[_said(cut)] else None for cut in read.passages]
    _retire(connection, [gone for unsaid in known.values() for gone in unsaid])
    kept = [
        {"article_id": article, "position": position, "path": read.path, "title": read.title}
        | {"headings": cut.headings, "link": cut.link, "text": cut.text, "length": cut.length}
        for position, cut in enumerate(read.passages)
    ]
    _move(connection, {stay: row for stay, row in zip(ids, kept, strict=True) if stay})
    new = [row for stay, row in zip(ids, kept, strict=True) if not stay]
    fresh = iter(_insert(connection, new))
    return [stay or next(fresh) for stay in ids]


def _known(connection: Connection, article: int) -> defaultdict[tuple[object, ...], list[int]]:
    """Return what an article's passages said until now, each with the ids that said it."""
    query = select(Passage.id, Passage.headings, Passage.link, Passage.text)
    mine = (Passage.article_id == article, _FINDABLE)
    known: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    for row in connection.execute(query.where(*mine).order_by(Passage.position.desc())):
        known[_said(row)].append(row.id)
    return known


def _said(passage: rows.AnyRow | Cutting) -> tuple[object, ...]:
    return (*passage.headings, passage.link, passage.text)


def _move(connection: Connection, stay: Mapping[int, _Row]) -> None:
    """Give passages that stay their new places; their words are weighed anew, too."""
    _forget(connection, list(stay))
    for number, row in stay.items():
        moved = {column: row[column] for column in ("position", "title", "length")}
        connection.execute(update(Passage).where(Passage.id == number).values(moved))


def _insert(connection: Connection, passages: Sequence[_Row]) -> Sequence[int]:
    """Return the new ids, in the order of ``passages``."""
    if not passages:
        return []
    kept = insert(Passage).returning(Passage.id, sort_by_parameter_order=True)
    return (connection.execute(kept, passages)).scalars().all()


def _keep_postings(connection: Connection, passages: Mapping[int, Cutting]) -> None:
    postings = [
        {"term": term, "passage_id": number, "frequency": frequency, "length": cut.length}
        for number, cut in passages.items()
        for term, frequency in sorted(cut.terms.items())
    ]
    if postings:
        connection.execute(insert(Posting), postings)


def _retire(connection: Connection, ids: Sequence[int]) -> None:
    """Let passages be found no more; what cites them can still read them."""
    _forget(connection, ids)
    for at in range(0, len(ids), _BATCH):
        gone = Passage.id.in_(ids[at : at + _BATCH])
        connection.execute(update(Passage).where(gone).values(retired=True))


def _forget(connection: Connection, ids: Sequence[int]) -> None:
    for at in range(0, len(ids), _BATCH):
        gone = Posting.passage_id.in_(ids[at : at + _BATCH])
        connection.execute(delete(Posting).where(gone))
