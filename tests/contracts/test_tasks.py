"""What everyone who does a task beside the answer promises: by rule, prompt, model or library."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.backends.scripted import ScriptedBackend
from bot.knowledge.terms import Terms
from bot.local import Head, Shape
from bot.messages import Author, Message
from bot.prompts import PromptBook
from bot.resources import shipped
from bot.router import Router
from bot.settings import RouterSettings
from bot.tasks.asking import Asker
from bot.tasks.base import Account, Languages, Moods, Summarizer, Topics, Translator
from bot.tasks.library import LibraryLanguages
from bot.tasks.models.moods import ModelMoods
from bot.tasks.models.resident import Resident
from bot.tasks.models.summaries import ModelSummarizer
from bot.tasks.models.topics import ModelTopics
from bot.tasks.models.translations import ModelTranslator
from bot.tasks.prompted import (
    PromptedLanguages,
    PromptedMoods,
    PromptedSummarizer,
    PromptedTopics,
    PromptedTranslator,
)
from bot.tasks.rules import RuledLanguages, RuledMoods, RuledTopics
from tests.tiny import lessons

BOOK = PromptBook(shipped=shipped("prompts"))
UPSET = "This is unacceptable, I want my money back now!"
ASKED = "How long does shipping take?"
LABELS = {"shipping": "How long shipping takes", "returns": "Sending back", "account": "Password"}
QUOTED = "Parcels arrive within 3 working days. [1]\n\n> Shipping costs 4.90 euros. [2]"

Tiny = Callable[[str], Path]


def _asker(*answers: object) -> Asker:
    """Return one who asks a backend that gives ``answers``."""
    told = [each if isinstance(each, str) else json.dumps(each) for each in answers]
    router = Router(
        backends={"says": ScriptedBackend(*told, name="says")},
        settings=RouterSettings(),
        terms={},
        price=lambda *_: 0.0,
        clock=lambda: 0.0,
    )
    return Asker(
        route=lambda: router.writers(0, only=None),
        prompts=BOOK,
        step="task",
        account=Account(0, lambda _attempt: None),
    )


def _resident(folder: Path, head: Head = "sequence-classification") -> Resident:
    return Resident(Shape(model=str(folder)), head=head)


@pytest.fixture(params=["rule", "prompt", "model"])
def moods(request: pytest.FixtureRequest, tiny: Tiny) -> Moods:
    match request.param:
        case "prompt":
            upset, neutral = {"mood": "upset", "sure": 0.9}, {"mood": "neutral", "sure": 0.6}
            return PromptedMoods(_asker(upset, neutral))
        case "model":
            return ModelMoods(_resident(tiny("classifier")))
    return RuledMoods()


async def test_who_is_angry_is_heard_to_be(moods: Moods) -> None:
    mood = await moods.mood(UPSET)
    assert mood is not None
    assert mood.label == "upset"
    assert mood.score is None or 0 < mood.score <= 1
    assert moods.by


@pytest.fixture(params=["rule", "prompt", "library"])
def languages(request: pytest.FixtureRequest) -> Languages:
    among = ["en", "de", "fr"]
    match request.param:
        case "prompt":
            said = ({"language": "de", "sure": 0.9}, {"language": "", "sure": 0})
            return PromptedLanguages(_asker(*said), among=among)
        case "library":
            return LibraryLanguages(among=among)
    return RuledLanguages(among=among)


async def test_a_language_is_heard_and_a_number_has_none(languages: Languages) -> None:
    heard = await languages.language("Wie lange dauert der Versand?")
    assert heard is not None
    assert heard.language == "de"
    assert heard.score is None or 0.5 <= heard.score <= 1
    assert await languages.language("10293") is None
    assert languages.by


@pytest.fixture(params=["rule", "prompt", "labels", "entailment"])
def topics(request: pytest.FixtureRequest, tiny: Tiny) -> Topics:
    match request.param:
        case "prompt":
            return PromptedTopics(_asker({"topic": "shipping", "sure": 0.9}))
        case "labels":
            return ModelTopics(_resident(tiny("topics")), labels=LABELS)
        case "entailment":
            return ModelTopics(_resident(tiny("nli")), labels=LABELS)
    return RuledTopics(terms=Terms("english"))


async def test_a_message_goes_under_one_of_the_labels(topics: Topics) -> None:
    labels = LABELS if isinstance(topics, RuledTopics) else dict.fromkeys(LABELS, "")
    topic = await topics.topic(ASKED, labels)
    assert topic is not None
    assert topic.label == "shipping"
    assert topic.score is None or 0 < topic.score <= 1


@pytest.fixture(params=["prompt", "model"])
def translator(request: pytest.FixtureRequest, tiny: Tiny) -> Translator:
    if request.param == "model":
        return ModelTranslator({"en-de": _resident(tiny("marian_en_de"), "seq2seq-lm")})
    there = "Pakete kommen innerhalb von 3 Werktagen an. [1]\n\n> Der Versand kostet 4,90 Euro. [2]"
    return PromptedTranslator(_asker(there))


async def test_a_translation_keeps_its_sources_and_its_paragraphs(translator: Translator) -> None:
    there = await translator.translate(QUOTED, source="en", target="de")
    assert there.split("\n\n") == [
        "Pakete kommen innerhalb von 3 Werktagen an. [1]",
        "> Der Versand kostet 4,90 Euro. [2]",
    ]
    assert translator.by


@pytest.fixture(params=["prompt", "model"])
def summarizer(request: pytest.FixtureRequest, tiny: Tiny) -> Summarizer:
    if request.param == "model":
        return ModelSummarizer(_resident(tiny("bart"), "seq2seq-lm"))
    return PromptedSummarizer(_asker(lessons.SUMMARIES[1][1]))


async def test_a_summary_tells_what_was_asked_and_answered(summarizer: Summarizer) -> None:
    said = [
        Message(seq=1, author=Author.CUSTOMER, text=ASKED, tokens=1, at=0.0),
        Message(
            seq=2,
            author=Author.BOT,
            text="Parcels arrive within 3 working days. [1]",
            tokens=1,
            at=0.0,
        ),
    ]
    assert await summarizer.summarize("", said) == lessons.SUMMARIES[1][1]
    assert await summarizer.summarize("Before.", []) == "Before."
