"""The outline of an article: its text in sections, each under the headings that lead to it."""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

_SPACE = re.compile(r"\s+")
_LONGEST_HEADING = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The text between one heading and the next.

    ``headings`` leads down to it, without the article's title; ``anchor`` is the nearest one that
    the page has, empty for the page itself. ``text`` is Markdown.
    """

    headings: tuple[str, ...]
    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class _Heading:
    level: int
    text: str
    anchor: str


def slug(heading: str) -> str:
    """Return the anchor that GitHub and most site generators make of ``heading``."""
    kept = (c for c in heading.strip().lower() if c in "- _" or unicodedata.category(c)[0] in "LMN")
    return "".join(kept).replace(" ", "-")


def one_line(text: str) -> str:
    """Return ``text`` with every run of white space as one space, cut where it gets absurd."""
    return _SPACE.sub(" ", text).strip()[:_LONGEST_HEADING].rstrip()


class Outline:
    """Takes an article down as a reader goes through it, and gives it back in sections."""

    def __init__(self) -> None:
        self.title = ""  # the first heading of the first level
        self.opening = ""  # the first heading of all
        self._way: tuple[_Heading, ...] = ()  # from the top down to where we are
        self._ways_back: list[tuple[_Heading, ...]] = []  # one for each part that is open
        self._slugs: Counter[str] = Counter()
        self._written: list[str] = []
        self._sections: list[Section] = []

    def heading(self, level: int, text: str, *, anchor: str | None = None) -> None:
        """Open a section. Its anchor is the slug of ``text`` where none is given; "" is none."""
        self._close()
        text = one_line(text)
        self.opening = self.opening or text
        if level == 1:
            self.title = self.title or text
        anchor = self._numbered(slug(text)) if anchor is None else anchor
        floor = len(self._ways_back[-1]) + 1 if self._ways_back else 0
        above = tuple(heading for heading in self._way[floor:] if heading.level < level)
        self._way = (*self._way[:floor], *above, _Heading(level, text, anchor))

    def enter(self, title: str, *, anchor: str = "") -> None:
        """Open a part with a title of its own, such as one answer of a folded list."""
        self._close()
        self._ways_back.append(self._way)
        self._way = (*self._way, _Heading(0, one_line(title), anchor))

    def leave(self) -> None:
        """Close the part that was opened last: what follows stands where that part stood."""
        if self._ways_back:
            self._close()
            self._way = self._ways_back.pop()

    def write(self, text: str) -> None:
        """Add some text: Markdown, in whole lines."""
        self._written.append(text)

    def sections(self) -> tuple[Section, ...]:
        """Return all that was written, in its order."""
        self._close()
        return tuple(self._sections)

    def _numbered(self, anchor: str) -> str:
        """Tell headings of the same words apart, as sites do: ``fees``, ``fees-1``, ``fees-2``."""
        times = self._slugs[anchor]
        self._slugs[anchor] += 1
        return f"{anchor}-{times}" if times else anchor

    def _close(self) -> None:
        text = "".join(self._written).strip("\n")
        self._written.clear()
        if not text.strip():
            return
        headings = tuple(heading.text for heading in self._way if heading.text)
        anchor = next((h.anchor for h in reversed(self._way) if h.anchor), "")
        self._sections.append(Section(headings=headings, anchor=anchor, text=text))
