"""Finds passages by BM25 in SQL: alike on both databases."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from heapq import nlargest
from math import log
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, literal, null, select, text, union_all

from bot.knowledge.base import Wanted
from bot.messages import Passage
from bot.store import rows, tables
from bot.store.tables import Posting

# BM25's constants: how late a word said again says nothing new, since titles and headings say it
# too; and how little a long passage is held back, since none is much longer than another.
_K1 = 2.0
_B = 0.4
_MOST_TERMS = 48  # the weightiest of a question; beyond them it is a story
_BATCH = 500

FINDABLE = text("NOT passages.retired")  # as the index says it

# How many passages have each term; and, with no term, how many there are and their mean length.
_COUNTS = union_all(
    select(Posting.term, func.count().label("count"), literal(0.0).label("length"))
    .where(Posting.term.in_(bindparam("terms", expanding=True)))
    .group_by(Posting.term),
    select(null(), func.count(), func.avg(tables.Passage.length))
    .select_from(tables.Passage)
    .where(FINDABLE),
)


@dataclass(frozen=True, slots=True)
class _Shelf:
    """All that can be found: the passages, their mean length, and how many have each term."""

    passages: int
    length: float
    having: Mapping[str, int]

    def idf(self, term: str) -> float:
        having = self.having.get(term, 0)
        return log(1 + (self.passages - having + 0.5) / (having + 0.5))


def match(connection: Connection, wanted: Sequence[Wanted], *, limit: int) -> list[list[Passage]]:
    """Return the best passages of each."""
    shelf = _look(connection, {term for each in wanted for term in (*each.terms, *each.hints)})
    return [_match(connection, shelf, each, limit) for each in wanted]


def _look(connection: Connection, terms: Iterable[str]) -> _Shelf:
    asked = sorted(terms)
    counts: dict[str | None, Any] = {}
    for at in range(0, len(asked), _BATCH):
        found = connection.execute(_COUNTS, {"terms": asked[at : at + _BATCH]})
        counts.update((row.term, row) for row in found)
    if None not in counts:
        return _Shelf(0, 1.0, {})
    there = counts.pop(None)
    having = {term: row.count for term, row in counts.items() if term}
    return _Shelf(there.count, there.length or 1.0, having)


def _match(connection: Connection, shelf: _Shelf, wanted: Wanted, limit: int) -> list[Passage]:
    asked = {**wanted.hints, **wanted.terms}
    weights = {
        term: weight * shelf.idf(term)
        for term, weight in asked.items()
        if term in wanted.terms or term in shelf.having
    }
    found = nlargest(
        _MOST_TERMS, shelf.having.keys() & asked, key=lambda term: (weights[term], term)
    )
    if not found:
        return []
    weighed: dict[str, Any] = {f"term_{at}": term for at, term in enumerate(found)}
    weighed |= {f"weight_{at}": weights[term] for at, term in enumerate(found)}
    how = {"grows": _K1 * _B / shelf.length, "most": limit}
    best = connection.execute(_ranking(len(found)), {**weighed, **how})
    return [_to_passage(row, sum(weights.values())) for row in best]


def _to_passage(row: rows.AnyRow, asked: float) -> Passage:
    coverage = min(1.0, row.covered / asked)
    return replace(rows.to_passage(row), score=row.score, coverage=coverage)


@lru_cache(_MOST_TERMS)
def _ranking(terms: int) -> rows.AnySelect:
    """Return the query that ranks by so many terms; made once, as making it takes its time."""
    names = [bindparam(f"term_{at}", type_=Posting.term.type) for at in range(terms)]
    weights = [bindparam(f"weight_{at}", type_=Posting.length.type) for at in range(terms)]
    weight = case(*((Posting.term == n, w) for n, w in zip(names, weights, strict=True)))
    held_back = _K1 * (1 - _B) + bindparam("grows", type_=Posting.length.type) * Posting.length
    scores = (
        select(
            Posting.passage_id,
            func.sum(weight * Posting.frequency / (Posting.frequency + held_back)).label("score"),
            func.sum(weight).label("covered"),
        )
        .where(Posting.term.in_(names))
        .group_by(Posting.passage_id)
        .subquery()
    )
    # Databases add up in orders of their own: what differs only by that is a tie.
    order = (func.round(scores.c.score * 1e6).desc(), scores.c.passage_id)
    best = select(scores).order_by(*order).limit(bindparam("most")).subquery()
    order = (func.round(best.c.score * 1e6).desc(), best.c.passage_id)
    return (
        rows.PASSAGES.add_columns(best.c.score, best.c.covered)
        .join(best, best.c.passage_id == tables.Passage.id)
        .order_by(*order)
    )
