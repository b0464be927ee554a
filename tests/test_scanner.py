"""The scanner: the same tokens, however the text is cut."""

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.scanner import Part, Scanner

PAIR = re.compile(r"(?<!x)ab+c")
PAIR_BEGINS = re.compile(r"(?<!x)ab*\Z")
PLAIN = re.compile("[^a]+")


def scanner(plain: re.Pattern[str] = PLAIN) -> Scanner:
    return Scanner(token=PAIR, beginning=PAIR_BEGINS, longest=50, plain=plain)


def marked(part: Part) -> str:
    return part if isinstance(part, str) else f"[{part[0]}]"


@given(pieces=st.lists(st.text("abcx", max_size=4), max_size=9))
def test_the_tokens_are_the_same_however_the_text_is_cut(pieces: list[str]) -> None:
    cutter = scanner()
    parts = [part for piece in pieces for part in cutter.feed(piece)]
    found = "".join(marked(part) for part in [*parts, *cutter.close()])
    assert found == PAIR.sub(r"[\g<0>]", "".join(pieces))


@given(pieces=st.lists(st.text("abcx", max_size=4), max_size=9))
def test_what_is_plain_is_passed_over_and_nothing_else(pieces: list[str]) -> None:
    quick, slow = scanner(), scanner(plain=re.compile("(?!)"))
    for piece in pieces:
        assert [*map(marked, quick.feed(piece))] == [*map(marked, slow.feed(piece))]
    assert [*map(marked, quick.close())] == [*map(marked, slow.close())]


def test_only_what_may_become_a_token_is_held_back() -> None:
    cutter = scanner()
    assert cutter.feed("hello a") == ["hello "]
    assert cutter.feed("nd ab") == ["and "]
    assert [marked(part) for part in cutter.feed("bc.")] == ["[abbc]", "."]
    assert cutter.feed("a") == []
    assert cutter.close() == ["a"]
