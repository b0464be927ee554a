"""Keeps articles with the index by which their passages are found."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from bot import messages as values
from bot.knowledge.base import Article as Read
from bot.knowledge.base import Cutting, Known, Wanted
from bot.store import conflicts, ranking, rows
from bot.store.clock import now
from bot.store.database import Database
from bot.store.ranking import FINDABLE
from bot.store.tables import Article, Passage, Posting

_BATCH = 500

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

    async def match(self, *wanted: Wanted, limit: int) -> Sequence[Sequence[values.Passage]]:
        return await self._database.glance(lambda line: ranking.match(line, wanted, limit=limit))


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
        conflicts.insert(Article)
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
    mine = (Passage.article_id == article, FINDABLE)
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
