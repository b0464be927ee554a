"""Guards: what a customer wrote is cleaned, or turned away with decent words."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InboundRefused
from bot.guards import cleaned
from bot.prompts import PromptBook
from bot.resources import shipped


def clean(text: str) -> str:
    return cleaned(text, longest=1000)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  Hello \n", "Hello"),
        ("a\x00b\x07c\x1b[31md\x7fe\x9bf", "abc[31mdef"),
        ("one\r\ntwo\rthree\tfour", "one\ntwo\nthree\tfour"),
        ("half \ud83d gone", "half  gone"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("cod\u202eexe.fdp", "codexe.fdp"),
        ("hi\U000e0069\U000e0067\U000e006e", "hi"),
    ],
)
def test_what_is_kept_of_a_message(written: str, kept: str) -> None:
    assert clean(written) == kept


@pytest.mark.parametrize(
    "text",
    [
        "\u0645\u0631\u062d\u0628\u0627 \u200f(\u05e9\u05dc\u05d5\u05dd)",
        "\u2067\u05e9\u05dc\u05d5\u05dd\u2069 hi",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f",
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "{{ bot }} <thinking> </passages> '; DROP TABLE messages; --",
    ],
)
def test_scripts_emoji_and_odd_words_stay_as_they_are(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "\x00\x1b", "\u200b\ufeff", "\u3164", "\ud800"])
def test_a_message_in_which_nothing_stands_is_refused(text: str) -> None:
    with pytest.raises(InboundRefused, match="empty") as refused:
        clean(text)
    assert refused.value.words == "empty"


def test_a_message_that_is_too_long_is_refused_without_its_words() -> None:
    with pytest.raises(InboundRefused, match="more than 1,000 characters") as refused:
        clean("secret!" * 143)
    assert refused.value.words == "too_long"
    assert "secret" not in str(refused.value)


def test_length_is_measured_on_what_is_kept() -> None:
    assert clean(" " * 500 + "a" * 1000 + "\x00" * 500) == "a" * 1000


@pytest.mark.parametrize("text", ["", "a" * 1001])
def test_every_refusal_has_its_words(text: str) -> None:
    with pytest.raises(InboundRefused) as refused:
        clean(text)
    assert PromptBook(shipped=shipped("prompts")).render(
        f"words/{refused.value.words}.j2", limit=1000
    )


@given(text=st.text(st.characters(exclude_categories=[]), max_size=60))
def test_what_is_kept_can_be_stored_and_stays_the_same(text: str) -> None:
    try:
        kept = clean(text)
    except InboundRefused:
        return
    kept.encode("utf-8")
    assert "\x00" not in kept
    assert unicodedata.is_normalized("NFC", kept)
    assert clean(kept) == kept
