"""Ranking is no worse than that of bm25s with the same endings cut off, and alike everywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import bm25s
import pytest
import Stemmer
from sqlalchemy import select

from bot.knowledge.learning import learn
from bot.knowledge.library import Library
from bot.resources import sample
from bot.store.articles import SqlArticles
from bot.store.database import Database
from bot.store.tables import Passage

DEPTH = 10
# A question and the heading under which its answer stands; without one, the page.
LABELLED = (
    (
        "Hi, I need help with resetting my password. Can you guide me?",
        "reset-your-password.md#how-to-reset-your-password",
    ),
    ("I forgot my password", "reset-your-password.md"),
    ("How long does the password reset email take?", "reset-your-password.md#how-long-it-takes"),
    ("the reset mail never came", "reset-your-password.md#the-reset-e-mail-does-not-arrive"),
    ("my account is locked", "reset-your-password.md#your-account-is-locked"),
    (
        "how many characters must a password have",
        "reset-your-password.md#what-makes-a-good-password",
    ),
    ("Where is my parcel?", "tracking.md"),
    ("How can I track my order?", "tracking.md#find-your-tracking-link"),
    (
        "It says delivered but I have not received anything",
        "tracking.md#it-says-delivered-but-i-have-no-parcel",
    ),
    ("my package is late", "tracking.md#my-parcel-is-late"),
    ("what does in transit mean", "tracking.md#what-the-tracking-status-means"),
    ("How do I return an item?", "returns.md#how-to-return-an-item"),
    ("when will I get my refund", "returns.md#when-you-get-your-money"),
    ("how much does a return from Canada cost", "returns.md#what-returning-costs"),
    ("can I return a gift", "returns.md#returning-a-gift"),
    ("Which items can't be returned?", "returns.md#what-cannot-be-returned"),
    ("Do you ship to Germany or the European Union?", "shipping.md#where-we-ship"),
    ("how much is express shipping", "shipping.md#delivery-times-and-prices"),
    ("is shipping free", "shipping.md#free-shipping"),
    ("will I have to pay customs duties", "shipping.md#customs-and-import-duties"),
    ("Can I cancel my order?", "change-or-cancel.md#cancel-an-order"),
    (
        "I entered the wrong delivery address, how do I change it?",
        "change-or-cancel.md#change-the-delivery-address-or-the-items",
    ),
    ("can I add something to my order", "change-or-cancel.md#add-something-to-an-order"),
    ("swap my jacket for a bigger size", "exchanges.md"),
    ("how do I exchange an item for another color", "exchanges.md#how-to-exchange-an-item"),
    ("my size is sold out", "exchanges.md#if-your-size-is-sold-out"),
    ("Which payment methods do you accept?", "payment.md#payment-methods-that-we-accept"),
    ("my card was declined", "payment.md#my-payment-was-declined"),
    ("I was charged twice!", "payment.md#i-was-charged-twice"),
    ("where do I enter a discount code", "payment.md#discount-codes"),
    ("do you take PayPal", "payment.md#payment-methods-that-we-accept"),
    ("I need an invoice for my company", "invoices.md"),
    ("download invoice pdf", "invoices.md#download-your-invoice"),
    ("do prices include VAT", "invoices.md#sales-tax-and-vat"),
    ("how do I check the balance of my gift card", "gift-cards.md#check-your-balance"),
    ("gift card never arrived", "gift-cards.md#my-gift-card-was-lost-or-never-arrived"),
    ("do gift cards expire", "gift-cards.md"),
    ("how can I change my e-mail address", "change-your-email.md#change-your-e-mail-address"),
    ("update my phone number", "change-your-email.md#change-your-name-phone-or-saved-addresses"),
    ("please delete my account", "privacy.md#delete-your-account"),
    ("unsubscribe from newsletter", "privacy.md#stop-the-newsletter"),
    ("is my credit card number stored safely", "privacy.md#is-my-card-number-safe"),
    ("what are your opening hours", "contact.md#opening-hours"),
    ("what is your phone number?", "contact.md"),
    ("how long is the warranty on a backpack", "warranty.md#warranty"),
    ("my item arrived damaged", "warranty.md#it-arrived-damaged-or-it-is-the-wrong-item"),
    ("can you repair a broken zipper", "warranty.md#repairs-after-the-warranty"),
    ("how do I wash my jacket", "sizes-and-care.md#wash-a-jacket"),
    ("which jacket size fits a 100 cm chest", "sizes-and-care.md#jacket-sizes"),
    ("Can I put my backpack in the washing machine?", "sizes-and-care.md#clean-a-backpack"),
    ("when do my points expire", "trail-club.md#when-points-expire"),
    ("how do I spend trail club points", "trail-club.md#spend-points"),
    ("how do I join the loyalty program", "trail-club.md"),
)


@dataclass(frozen=True, slots=True)
class Marks:
    """How often the right page came first, and how far up it stood: 1 is always at the top."""

    hit_at_1: float
    mrr_at_10: float
    heading_hit_at_1: float


def marks(answers: Sequence[Sequence[str]]) -> Marks:
    """Compare the links that were found for each labelled question with the right one."""
    ranks, headings = [], []
    for (_, right), links in zip(LABELLED, answers, strict=True):
        pages = [link.partition("#")[0] for link in links[:DEPTH]]
        page = right.partition("#")[0]
        ranks.append(1 / (pages.index(page) + 1) if page in pages else 0.0)
        if "#" in right:
            headings.append(links[:1] == [right])
    return Marks(
        hit_at_1=sum(rank == 1 for rank in ranks) / len(ranks),
        mrr_at_10=sum(ranks) / len(ranks),
        heading_hit_at_1=sum(headings) / len(headings),
    )


async def ours(articles: SqlArticles) -> list[list[str]]:
    library = Library(articles=articles)
    return [
        [passage.link for passage in await library.search(question, limit=DEPTH)]
        for question, _ in LABELLED
    ]


async def theirs(database: Database) -> list[list[str]]:
    """Ask bm25s over the very same passages, titles and headings included."""
    every = select(Passage).order_by(Passage.id)
    rows = await database.read(lambda line: line.execute(every).all())
    texts = [" ".join([*row.headings, row.text]) for row in rows]
    index = bm25s.BM25()
    index.index(_tokens(texts), show_progress=False)
    found = [
        index.retrieve(_tokens([question]), k=DEPTH, show_progress=False)[0][0]
        for question, _ in LABELLED
    ]
    return [[rows[int(place)].link for place in places] for places in found]


def _tokens(texts: list[str]) -> Any:
    stemmer = Stemmer.Stemmer("english")
    return bm25s.tokenize(texts, stopwords="en", stemmer=stemmer, show_progress=False)


@pytest.fixture
async def articles(database: Database) -> SqlArticles:
    articles = SqlArticles(database)
    await learn([sample() / "help"], articles=articles)
    return articles


async def test_ranking_is_no_worse_than_that_of_bm25s(
    articles: SqlArticles, database: Database
) -> None:
    we, they = marks(await ours(articles)), marks(await theirs(database))
    assert we.hit_at_1 >= max(they.hit_at_1, 0.95)
    assert we.mrr_at_10 >= max(they.mrr_at_10, 0.97)
    assert we.heading_hit_at_1 >= they.heading_hit_at_1


async def test_both_databases_rank_alike(sqlite_database: Database, postgres_url: str) -> None:
    database = await Database.open(postgres_url, clock=lambda: 0.0)
    both = SqlArticles(sqlite_database), SqlArticles(database)
    for articles in both:
        await learn([sample() / "help"], articles=articles)
    assert await ours(both[0]) == await ours(both[1])
    await database.close()
