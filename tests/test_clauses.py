"""A message is taken apart into its questions; what is said around them stays aside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.knowledge.clauses import clauses
from bot.knowledge.terms import Terms

ENGLISH = Terms("english")
REFUND = "How long does a refund take?"


def asked(message: str) -> list[str]:
    return list(clauses(message, terms=ENGLISH))


@pytest.mark.parametrize(
    "message",
    [
        REFUND,
        f"This is outrageous! {REFUND}",
        f"Unbelievable!! {REFUND}",
        f"{REFUND} You should be ashamed of yourselves.",
        f"Are you kidding me? {REFUND}",
        f"What is wrong with you people? {REFUND}",
        f"How dare you. {REFUND} What a shame of a company!",
        f"Hi there, I hope you are well. My name is Jane. {REFUND} Thanks a lot, best regards",
        f"Hey guys, quick question: {REFUND} Can you help me with that?",
        f"Hello dear team,\n\n{REFUND}\n\nKind regards,\nPeter",
        f"so i sent my shoes back last week\n{REFUND}",
        f'"I am at no. 5, St. James, e.g. at home." {REFUND}',
    ],
)
def test_what_is_said_around_a_question_stays_aside(message: str) -> None:
    assert asked(message) == [REFUND]


@pytest.mark.parametrize(
    "question",
    [
        "Is there a warranty on jackets?",
        "Would it be possible to change my address?",
        "Do you accept Visa or PayPal?",
    ],
)
def test_not_every_small_word_leans(question: str) -> None:
    assert asked(f"I bought a tent in May. {question}") == [question]


@pytest.mark.parametrize(
    ("message", "questions"),
    [
        ("this is a joke. how do exchanges work", ["how do exchanges work"]),
        ("when can i call. seriously", ["when can i call."]),
        ("I am angry. do you ship to Canada", ["do you ship to Canada"]),
        (
            "How do I wash a coat, and when do my points expire? I love it.",
            ["How do I wash a coat", "when do my points expire?"],
        ),
        (
            "How do I wash a coat? And when do my points expire?",
            ["How do I wash a coat?", "when do my points expire?"],
        ),
        (
            "I was sent 2 coats. Do you sell hats? Is shipping free?",
            ["Do you sell hats?", "Is shipping free?"],
        ),
    ],
)
def test_each_question_is_one_with_or_without_its_mark(message: str, questions: list[str]) -> None:
    assert asked(message) == questions


@pytest.mark.parametrize(
    ("message", "questions"),
    [
        (
            "Thanks! I bought a tent. Can I return it?",
            ["Thanks! I bought a tent. Can I return it?"],
        ),
        ("I bought a tent. Can I return it? Bye, Bob", ["I bought a tent. Can I return it?"]),
        (
            "How do I wash a coat? I bought a tent too. Can I return it?",
            ["How do I wash a coat?", "I bought a tent too. Can I return it?"],
        ),
    ],
)
def test_a_question_that_leans_brings_what_is_said_before_it(
    message: str, questions: list[str]
) -> None:
    assert asked(message) == questions


@pytest.mark.parametrize(
    "message",
    [
        "I want my money back!",
        "My zip broke after a week. What can I do?",
        "I was charged twice! What is going on? Can you help me?",
        "See https://shop.example/?order=1 for what I mean. It broke.",
        "Was a shame. May be late.",
        "",
    ],
)
def test_a_message_whose_questions_say_nothing_stays_whole(message: str) -> None:
    assert asked(message) == [message]


@pytest.mark.parametrize(
    ("language", "message", "question"),
    [
        ("german", "Das ist eine Frechheit! Wie lange dauert die Erstattung?", "Wie lange dauert "),
        ("french", "C'est une honte ! Quels sont vos horaires de samedi ? Merci", "Quels sont vos"),
        ("spanish", "Estoy furioso. ¿Cuánto tarda un reembolso? Saludos, Ana", "¿Cuánto tarda"),
    ],
)
def test_in_another_language_the_mark_tells_a_question(
    language: str, message: str, question: str
) -> None:
    (found,) = clauses(message, terms=Terms(language))
    assert found.startswith(question)
    assert found.endswith("?")


@given(st.text(st.sampled_from("aH?!.:;,\n \"')\u3002\uff1fhow do i it")))
def test_every_question_stands_in_the_message(message: str) -> None:
    for question in asked(message):
        assert "".join(question.split()) in "".join(message.split())


@pytest.mark.parametrize("sign", ["?", " ", "\n", "a? ", "!) ", "and how ", ". \n", "e.g. "])
def test_the_longest_message_is_taken_apart_in_no_time(sign: str) -> None:
    assert asked(sign * (8_000 // len(sign)))
