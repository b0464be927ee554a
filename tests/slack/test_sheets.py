"""An answer becomes messages: nothing is lost, nothing is broken, whatever is cut where."""

from typing import Protocol

import pytest

from channels.slack.outline import Kind, Outline
from channels.slack.sheets import Sheets, pages
from channels.slack.wording import weight


def streamed(text: str, *, piece: int = 4, longest: int = 10_500) -> list[str]:
    """Return the messages of an answer that comes in pieces."""
    sheets = Sheets(longest=longest)
    found, page = [], ""
    for start in range(0, len(text), piece):
        sheets.add(text[start : start + piece])
        page += sheets.take()
        while sheets.full:
            found.append(page + sheets.turn())
            page = sheets.take()
    page += sheets.take(final=True)
    while sheets.full:
        found.append(page + sheets.turn())
        page = sheets.take(final=True)
    return [*found, page] if page.strip() else found


class Cut(Protocol):
    def __call__(self, text: str, *, longest: int) -> list[str]: ...


CODE = "```python\n" + "print('a line of code')\n" * 100 + "```"
ROWS = "".join(f"| {number} | the row |\n" for number in range(100))
TABLE = "| # | what |\n|---|---|\n" + ROWS


def test_what_fits_is_one_message() -> None:
    text = "# Title\n\nSome *words*.\n\n- one\n- two\n\n" + CODE + "\n\n" + TABLE
    assert pages(text) == [text]
    assert streamed(text) == [text]


@pytest.mark.parametrize("cut", [pages, streamed])
def test_a_fence_is_closed_and_opened_again(cut: Cut) -> None:
    first, *others = cut(CODE, longest=1000)
    assert len(others) > 1
    assert first.endswith("\n```")
    for page in others:
        assert page.startswith("```python\nprint(")
        assert page.endswith("\n```")
        assert weight(page) <= 1000


@pytest.mark.parametrize("cut", [pages, streamed])
def test_a_table_goes_on_with_its_header(cut: Cut) -> None:
    first, *others = cut(TABLE, longest=1000)
    assert others
    for page in others:
        assert page.startswith("| # | what |\n|---|---|\n| ")
    rows = [row for page in (first, *others) for row in page.split("\n") if "row" in row]
    assert rows == ROWS.rstrip().split("\n")


def test_text_is_let_through_at_once() -> None:
    sheets = Sheets()
    sheets.add("Open the sign")
    assert sheets.take() == "Open the sign"
    sheets.add("-in page <")
    assert sheets.take() == "-in page "
    sheets.add("b>\n\nThen")
    assert sheets.take() == "<b>\n\nThen"


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("<!channel> <@U1> <#C1>", "<\u2060!channel> <\u2060@U1> <\u2060#C1>"),
        ("a\x00b\x1b[0mc\r\nd", "ab[0mc\nd"),
        ("\ud83d\ude42 \ud83d", "🙂 \ufffd"),
        ("a < b", "a < b"),
        ("<", "<"),
    ],
)
def test_nothing_that_slack_obeys_is_sent(text: str, harmless: str) -> None:
    assert pages(text) == [harmless]
    assert streamed(text, piece=1) == [harmless]


def test_a_line_that_begins_with_an_odd_space_stays_one_line() -> None:
    text = "```\n\u00a0 0\n```"
    assert streamed(text, piece=1) == pages(text) == [text]


@pytest.mark.parametrize("mark", ["- ", "* ", "10. ", "1) "])
def test_code_in_a_list_is_code_however_it_comes(mark: str) -> None:
    inner = " " * len(mark)
    code = f"{mark}```python\n" + f"{inner}print('a line of code')\n" * 100 + f"{inner}```"
    found = streamed(code, piece=1, longest=1000)
    assert len(found) > 1
    for page in found:
        assert page.count("```python\nprint(" if page is not found[0] else mark + "```python") == 1
        assert page.rstrip().endswith("```")
        assert weight(page) <= 1000
    assert found == streamed(code, piece=300, longest=1000)


def test_a_line_of_which_nothing_has_room_moves_whole() -> None:
    link = "[here](https://shop.example/" + "p" * 300 + ")"
    text = "1. " + "word " * 359 + "\n   " + link
    _, second, third = streamed(text, longest=1000)
    assert second.rstrip().endswith("word")
    assert third == link


def test_a_paragraph_that_goes_on_outdented_keeps_its_list_open() -> None:
    outline = Outline()
    for line in ["- 10.    words", "       more words", "      and more"]:
        outline.take(line)
    assert outline.look("         ```").kind is Kind.FENCE


def test_an_empty_answer_is_no_message() -> None:
    assert pages(" \n\n") == []
    assert streamed(" \n\n") == []
