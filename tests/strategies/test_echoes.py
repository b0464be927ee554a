"""Echoes: what was thought is withheld, and everything else goes through unchanged."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.strategies import Echoes

CHINESE = "\u987e\u5ba2\u5f88\u751f\u6c14\uff0c\u4e0d\u8981\u544a\u8bc9\u4ed6\u8fd9\u4e2a"
THAI = "\u0e25\u0e39\u0e01\u0e04\u0e49\u0e32\u0e42\u0e01\u0e23\u0e18\u0e21\u0e32\u0e01"
THOUGHT = "The customer wants to send back a lamp and passage one says that thirty days are enough"


def heard(echoes: Echoes, *pieces: str) -> str:
    return "".join(map(echoes.feed, pieces)) + echoes.close()


@pytest.mark.parametrize(
    ("hidden", "said"),
    [
        (THOUGHT, f"Well: {THOUGHT}."),
        (THOUGHT, THOUGHT.upper().replace(" ", "\n")),
        (THOUGHT, " ".join(THOUGHT.split()[3:])),
        ("Offer a new lamp", "I thought: offer *a* new -- lamp!"),
        ("must_not_promise", '{"must_not_promise": 1}'),
        (CHINESE, f"OK\uff0c{CHINESE}\u3002"),
        (4 * CHINESE, 2 * CHINESE),
        (f"{CHINESE} (ask)", f"{CHINESE}(ask)"),
        (THAI, f"{THAI}{THAI}"),
    ],
)
def test_what_was_thought_is_withheld(hidden: str, said: str) -> None:
    for pieces in ([said], list(said)):
        echoes = Echoes([hidden])
        shown = heard(echoes, *pieces)
        assert echoes.found
        assert said not in shown


@pytest.mark.parametrize(
    "said",
    [
        "You have thirty days.",
        " ".join(THOUGHT.split()[:11]) + ".",
        "lamp lamp lamp",
        CHINESE,
        "",
        "\n \u2620",
    ],
)
def test_what_is_said_in_other_words_goes_through(said: str) -> None:
    echoes = Echoes([THOUGHT, "a lamp", CHINESE[:5]])
    assert heard(echoes, *said) == said
    assert not echoes.found


def test_what_the_customer_may_read_may_be_said() -> None:
    echoes = Echoes([THOUGHT], known=[f"# Lamps\n{THOUGHT}!"])
    assert heard(echoes, THOUGHT) == THOUGHT


def test_text_is_held_back_only_where_it_may_become_a_repetition() -> None:
    echoes = Echoes(["red green blue white"])
    assert [echoes.feed(piece) for piece in ("Yes, ", "red ", "green ", "is fine", " so")] == [
        "Yes, ",
        "",
        "",
        "red green is ",
        "fine ",
    ]
    assert echoes.close() == "so"


WORDS = st.lists(st.sampled_from(["a", "b", "c", " ", "  ", "\n", "-", "d_e"]), max_size=40)


@given(text=WORDS.map("".join), thought=WORDS.map("".join), places=st.lists(st.integers(0, 80)))
def test_the_outcome_is_the_same_however_a_text_is_cut(
    text: str, thought: str, places: list[int]
) -> None:
    ends = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    whole, cut = Echoes([thought]), Echoes([thought])
    shown = heard(whole, text)
    assert (heard(cut, *(text[at:end] for at, end in pairwise(ends))), cut.found) >= ("", False)
    assert cut.found == whole.found
    assert whole.found or shown == text
