"""An answer on a screen: shown while it is written, kept once, whatever becomes of the screen."""

import re
from collections.abc import Sequence
from os import devnull

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.messages import Citation
from channels.terminal.page import PlainPage
from channels.terminal.screen import Screen, open_page
from tests.terminals import Desk, desk

PARAGRAPHS = [
    f"Paragraph {number} has **bold** words and goes on for a while, so that it is broken into "
    f"several lines on most screens; it ends with end{number}."
    for number in range(5)
]
LONG = "\n\n".join([*PARAGRAPHS, "```\ncode\n\nmore\n```", "1. one\n2. two"])
PLAIN = re.sub(r"\*\*|```\n|\n```", "", LONG).replace("1. one\n2. two", "1one2two")
# The smallest holds the few live rows of the largest.
SIZES = st.lists(st.tuples(st.integers(40, 100), st.integers(12, 40)), min_size=1, max_size=8)


def screen(on: Desk, **environment: str) -> Screen:
    return Screen(on.out, environment=environment)


def letters(text: str) -> str:
    return "".join(text.split())


@given(sizes=SIZES, step=st.integers(3, 50))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_nothing_stands_twice_in_a_terminal_that_reflows(
    sizes: Sequence[tuple[int, int]], step: int
) -> None:
    with desk() as on:
        page = screen(on)
        page.begin()
        for number, start in enumerate(range(0, len(LONG), step)):
            if number % 5 == 4:
                columns, lines = sizes[number // 5 % len(sizes)]
                on.resize(columns=columns, lines=lines, reflow=True)
            page.add(LONG[start : start + step])
        page.end()
        assert letters(on.look().text()) == letters(PLAIN)


@given(sizes=SIZES, step=st.integers(3, 50))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_nothing_stands_twice_in_a_terminal_that_keeps_its_rows(
    sizes: Sequence[tuple[int, int]], step: int
) -> None:
    with desk(columns=20) as on:
        page = screen(on, XTERM_VERSION="XTerm(400)")
        page.begin()
        widest = 20  # what is cut off in a narrower one, no program can mend
        for number, start in enumerate(range(0, len(LONG), step)):
            if number % 5 == 4:
                columns, lines = sizes[number // 5 % len(sizes)]
                widest = max(widest, columns)
                on.resize(columns=widest, lines=lines, reflow=False)
            page.add(LONG[start : start + step])
        page.end()
        assert letters(on.look().text()) == letters(PLAIN)


def test_the_latest_words_are_in_sight_while_they_are_written() -> None:
    text = "\n\n".join(PARAGRAPHS).replace("**", "")
    with desk() as on:
        page = screen(on)
        page.begin()
        for end, letter in enumerate(text, 1):
            page.add(letter)
            assert letters(on.look().text()).endswith(letters(text[:end])[-20:])


def test_markdown_is_shown_as_it_is_meant() -> None:
    with desk() as on:
        page = screen(on)
        page.markdown(
            "# Title\n\n**bold** and `code`, [a page](https://shop.example/a_b) for <order-id>\n"
            "on a new line\n\n- one\n- two\n\n| a | b |\n|---|---|\n| c | d |\n"
        )
        text = on.look().text()
    for words in (
        "Title bold and code, a page (https://shop.example/a_b) for <order-id> on a new line",
        "• one • two",
        "c d",
    ):
        assert words in text
    assert "**" not in text


def test_what_was_shown_is_struck_when_it_is_withdrawn() -> None:
    with desk() as on:
        page = screen(on)
        page.begin()
        page.add("Shown.\n\nHalf of")
        page.withdraw()
        page.add("Another.")
        page.end()
        display = on.look()
        assert "Shown. Half of (withdrawn) Another." in display.text()
        assert "\x1b[2;9mHalf of" in display.raw


def test_nothing_is_said_of_a_withdrawal_that_nobody_can_have_seen() -> None:
    with desk() as on:
        page = screen(on)
        page.begin()
        page.withdraw()
        page.add("Another.")
        page.end()
        assert on.look().text() == "Another."


def test_sources_are_a_numbered_list_with_whole_addresses() -> None:
    link = f"https://shop.example/{'a' * 100}"
    cited = Citation(number=1, passage=7, title="Returns", heading="How long", link=link)
    with desk(columns=40) as on:
        page = screen(on)
        page.sources([cited])
        display = on.look()
        assert "[1] Returns › How long" in display.text()
        assert link in display.raw


def test_notes_and_sources_are_broken_between_words() -> None:
    words = "Nothing that is told here may be broken in the middle of an extraordinarily long word."
    link = f"https://shop.example/{'a' * 100}"
    cited = Citation(number=1, passage=7, title=words, heading="", link="")
    with desk(columns=40) as on:
        page = screen(on)
        page.note(f"{words}\n\n  {link}")
        page.sources([cited])
        display = on.look()
        found = " ".join(row.strip() for row in display.rows())
        assert found.startswith(words)
        assert f"[1] {words}" in found
        assert link in display.raw


def test_without_colours_there_are_none() -> None:
    with desk() as on:
        page = screen(on, NO_COLOR="1")
        page.note("Noted.")
        page.markdown("# Title\n\n`code`")
        assert on.look().text() == "Noted. Title code"
        assert not re.search(r"\x1b\[[\d;]*[34]\d", on.display.raw)


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {}])
def test_a_dumb_terminal_gets_plain_lines(environment: dict[str, str]) -> None:
    with desk() as on:
        assert isinstance(open_page(on.out, environment=environment), PlainPage)
        assert isinstance(open_page(on.out, environment={"TERM": "xterm"}), Screen)


def test_a_file_gets_plain_lines() -> None:
    with open(devnull, "w", encoding="utf-8") as out:  # noqa: PTH123 - a device
        assert isinstance(open_page(out, environment={"TERM": "xterm"}), PlainPage)
