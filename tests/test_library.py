"""Questions find their passages, and those that lean on earlier ones find theirs."""

from pathlib import Path

import pytest

from bot.knowledge.learning import learn
from bot.knowledge.library import Library
from bot.resources import sample
from bot.store.articles import SqlArticles
from bot.store.database import Database

RESET = "Hi, I need help with resetting my password. Can you guide me?"
ENOUGH = 0.5


@pytest.fixture
async def library(sqlite_database: Database) -> Library:
    articles = SqlArticles(sqlite_database)
    await learn([sample() / "help"], articles=articles)
    return Library(articles=articles)


async def test_a_polite_question_finds_its_article(library: Library) -> None:
    best, *_ = await library.search(RESET)
    assert best.link == "reset-your-password.md#how-to-reset-your-password"
    assert best.headings == ("Reset your password", "How to reset your password")
    assert best.coverage == pytest.approx(1.0)


@pytest.mark.parametrize(
    "question",
    ["Do you sell unicorn saddles?", "What is the capital of France?", "Who won the world cup?"],
)
async def test_what_no_article_tells_is_hardly_covered(library: Library, question: str) -> None:
    assert all(passage.coverage < ENOUGH for passage in await library.search(question))


@pytest.mark.parametrize(
    "question",
    [
        "",
        "  ",
        "Hello!",
        "Thanks, please help me",
        "🙂",
        "and how long does that take?",
        "How long?",
    ],
)
async def test_a_question_about_nothing_finds_nothing(library: Library, question: str) -> None:
    assert await library.search(question) == []


@pytest.mark.parametrize(
    ("earlier", "question", "link"),
    [
        ([RESET], "and how long does that take?", "reset-your-password.md#how-long-it-takes"),
        ([RESET], "How long?", "reset-your-password.md#how-long-it-takes"),
        (["How do I return an item?"], "What does it cost from Canada?", "returns.md#"),
        (["Do you ship to Canada?"], "and to the UK?", "shipping.md"),
        (["when do my points expire?"], "why?", "trail-club.md"),
        ([RESET, "and how long does that take?"], "what if it does not arrive?", "reset-"),
        (["where is my parcel", RESET], "and how long does that take?", "reset-your-password.md"),
    ],
)
async def test_a_question_is_completed_from_those_before(
    library: Library, earlier: list[str], question: str, link: str
) -> None:
    best, *_ = await library.search(question, earlier=earlier)
    assert best.link.startswith(link)
    assert best.coverage >= ENOUGH


@pytest.mark.parametrize(
    "question",
    ["How do I wash my jacket?", "Which payment methods do you accept?", "Can I cancel my order?"],
)
async def test_a_question_that_stands_on_its_own_is_left_alone(
    library: Library, question: str
) -> None:
    assert await library.search(question, earlier=[RESET]) == await library.search(question)


async def test_a_question_about_something_unknown_is_not_answered_from_before(
    library: Library,
) -> None:
    for passage in await library.search("and what about unicorn saddles?", earlier=[RESET]):
        assert passage.coverage < ENOUGH


@pytest.mark.parametrize(
    "message",
    [
        "This is outrageous! How long does a refund take?",
        "How long does a refund take? I am so angry right now!!!",
        "Hello, I hope you are well. How long does a refund take?\n\nBest regards,\nJane Doe",
        "Are you kidding me?\nHow long does a refund take\nSHAME ON YOU",
    ],
)
async def test_an_outcry_beside_a_question_is_not_looked_for(
    library: Library, message: str
) -> None:
    alone = await library.search("How long does a refund take?")
    assert await library.search(message) == alone
    assert alone[0].coverage >= ENOUGH


async def test_an_outcry_gets_no_answer_a_second_time(library: Library) -> None:
    assert await library.search("This is outrageous!", earlier=[RESET]) == []


async def test_an_outcry_between_does_not_part_a_question_from_those_before(
    library: Library,
) -> None:
    earlier = [RESET, "This is ridiculous."]
    best, *_ = await library.search("and how long does that take?", earlier=earlier)
    assert best.link == "reset-your-password.md#how-long-it-takes"


async def test_of_several_questions_each_finds_its_passages(library: Library) -> None:
    found = await library.search("How do I wash my jacket, and when do my points expire?", limit=4)
    assert [passage.article for passage in found[:2]] == ["sizes-and-care.md", "trail-club.md"]
    assert len(found) == 4


async def test_as_many_passages_come_as_were_asked_for(library: Library) -> None:
    assert len(await library.search("order", limit=3)) == 3


async def test_a_library_without_articles_finds_nothing(
    sqlite_database: Database, tmp_path: Path
) -> None:
    articles = SqlArticles(sqlite_database)
    await learn([tmp_path], articles=articles)
    assert await Library(articles=articles).search(RESET) == []
