"""What is unfinished lives in a few rows at the bottom, and leaves no trace."""

from os import terminal_size

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.terminal.tail import Tail, rows

WORDS = st.lists(
    st.sampled_from(["word", "a", "quiteLongWordIndeed", "你好", "\n", "é"]), max_size=60
)


class Terminal:
    """A terminal of pyte's with a scrollback, which does not reflow."""

    def __init__(self, columns: int, lines: int) -> None:
        self.screen = pyte.HistoryScreen(columns, lines, history=10_000)
        self.screen.set_mode(pyte.modes.LNM)
        self.stream = pyte.Stream(self.screen)
        self.written = 0

    def write(self, text: str) -> None:
        self.written += len(text)
        self.stream.feed(text)

    def size(self) -> terminal_size:
        return terminal_size((self.screen.columns, self.screen.lines))

    def text(self) -> list[str]:
        above = [
            "".join(line[column].data for column in range(self.screen.columns)).rstrip()
            for line in self.screen.history.top
        ]
        return [*above, *(line.rstrip() for line in self.screen.display)]

    def tail(self) -> Tail:
        return Tail(write=self.write, size=self.size, reflows=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [""]),
        ("abc", ["abc"]),
        ("one two three", ["one two", "three"]),
        ("abcdefghij", ["abcdefg", "hij"]),
        ("a\n\nb", ["a", "", "b"]),
        ("a\n", ["a", ""]),
        ("你好你好", ["你好你", "好"]),
    ],
)
def test_rows_break_between_words(text: str, expected: list[str]) -> None:
    assert [row.text for row in rows(text, columns=7)] == expected


@given(WORDS.map(" ".join), st.integers(2, 30))
def test_rows_stand_for_all_of_the_text(text: str, columns: int) -> None:
    found = list(rows(text, columns=columns))
    assert sum(row.taken for row in found) == len(text)
    assert "".join("".join(row.text for row in found).split()) == "".join(text.split())


@given(WORDS, st.integers(4, 40), st.integers(1, 12))
def test_a_tail_leaves_no_trace_at_any_size(words: list[str], columns: int, lines: int) -> None:
    terminal = Terminal(columns, lines)
    terminal.write("above\n")
    tail = terminal.tail()
    for count in range(len(words)):
        tail.paint(" ".join(words[:count]))
    tail.wipe()
    terminal.write("below")
    assert [line for line in terminal.text() if line] in (
        ["above", "below"],
        ["abov", "e", "belo", "w"],
    )


@given(WORDS, st.lists(st.tuples(st.integers(8, 60), st.integers(2, 20)), min_size=1, max_size=6))
def test_a_tail_leaves_no_trace_when_the_terminal_is_resized(
    words: list[str], sizes: list[tuple[int, int]]
) -> None:
    terminal = Terminal(60, 20)
    tail = terminal.tail()
    for count in range(len(words)):
        if count % 5 == 4:
            columns, lines = sizes[count // 5 % len(sizes)]
            terminal.screen.resize(lines=max(lines, terminal.screen.cursor.y + 1), columns=columns)
        tail.paint(" ".join(words[:count]))
    tail.wipe()
    terminal.write("below")
    assert [line for line in terminal.text() if line] == ["below"]


def test_the_end_of_the_text_is_in_sight() -> None:
    terminal = Terminal(40, 10)
    tail = terminal.tail()
    words = [f"word{number}" for number in range(300)]
    for count in range(1, len(words)):
        tail.paint(" ".join(words[:count]))
        assert any(line.endswith(words[count - 1]) for line in terminal.text())


def test_a_long_text_is_written_about_three_times_at_most() -> None:
    terminal = Terminal(80, 24)
    tail = terminal.tail()
    text = "Somewhat longer words follow one another. " * 100
    for end in range(0, len(text), 4):
        tail.paint(text[:end])
    assert terminal.written < 3 * len(text)
