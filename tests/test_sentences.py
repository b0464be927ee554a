"""Sentences to translate: what goes to a translator, and what stays as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.tasks.models.sentences import bare, rebuilt, translated


def _shouted(markdown: str) -> str:
    return rebuilt(markdown, str.upper)


@pytest.mark.parametrize(
    ("markdown", "sentences"),
    [
        ("One thing. Another one!", ["One thing.", "Another one!"]),
        ("It takes 3 days [1]. It is free. [2]", ["It takes 3 days.", "It is free."]),
        ("> A quote [1]\n\n- an item\n2. a step", ["A quote", "an item", "a step"]),
        ("## A heading\n\n| a | b |\n|---|---|\n| one | 2 |", ["A heading", "a", "b", "one"]),
        ("See [our page](help.md) for *all* of it.", ["See our page for all of it."]),
        ("Write to help@example.com or www.example.com.", ["Write to", "or"]),
        (
            "A sentence that runs\non here. And ends.",
            ["A sentence that runs on here.", "And ends."],
        ),
        ("Use `bot chat`\n```\nbot serve\n```\nDone.", ["Use", "Done."]),
        ("At about 5 p.m. we close.", ["At about 5 p.m. we close."]),
        ("营业时间是九点。请写信。", ["营业时间是九点。", "请写信。"]),
        ("4,90 €\n\n[1]\n\n???", []),
    ],
)
def test_only_bare_sentences_are_translated(markdown: str, sentences: list[str]) -> None:
    found = bare(markdown)
    assert [each for each in found if each not in {"our page", "all"}] == sentences


@pytest.mark.parametrize(
    ("markdown", "there"),
    [
        ("it takes 3 days [1].", "IT TAKES 3 DAYS [1]."),
        ("it is free. [2]", "IT IS FREE. [2]"),
        ("days [1], and euros [2]", "DAYS, AND EUROS [1] [2]"),
        ("> see [our page](help.md) now", "> SEE [OUR PAGE](help.md) NOW"),
        ("it is **new** here", "IT IS **NEW** HERE"),
        ("at [www.a.example](https://a.example)", "AT [www.a.example](https://a.example)"),
        ("ask [me@a.example](mailto:me@a.example)!", "ASK [me@a.example](mailto:me@a.example)!"),
        ("ask help@example.com today", "ASK help@example.com TODAY"),
        ("use `bot chat` here", "USE `bot chat` HERE"),
        ("```\nbot chat\n```\nthere", "```\nbot chat\n```\nTHERE"),
        ("| a | b |\n|---|---|\n| one | 2 |", "| A | B |\n|---|---|\n| ONE | 2 |"),
        ("  - a\n\n  - b\n", "  - A\n\n  - B\n"),
    ],
)
def test_what_is_no_sentence_stays(markdown: str, there: str) -> None:
    assert _shouted(markdown) == there


def test_a_link_whose_words_went_nowhere_follows() -> None:
    known = {"See our page.": "Mira nuestra página.", "our page": "nuestro sitio"}
    there = translated("See [our page](help.md). [1]", known)
    assert there == "Mira nuestra página. ([nuestro sitio](help.md)) [1]"


def test_emphasis_whose_words_went_nowhere_is_left_out() -> None:
    known = {"It is new.": "Es nuevo.", "new": "nueva"}
    assert translated("It is **new**.", known) == "Es nuevo."


@given(st.text(alphabet="ab. \n[1]()*_`>|-#!@:/é\ue000\ue001", max_size=120))
def test_nothing_but_the_sentences_changes(markdown: str) -> None:
    same = rebuilt(markdown, lambda sentence: sentence)
    for sign in ("`", "[", "]"):
        assert same.count(sign) == markdown.count(sign)
    assert "\ue000" not in same
