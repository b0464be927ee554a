"""The sample store's help centre answers what its customers ask, without a model."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import pytest
import yaml

from bot.backends.base import Request, Said, Text
from bot.backends.extractive import ExtractiveBackend
from bot.knowledge.clauses import clauses
from bot.knowledge.learning import learn
from bot.knowledge.library import Library
from bot.knowledge.terms import Terms
from bot.prompts import PromptBook
from bot.resources import sample, shipped
from bot.settings import Settings
from bot.store.articles import SqlArticles
from bot.store.database import Database

ASKED = yaml.safe_load((Path(__file__).parent / "conversations/sample_store.yaml").read_text())
RESET = "Hi, I need help with resetting my password. Can you guide me?"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot said, and the articles that it named, first to last."""

    text: str
    articles: Sequence[str]

    @property
    def is_one(self) -> bool:
        return not self.text.startswith("<unanswered/>")


class Desk:
    """Answers out of the sample store's articles."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._book = PromptBook(shipped=shipped("prompts"))
        self._backend = ExtractiveBackend(
            enough=Settings().knowledge.enough,
            words=self._words,
            stems=Terms("english").of_question,
        )

    def _words(self, name: str, /, **variables: object) -> str:
        return self._book.render(f"words/{name}.j2", contact="help@larkmoor.example", **variables)

    async def answer(self, question: str, *earlier: str) -> Answer:
        passages = await self._library.search(question, earlier=earlier)
        request = Request(
            system="",
            history=tuple(Said(role="user", text=text) for text in (*earlier, question)),
            context="",
            question=question,
            passages=tuple(passages),
        )
        outputs = [output async for output in self._backend.stream(request)]
        text = "".join(output.text for output in outputs if isinstance(output, Text))
        numbers = [int(number) for number in re.findall(r"\[(\d+)\]", text)]
        return Answer(text, [Path(passages[number - 1].article).stem for number in numbers])


@pytest.fixture
async def desk(sqlite_database: Database) -> Desk:
    articles = SqlArticles(sqlite_database)
    await learn([sample() / "help"], articles=articles)
    return Desk(Library(articles=articles))


def _turns(asked: str) -> Sequence[str]:
    *earlier, question = asked.split(" > ")
    return [question, *earlier]


async def test_questions_are_answered_from_the_right_article(desk: Desk) -> None:
    answers = [
        (article, words, await desk.answer(*_turns(asked)))
        for article, questions in ASKED["answerable"].items()
        for asked, words in questions.items()
    ]

    given = [(article, answer) for article, _, answer in answers if answer.is_one]
    right = [answer for article, answer in given if article in answer.articles]
    told = [answer for _, words, answer in answers if words in answer.text]
    assert len(answers) >= 140
    assert len(given) >= 0.9 * len(answers)
    assert len(right) >= 0.95 * len(given)
    assert len(told) >= 0.85 * len(answers)


async def test_what_no_article_says_is_hardly_ever_answered(desk: Desk) -> None:
    answers = {question: await desk.answer(question) for question in ASKED["unanswerable"]}

    assert [question for question, answer in answers.items() if answer.is_one] in (
        [],
        ["Where are your jackets made?"],  # "made to your measure" has its words
    )


@pytest.mark.parametrize("message", ["{outcry} {question}", "{question} {outcry}"])
async def test_an_outcry_beside_a_question_changes_no_answer(desk: Desk, message: str) -> None:
    answerable = [each for known in ASKED["answerable"].values() for each in known]
    questions = [
        each
        for each in answerable + ASKED["unanswerable"]
        if each.endswith("?") and len(clauses(each)) == 1  # two are told apart only by themselves
    ]
    outcries = cycle(
        [
            "This is outrageous!",
            "I am so angry!!!",
            "Unbelievable.",
            "I'm really disappointed in you guys.",
            "Worst service ever!",
            "You should be ashamed of yourselves!",
        ]
    )

    for question in questions:
        plain, *earlier = _turns(question)
        upset = message.format(question=plain, outcry=next(outcries))
        assert await desk.answer(upset, *earlier) == await desk.answer(plain, *earlier), upset


async def test_a_newcomer_gets_the_steps_and_then_the_time_that_they_take(desk: Desk) -> None:
    steps = await desk.answer(RESET)
    time = await desk.answer("and how long does that take?", RESET)

    assert set(steps.articles) == set(time.articles) == {"reset-your-password"}
    assert "> 1. Go to larkmoor.example/login and select Forgot password?" in steps.text
    assert "> 4. Enter your new password twice" in steps.text
    assert "arrives within 2 minutes" in time.text
    assert "1. Go to" not in time.text


async def test_who_asks_for_what_we_do_not_know_is_offered_a_person(desk: Desk) -> None:
    answer = await desk.answer("Do you sell unicorn saddles?")

    assert answer.text.startswith("<unanswered/>")
    assert "help@larkmoor.example" in answer.text
