"""Articles are cut between what belongs together, and nothing is lost on the way."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.knowledge.cutter import ABSURD, LONGEST, cut, pieces

WORDS = st.lists(
    st.sampled_from(["key", "lock,", "door.", "Größe!", "鍵", "3.5", "*bold*", "`code`"])
)
SENTENCES = WORDS.map(" ".join)
PARAGRAPHS = st.lists(SENTENCES, min_size=1, max_size=12).map("\n".join)
FENCES = st.tuples(st.sampled_from(["```", "~~~~", "  ```"]), st.lists(SENTENCES, max_size=40)).map(
    lambda parts: f"{parts[0]}\n" + "\n".join(["", *parts[1]]) + f"\n{parts[0]}"
)
LISTS = st.lists(PARAGRAPHS, min_size=1, max_size=30).map(
    lambda items: "\n".join("- " + item.replace("\n", "\n  ") for item in items)
)
TABLES = st.lists(SENTENCES, max_size=60).map(
    lambda rows: "| A |\n| --- |\n" + "\n".join(f"| {row} |" for row in rows)
)
ARTICLES = st.lists(PARAGRAPHS | FENCES | LISTS | TABLES, max_size=12).map("\n\n".join)


@given(ARTICLES)
def test_pieces_are_the_whole_text(text: str) -> None:
    assert "".join(piece.text for piece in pieces(text)) == text


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=4000))
def test_pieces_of_anything_are_the_whole_text(text: str) -> None:
    assert "".join(piece.text for piece in pieces(text)) == text


@given(ARTICLES)
def test_no_word_is_lost(text: str) -> None:
    kept = " ".join(cut(text)).split()
    lost = [word for word in text.split() if word not in set(kept)]
    assert not lost
    assert len(kept) >= len(text.split())


@given(ARTICLES)
def test_parts_are_of_a_bearable_length(text: str) -> None:
    longest = max((len(fence) for fence in re.findall(r"(?ms)^ *(?:```|~~~).*", text)), default=0)
    for part in cut(text):
        assert len(part) <= LONGEST + longest + len("| A |\n| --- |\n")


@settings(max_examples=50)
@given(st.lists(PARAGRAPHS, max_size=8), st.integers(min_value=1, max_value=120))
def test_a_block_of_code_is_never_split(around: list[str], lines: int) -> None:
    code = "```python\n" + "print('a line of code')\n\n" * lines + "```"
    parts = cut("\n\n".join([*around, code, *around]))
    assert len(code) <= ABSURD
    assert sum(code in part for part in parts) == 1


def test_a_short_text_is_one_part() -> None:
    text = "One.\n\n- two\n- three\n\n```\nfour\n```"
    assert cut(text) == [text]


def test_parts_are_of_about_the_same_length() -> None:
    parts = cut("\n\n".join(["A sentence of some words. " * 8] * 9))
    assert len(parts) == 2
    assert min(map(len, parts)) > 700


def test_a_list_is_cut_between_its_items() -> None:
    items = [f"- {'word ' * 60}{number}." for number in range(20)]
    for part in cut("\n".join(items)):
        assert all(line in items for line in part.split("\n"))


def test_an_item_with_code_stays_readable_on_its_own() -> None:
    code = "```bash\n" + "make chat\n" * 150 + "```"
    indented = code.replace("\n", "\n   ")
    parts = cut(f"1. First\n\n   {'word ' * 200}\n\n   {indented}\n2. Then")
    assert any(part.startswith(code) for part in parts)


def test_a_table_that_is_cut_repeats_its_header() -> None:
    rows = [f"| {'word ' * 10}{number} | x |" for number in range(80)]
    parts = cut("\n".join(["Prices:", "", "| What | How |", "| --- | --- |", *rows]))
    assert len(parts) > 2
    assert all(part.startswith("| What | How |\n| --- | --- |\n|") for part in parts[1:])


@pytest.mark.parametrize("name", ["column " * 10, "column " * 100, "column " * 10_000])
def test_a_header_that_is_repeated_counts_as_well(name: str) -> None:
    parts = cut("\n".join([f"| {name}| How |", "| --- | --- |", *["| one | two |"] * 1000]))
    assert max(map(len, parts)) <= LONGEST
    assert sum(map(len, parts)) < 2 * len(name) + 40_000


def test_an_announcement_stays_with_what_it_announces() -> None:
    code = "```\n" + "make chat\n" * 100 + "```"
    parts = cut(f"{'Word. ' * 200}\n\nRun this:\n\n{code}")
    assert parts[-1].startswith("Run this:")


def test_one_line_without_an_end_is_cut_between_words() -> None:
    parts = cut("word " * 10_000)
    assert all(len(part) <= LONGEST and part.split()[-1] == "word" for part in parts)


def test_one_word_without_an_end_is_cut_anyway() -> None:
    assert max(map(len, cut("x" * 10_000))) <= LONGEST


def test_code_beyond_all_measure_is_cut() -> None:
    assert max(map(len, cut("```\n" + "make chat\n" * 5_000 + "```"))) <= ABSURD
