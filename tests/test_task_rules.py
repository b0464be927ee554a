"""The rules beside the answer: sure of little, and of that little sure."""

import time
from collections.abc import Mapping

import pytest

from bot.knowledge.terms import Terms
from bot.tasks.base import Json
from bot.tasks.rules import RuledFacts, RuledLanguages, RuledMoods, RuledTopics
from bot.tasks.schema import DEFAULT, Schema

# --- Moods ------------------------------------------------------------------------------------

UPSET = [
    "This is unacceptable, I want to speak to someone.",
    "This is the third time I am writing to you about my order!",
    "I have been waiting for weeks and still nothing!!!",
    "WHERE IS MY MONEY??? I WANT IT BACK NOW",
    "Your support is terrible",
    "You people still haven't answered",
    "I'm really angry about this",
    "If I don't hear back today I'll contact my lawyer",
    "I will never order from you again",
    "Worst customer service ever",
    "What a rip-off",
    "How many times do I have to explain this?",
    "Nobody answers my emails, this is a disgrace",
    "I'm fed up with your excuses",
    "I demand my money back immediately",
    "Not only late but also broken, unacceptable!",
    "I have already asked twice and still no answer",
    "Das ist eine Frechheit",
    "Ich schreibe jetzt schon zum dritten Mal!",
    "Ich warte seit Wochen und immer noch nichts!!!",
    "Mir reicht's jetzt",
    "Ihr Kundenservice ist eine Katastrophe",
    "Wenn das nicht bis morgen klappt, gehe ich zu meinem Anwalt",
    "Nie wieder bestelle ich bei euch",
    "Wie oft soll ich das noch sagen",
    "Niemand meldet sich, ich bin echt enttäuscht",
    "Unverschämtheit! Ich will sofort mein Geld zurück",
]
CALM = [
    "Where is my order?",
    "You people are great!",
    "My parcel is late",
    "Can I get my money back?",
    "I'm not upset, just curious how returns work",
    "It's not ridiculous, just a bit unusual",
    "The product is awful for wide feet, can I return it?",
    "Is this a scam mail that I received from you?",
    "I would like to complain about a damaged item",
    "I've tried three times to log in, what should I do?",
    "It is the third time I order, do I get a discount?",
    "HELP PLEASE",
    "Order ABC-123 and DEF-456, SKU XYZ",
    "Hello!!!",
    "My lawyer friend recommended you, do you ship to Spain?",
    "Still waiting for the mail with the reset link",
    'The label says "this is unacceptable", what does it mean?',
    "> This is ridiculous!!!\nWhat did I mean by that?",
    "WHERE IS MY ORDER",
    "Mein Paket ist immer noch nicht da",
    "Es reicht mir, wenn es nächste Woche kommt",
    "Ich bin nicht sauer, nur neugierig",
    "Ich bestelle zum dritten Mal, gibt es Rabatt?",
    "Ich habe eine Beschwerde zur Lieferung",
    "Ist das eine echte E-Mail von euch oder Betrug?",
    "Das Kabel ist verdammt kurz, gibt es ein längeres?",
]


@pytest.mark.parametrize("text", UPSET)
async def test_who_is_upset_is_heard(text: str) -> None:
    mood = await RuledMoods().mood(text)
    assert mood is not None
    assert mood.label == "upset"
    assert mood.score
    assert 0.5 < mood.score < 1


@pytest.mark.parametrize("text", CALM)
async def test_who_only_has_a_problem_is_not_called_upset(text: str) -> None:
    mood = await RuledMoods().mood(text)
    assert mood is not None
    assert mood.label != "upset"


@pytest.mark.parametrize("text", ["Thank you so much!", "It works now", "Vielen Dank!", "Super!"])
async def test_who_is_content_is_heard(text: str) -> None:
    mood = await RuledMoods().mood(text)
    assert mood is not None
    assert mood.label == "content"


@pytest.mark.parametrize("text", ["I am angry. " * 2000, "a" * 20_000, "not " * 9000, "!" * 9000])
async def test_the_longest_message_is_read_in_no_time(text: str) -> None:
    await RuledMoods().mood(text)
    await RuledLanguages().language(text)
    await RuledFacts().facts(text, DEFAULT)


# --- Languages --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where is my order?", "en"),
        ("Wo bleibt mein Paket?", "de"),
        ("Où est ma commande ?", "fr"),
        ("¿Dónde está mi pedido?", "es"),
        ("Dov'è il mio ordine?", "it"),
        ("Onde está o meu pedido?", "pt"),
        ("Waar is mijn bestelling?", "nl"),
        ("Gdzie jest moje zamówienie?", "pl"),
        ("Var är min beställning?", "sv"),
        ("注文はどこですか", "ja"),
        ("返品の可否", "ja"),
        ("Do you have the ノート case in blue, and what does it cost?", "en"),
        ("Where is mу оrder? I have been waiting for іt", "en"),
        ("我的订单在哪里", "zh"),
        ("Где мой заказ?", "ru"),
        ("Де моє замовлення?", "uk"),
        ("أين طلبي؟", "ar"),
        ("Πού είναι η παραγγελία μου;", "el"),
    ],
)
async def test_a_language_is_heard_in_a_few_words(text: str, language: str) -> None:
    heard = await RuledLanguages().language(text)
    assert heard is not None
    assert heard.language == language


