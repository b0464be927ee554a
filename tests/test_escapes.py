"""Nothing that a model writes can steer the terminal."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.terminal.escapes import harmless

ATTACKS = [
    "\x1b[2J",  # clears the screen
    "\x1b[31;1m",  # colours
    "\x1b[10A\x1b[K",  # overwrites what stands above
    "\x1b]0;title\x07",
    "\x1b]8;;https://evil.example\x1b\\",  # a link that shows another address
    "\x1b]52;c;cm0gLXJmIC8=\x07",  # writes the clipboard
    '\x1bP$q"p\x1b\\',  # DCS: asks the terminal to type an answer
    "\x1b_G payload\x1b\\",
    "\x1b^private\x1b\\",
    "\x1bXstring\x1b\\",
    "\x1bc",  # resets the terminal
    "\x1b(0",  # another character set
    "\x9b2J",
    "\x9d52;c;cm0=\x9c",
    "\x90q\x9c",
    "\x07",
    "\b\b\b",
    "\r",
    "\x0b\x0c",
    "\x7f",
    "\x00",
    "\u202e",  # the rest runs backwards
    "\u2066\u2067\u2068\u2069",
    "\x1b\x1b[2J",
    "\x1b[",
    "\x1b]52;c;never-ended",
    "\x1b[1;\x1b[2J",
    "\ud800",
]
PIECES = st.one_of(
    st.sampled_from([*ATTACKS, "\x1b", "[", "]", "2J", ";", "\\"]), st.text(max_size=5)
)


def obeyed(text: str) -> list[str]:
    bidi = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return [
        character
        for character in text
        if (unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\t")
        or unicodedata.bidirectional(character) in bidi
    ]


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_reaches_the_terminal(attack: str) -> None:
    shown = harmless(f"before{attack} and after")
    assert not obeyed(shown)
    assert shown.startswith("before")
    assert shown.endswith("nd after")  # an unended sequence takes a letter with it


@pytest.mark.parametrize("attack", ATTACKS[:12])
def test_a_whole_sequence_leaves_nothing_behind(attack: str) -> None:
    assert harmless(f"before{attack}after") == "beforeafter"


@given(st.lists(PIECES).map("".join))
def test_whatever_is_put_together_steers_nothing(text: str) -> None:
    assert not obeyed(harmless(text))


@given(st.lists(PIECES).map("".join))
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    assert harmless(harmless(text)) == harmless(text)


@pytest.mark.parametrize(
    "text",
    [
        "two\nlines\tand a tab",
        "שלום, مرحبا",
        "👩‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿 e\u0301",
        "a[0] ]8; \\x1b",
        "naïve — “quoted”",
    ],
)
def test_decent_text_is_untouched(text: str) -> None:
    assert harmless(text) == text


def test_line_ends_of_other_systems_are_line_ends() -> None:
    assert harmless("a\r\nb\u2028c") == "a\nb\nc"
