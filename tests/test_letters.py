"""Tokens become text as they come: no half characters, no stop, nothing later than it must be."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.local.letters import Letters, Stops

EMOJI = "Parcels 📦 arrive; naïve customers 👩‍🚀 write in 日本語, or عربى."


def decode(tokens: object) -> str:
    """Read tokens that are bytes: the worst that a tokenizer does to a character."""
    assert isinstance(tokens, list)
    return bytes(tokens).decode(errors="replace")


def pieces(text: str) -> list[str]:
    letters = Letters(decode)
    return [*(letters.add(token) for token in text.encode()), letters.close()]


def test_a_character_in_four_tokens_comes_as_one() -> None:
    assert pieces("a📦b") == ["a", "", "", "", "📦", "b", ""]


@given(st.text())
def test_no_piece_holds_a_broken_character_and_together_they_are_the_text(text: str) -> None:
    found = pieces(text)
    assert "".join(found) == text
    assert "\ufffd" in text or not any("\ufffd" in piece for piece in found)


def test_every_character_comes_with_its_last_token() -> None:
    letters = Letters(decode)
    for character in EMOJI:
        *first, last = character.encode()
        assert [letters.add(token) for token in first] == [""] * len(first)
        assert letters.add(last) == character


def test_half_a_character_at_the_end_is_not_shown() -> None:
    letters = Letters(decode)
    shown = "".join(letters.add(token) for token in "Hi 📦".encode()[:-1])
    assert shown + letters.close() == "Hi "


def test_a_token_without_text_takes_no_blank_from_the_next_word() -> None:
    words = {1: "▁Hello", 2: "", 3: "▁world", 4: "."}  # as SentencePiece and Llama 2 write them

    def spaced(tokens: Sequence[int]) -> str:
        return "".join(words[token] for token in tokens).replace("▁", " ").removeprefix(" ")

    letters = Letters(spaced)
    shown = "".join(letters.add(token) for token in (1, 2, 2, 3, 2, 3, 4))
    assert shown + letters.close() == "Hello world world."


def test_what_will_never_be_a_character_holds_nothing_back_for_ever() -> None:
    letters = Letters(decode)
    shown = "".join(letters.add(token) for token in [0xFF] * 20 + list(b"after"))
    assert shown.endswith("after")


@given(text=st.text("ab\n:", max_size=30), cuts=st.lists(st.integers(1, 5), max_size=30))
def test_an_answer_ends_before_its_first_stop_however_it_is_cut(text: str, cuts: list[int]) -> None:
    wanted = min((text.partition(stop)[0] for stop in ("\na:", "bb")), key=len)
    stops, shown = Stops(["\na:", "bb"]), ""
    for cut in [*cuts, len(text)]:
        shown += stops.add(text[:cut])
        text = text[cut:]
        if stops.reached:
            break
    assert shown + stops.close() == wanted


@pytest.mark.parametrize("stops", [(), ("",)])
def test_without_stops_nothing_is_held_back(stops: tuple[str, ...]) -> None:
    assert Stops(stops).add("\n") == "\n"