@pytest.mark.parametrize("text", ["", "#10293", "ada@x.example", "https://x.example/de", "ok"])
async def test_what_is_of_no_language_has_none(text: str) -> None:
    assert await RuledLanguages().language(text) is None


async def test_one_word_is_less_sure_than_a_sentence() -> None:
    languages = RuledLanguages()
    word = await languages.language("danke")
    sentence = await languages.language("Danke, ich warte noch auf die Lieferung")
    assert word is not None
    assert sentence is not None
    assert (word.score or 0) < 0.8 < (sentence.score or 0)


async def test_only_the_languages_of_the_settings_are_heard() -> None:
    languages = RuledLanguages(among=("en", "de-AT"))
    assert await languages.language("Où est ma commande ?") is None
    heard = await languages.language("Wo ist meine Bestellung?")
    assert heard is not None
    assert heard.language == "de"
    assert await languages.language("注文はどこですか") is None


# --- Topics -----------------------------------------------------------------------------------

LABELS = {
    "delivery": "Where is my parcel, how long does shipping take, delays",
    "returns": "Send something back, refunds",
    "account": "Password, sign in, e-mail address",
}


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("My parcels are delayed", "delivery"),
        ("I am returning the lamp", "returns"),
        ("can't sign in", "account"),
    ],
)
async def test_a_topic_is_found_by_the_stems_of_its_words(text: str, topic: str) -> None:
    found = await RuledTopics(terms=Terms("english")).topic(text, LABELS)
    assert found is not None
    assert (found.label, found.score) == (topic, 1.0)


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("How long does a refund take?", "returns"),
        ("I need a new password", "account"),
        ("What does it cost?", "prices"),
    ],
)
async def test_what_only_frames_or_measures_decides_no_topic_against_a_word(
    text: str, topic: str
) -> None:
    labels = LABELS | {"account": "Password", "prices": "What it costs", "help": "I need advice"}
    found = await RuledTopics(terms=Terms("english")).topic(text, labels)
    assert found is not None
    assert found.label == topic


async def test_a_topic_of_measuring_words_alone_is_not_sure() -> None:
    found = await RuledTopics(terms=Terms("english")).topic("How long does it take?", LABELS)
    assert found is not None
    assert (found.label, found.score) == ("delivery", 0.5)


@pytest.mark.parametrize("text", ["Hello", "Do you have green ones?", "parcel password"])
async def test_what_fits_no_topic_or_two_alike_has_none(text: str) -> None:
    assert await RuledTopics(terms=Terms("english")).topic(text, LABELS) is None


# --- Facts ------------------------------------------------------------------------------------


async def test_facts_are_found_by_the_forms_of_their_schema() -> None:
    text = "I'm ada@x.example. Not order A-10293 but #B-77 please."
    assert await RuledFacts().facts(text, DEFAULT) == {"order": "#B-77", "email": "ada@x.example"}


async def test_a_schema_of_ones_own_says_what_is_looked_for() -> None:
    schema: Mapping[str, Json] = {
        "properties": {
            "size": {"enum": ["S", "M", "XL"]},
            "booking": {"type": "string", "pattern": "^BK[0-9]{4}$"},
            "day": {"type": "string", "format": "date"},
            "name": {"type": "string"},
        }
    }
    text = "Booking BK1234, 2026-11-22, size m or xl, not BK12345. Regards, Ada"
    found = await RuledFacts().facts(text, schema)
    assert found == {"size": "XL", "booking": "BK1234", "day": "2026-11-22"}


@pytest.mark.parametrize(
    ("form", "text", "found"),
    [
        ({"pattern": "^(BK|AX)[0-9]{4}$"}, "Booking AX1234, please", "AX1234"),
        ({"pattern": "^BK-([0-9]{4})$"}, "Booking BK-1234, please", "BK-1234"),
        ({"format": "date"}, "On 2026-11-22, part 2026-13-40", "2026-11-22"),
    ],
)
async def test_what_is_found_has_the_whole_form(
    form: Mapping[str, Json], text: str, found: str
) -> None:
    schema: Mapping[str, Json] = {"properties": {"it": {"type": "string", **form}}}
    assert await RuledFacts().facts(text, schema) == {"it": found}
    assert Schema(schema).proven({"it": found}) == {"it": found}


async def test_what_has_no_form_is_not_guessed() -> None:
    assert await RuledFacts().facts("I am Ada and want 3 lamps", DEFAULT) == {}


async def test_a_long_word_is_no_long_work() -> None:
    started = time.process_time()
    for _ in range(200):
        await RuledLanguages().language("\u5ba2" * 1000 + "<" * 1000)
        await RuledLanguages().language("a" * 2000)
    assert time.process_time() - started < 5  # it took half a minute once
