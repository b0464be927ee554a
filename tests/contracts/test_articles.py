"""What every keeper of articles promises, on SQLite and on PostgreSQL."""

import math
from collections.abc import Mapping, Sequence

import pytest
from sqlalchemy import func, select

from bot import messages as values
from bot.knowledge.base import Article, Cutting, Known, Wanted
from bot.store.articles import SqlArticles
from bot.store.database import Database
from bot.store.tables import Passage, Posting


@pytest.fixture
def articles(database: Database) -> SqlArticles:
    return SqlArticles(database)


def cutting(text: str, *, link: str = "page") -> Cutting:
    terms: dict[str, float] = {}
    for word in text.split():
        terms[word] = terms.get(word, 0.0) + 1.0
    return Cutting(headings=("Title", "Heading"), link=link, text=text, terms=terms)


def article(path: str, *texts: str, digest: str = "1") -> Article:
    return Article(
        path=path,
        title="Title",
        link=path,
        digest=digest,
        passages=tuple(cutting(text) for text in texts),
    )


async def match(
    articles: SqlArticles,
    terms: Mapping[str, float],
    *,
    hints: Mapping[str, float] | None = None,
    limit: int,
) -> Sequence[values.Passage]:
    """Look for one thing."""
    (found,) = await articles.match(Wanted(terms=terms, hints=hints or {}), limit=limit)
    return found


async def test_what_was_kept_is_known_by_its_digest_and_link(articles: SqlArticles) -> None:
    await articles.keep("/help", article("a.md", "red kettle", digest="one"))
    await articles.keep("/help", article("b.md", "blue kettle", digest="two"))
    await articles.keep("/other", article("a.md", "green kettle", digest="three"))
    assert await articles.known("/help") == {
        "a.md": Known(digest="one", link="a.md"),
        "b.md": Known(digest="two", link="b.md"),
    }
    assert await articles.sources() == {"/help": 2, "/other": 1}


async def test_a_found_passage_is_whole(articles: SqlArticles) -> None:
    await articles.keep("/help", article("a.md", "red kettle"))
    (found,) = await match(articles, {"kettle": 1.0}, limit=5)
    assert (found.article, found.title, found.link) == ("a.md", "Title", "page")
    assert (found.headings, found.text) == (("Title", "Heading"), "red kettle")


async def test_the_score_is_that_of_the_formula(articles: SqlArticles) -> None:
    await articles.keep("/help", article("a.md", "red red kettle", "blue pot", "green pot lid on"))
    (found,) = await match(articles, {"red": 2.0}, limit=5)
    idf = math.log(1 + (3 - 1 + 0.5) / (1 + 0.5))
    held_back = 2.0 * (1 - 0.4 + 0.4 * 3 / 3)
    assert found.score == pytest.approx(2.0 * idf * 2 / (2 + held_back))


async def test_a_rare_word_weighs_more_than_a_common_one(articles: SqlArticles) -> None:
    await articles.keep("/help", article("a.md", "pot lid", "pot cup", "pot pan", "jug saw"))
    found = await match(articles, {"pot": 1.0, "jug": 1.0}, limit=5)
    assert found[0].text == "jug saw"


async def test_ties_stand_in_the_order_in_which_they_were_kept(articles: SqlArticles) -> None:
    texts = [f"kettle {word}" for word in ("one", "two", "three", "four", "five", "six")]
    await articles.keep("/help", article("a.md", *texts))
    found = await match(articles, {"kettle": 1.0}, limit=4)
    assert [passage.text for passage in found] == texts[:4]


async def test_coverage_is_the_share_of_the_question_that_a_passage_has(
    articles: SqlArticles,
) -> None:
    await articles.keep("/help", article("a.md", "sell kettle", "sell pot"))
    whole, *_ = await match(articles, {"sell": 1.0, "kettle": 1.0}, limit=1)
    assert whole.coverage == pytest.approx(1.0)
    partly, *_ = await match(articles, {"sell": 1.0, "unicorn": 1.0, "saddle": 1.0}, limit=1)
    assert partly.coverage < 0.1


async def test_an_unknown_hint_costs_nothing(articles: SqlArticles) -> None:
    await articles.keep("/help", article("a.md", "reset password", "change address"))
    found = await match(articles, {"long": 1.0}, hints={"password": 0.5, "kettle": 0.5}, limit=5)
    without = await match(articles, {"long": 1.0}, hints={"password": 0.5}, limit=5)
    assert [passage.text for passage in found] == ["reset password"]
    assert found[0].coverage == pytest.approx(without[0].coverage)


@pytest.mark.parametrize("terms", [{}, {"unicorn": 1.0}])
async def test_nothing_is_found_where_nothing_fits(
    articles: SqlArticles, terms: dict[str, float]
) -> None:
    assert await match(articles, terms, limit=5) == []
    await articles.keep("/help", article("a.md", "red kettle"))
    assert await match(articles, terms, limit=5) == []


async def test_a_very_long_question_is_answered(articles: SqlArticles) -> None:
    await articles.keep("/help", article("a.md", "red kettle"))
    terms = dict.fromkeys((f"word{number}" for number in range(40_000)), 1.0)
    found = await match(articles, {**terms, "kettle": 1.0}, limit=5)
    assert [passage.text for passage in found] == ["red kettle"]


async def test_an_unchanged_passage_keeps_its_id(articles: SqlArticles) -> None:
    await articles.keep("/help", article("a.md", "red kettle", "blue kettle", "red kettle"))
    before = {p.text: p.id for p in await match(articles, {"blue": 1.0}, limit=5)}
    await articles.keep("/help", article("a.md", "new kettle", "blue kettle", digest="2"))
    after = {p.text: p.id for p in await match(articles, {"kettle": 1.0}, limit=5)}
    assert after.keys() == {"new kettle", "blue kettle"}
    assert after["blue kettle"] == before["blue kettle"]


async def test_what_vanished_is_not_found_but_can_still_be_read(
    articles: SqlArticles, database: Database
) -> None:
    await articles.keep("/help", article("a.md", "red kettle", "blue kettle"))
    await articles.keep("/help", article("a.md", "blue kettle", digest="2"))
    await articles.keep("/help", article("b.md", "red pot"))
    await articles.remove("/help", ["b.md", "never-was.md"])
    assert await match(articles, {"red": 1.0}, limit=5) == []
    assert await articles.known("/help") == {"a.md": Known(digest="2", link="a.md")}
    texts = select(Passage.text).order_by(Passage.id)
    kept = await database.read(lambda line: list(line.scalars(texts)))
    assert kept == ["red kettle", "blue kettle", "red pot"]
    gone = select(func.count()).where(Posting.term == "red")
    assert await database.read(lambda line: line.scalar(gone)) == 0


async def test_retired_passages_count_for_nothing(articles: SqlArticles) -> None:
    await articles.keep("/help", article("a.md", "red kettle", "blue pot"))
    fresh = (await match(articles, {"kettle": 1.0}, limit=1))[0].score
    await articles.keep("/help", article("b.md", *(f"pan {number}" for number in range(20))))
    await articles.remove("/help", ["b.md"])
    assert (await match(articles, {"kettle": 1.0}, limit=1))[0].score == pytest.approx(fresh)


async def test_many_passages_are_kept_in_their_order(articles: SqlArticles) -> None:
    texts = [f"kettle {number}" for number in range(1200)]
    await articles.keep("/help", article("a.md", *texts))
    found = await match(articles, {"kettle": 1.0}, limit=1200)
    assert [passage.text for passage in found] == texts
    await articles.remove("/help", ["a.md"])
    assert await match(articles, {"kettle": 1.0}, limit=1200) == []
