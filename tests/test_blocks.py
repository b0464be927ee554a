"""Markdown that is still being written is cut into its blocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.blocks import Blocks

LINES = st.sampled_from(
    [
        "",
        "  ",
        "words",
        "- item",
        "2. item",
        "  more",
        "```",
        "```python",
        "~~~",
        "# Title",
        "| a |",
    ]
)
TEXTS = st.lists(LINES, max_size=12).map("\n".join)


def cut(*pieces: str) -> list[str]:
    blocks = Blocks()
    finished = [block for piece in pieces for block in blocks.feed(piece)]
    return [*finished, *blocks.close()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("\n\n", []),
        ("one", ["one"]),
        ("one\ntwo\n\nthree", ["one\ntwo", "three"]),
        ("# Title\nwords", ["# Title", "words"]),
        ("words\n# Title", ["words", "# Title"]),
        ("1. a\n2. b\n\nwords", ["1. a\n2. b", "words"]),
        ("- a\n\n  more of a\n- b", ["- a\n\n  more of a\n- b"]),
        ("- a\n\n- b", ["- a", "- b"]),
        ("```\na\n\nb\n```\nwords", ["```\na\n\nb\n```", "words"]),
        ("words\n```\na\n```", ["words", "```\na\n```"]),
        ("````\n```\n````", ["````\n```\n````"]),
        ("```\nnever ended\n\n# not a title", ["```\nnever ended\n\n# not a title"]),
        ("#hashtag\nwords", ["#hashtag\nwords"]),
    ],
)
def test_blocks_are_cut_where_they_end(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


def test_a_block_is_finished_as_soon_as_it_ends() -> None:
    blocks = Blocks()
    assert blocks.feed("one\ntwo") == []
    assert blocks.open == "one\ntwo"
    assert blocks.feed("\n\nth") == ["one\ntwo"]
    assert blocks.open == "th"


@given(TEXTS, st.integers(1, 5))
def test_the_cuts_of_the_stream_do_not_matter(text: str, size: int) -> None:
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    assert cut(*pieces) == cut(text)


@given(TEXTS)
def test_no_words_are_lost(text: str) -> None:
    assert "".join("".join(cut(text)).split()) == "".join(text.split())
