"""Knows what is open in Markdown after each of its lines: quotes, lists, a fence or a table.

It follows https://spec.commonmark.org/0.31.2/#container-blocks and GitHub's tables, as far as
fences and tables need it; HTML is words, as Slack shows it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

QUOTE: Final = 0
"""A quote among containers; any other number is a list item, and the width that it indents by."""

_CODE: Final = 4  # columns of indent that make code of a line
_DEEPEST: Final = 20  # containers that one line opens
_LISTED: Final = 5  # columns after a list's mark that do

_QUOTE: Final = re.compile(r"[ \t]*>")
_ITEM: Final = re.compile(r"[ \t]*(?P<mark>[-+*]|(?P<number>\d{1,9})[.)])(?=[ \t]|$)")
_RULE: Final = re.compile(r"[ \t]*(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
_HEADING: Final = re.compile(r"[ \t]*#{1,6}(?:[ \t]|$)")
_FENCE: Final = re.compile(r"(?P<indent>[ \t]*)(?P<sign>`{3,}(?=[^`]*$)|~{3,})(?P<info>.*)")
_UNDERLINE: Final = re.compile(r"[ \t]*(?:=+|-+)[ \t]*$")
_DELIMITER: Final = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_PIPE: Final = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """Code between two fences; ``sign`` is what opened it, such as three backticks."""

    indent: str
    sign: str
    info: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table's first two lines, without what contains them."""

    header: str
    delimiter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A paragraph's last line, without what contains it."""

    line: str


Leaf = Fence | Table | Paragraph | None


class Kind(Enum):
    """What a line is."""

    BLANK = auto()
    WORDS = auto()
    HEADING = auto()
    RULE = auto()
    FENCE = auto()
    CODE = auto()
    END = auto()  # of a fence
    DELIMITER = auto()
    ROW = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line as it was read; ``spans`` are what each container that goes on takes of it.

    ``containers`` and ``leaf`` are open after it. ``breaks``: it ends a fence that nothing closed.
    ``continues``: it is more of a paragraph. ``content`` is the line without its containers.
    """

    kind: Kind
    spans: Sequence[tuple[int, int]]
    containers: tuple[int, ...]
    leaf: Leaf
    content: str
    breaks: bool = False
    continues: bool = False
    item: bool = False


class _Cursor:
    """A place in a line, in characters and in columns: a tab goes to the next multiple of 4."""

    def __init__(self, line: str) -> None:
        self.line = line
        self.at = 0
        self.column = 0

    def indent(self) -> int:
        """Return the columns up to the next sign."""
        column = self.column
        for index in range(self.at, len(self.line)):
            if self.line[index] not in " \t":
                break
            column += 4 - column % 4 if self.line[index] == "\t" else 1
        return column - self.column

    def skip(self, *, columns: int) -> None:
        end = self.column + columns
        while self.column < end and self.at < len(self.line):
            self.column += 4 - self.column % 4 if self.line[self.at] == "\t" else 1
            self.at += 1

    def jump(self, at: int) -> None:
        while self.at < at:
            self.skip(columns=1)

    @property
    def blank(self) -> bool:
        return not self.line[self.at :].strip(" \t")


class Outline:
    """Takes whole lines, and knows what is open after each."""

    def __init__(self) -> None:
        self.containers: tuple[int, ...] = ()
        self.leaf: Leaf = None

    @property
    def fence(self) -> Fence | None:
        """The fence that is open."""
        return self.leaf if isinstance(self.leaf, Fence) else None

    @property
    def table(self) -> Table | None:
        """The table that is open."""
        return self.leaf if isinstance(self.leaf, Table) else None

    def take(self, line: str) -> Line:
        """Read ``line``, which has no line end."""
        read = self.look(line)
        self.containers, self.leaf = read.containers, read.leaf
        return read

    def look(self, line: str) -> Line:
        """Return what ``line`` would be if it came next."""
        cursor = _Cursor(line)
        spans = self._enter(cursor)
        whole = len(spans) == len(self.containers)
        if self.fence and whole:
            return self._code(line[cursor.at :], self.fence, spans)
        return self._words(cursor, spans, whole=whole)

    def after(self, line: str) -> "Outline":
        """Return what is open after ``line``, if it came next."""
        read = self.look(line)
        outline = Outline()
        outline.containers, outline.leaf = read.containers, read.leaf
        return outline

    def _enter(self, cursor: _Cursor) -> Sequence[tuple[int, int]]:
        """Go into the containers that go on; return what each takes."""
        spans = []
        for width in self.containers:
            start = cursor.at
            if width == QUOTE:
                if not _open_quote(cursor):
                    break
            elif not cursor.blank:
                if cursor.indent() < width:
                    break
                cursor.skip(columns=width)
            spans.append((start, cursor.at))
        return spans

    def _code(self, content: str, fence: Fence, spans: Sequence[tuple[int, int]]) -> Line:
        ends = _ends(content, fence)
        return Line(
            kind=Kind.END if ends else Kind.CODE,
            spans=spans,
            containers=self.containers,
            leaf=None if ends else fence,
            content=content,
        )

    def _words(self, cursor: _Cursor, spans: Sequence[tuple[int, int]], *, whole: bool) -> Line:
        leaf = self.leaf if whole else None
        kept = self.containers[: len(spans)]
        opened, item = _open(cursor, paragraph=isinstance(leaf, Paragraph))
        content = cursor.line[cursor.at :]
        kind, after = _leaf(cursor, None if opened else leaf)
        lazy = not whole and not opened and kind is Kind.WORDS
        if lazy and isinstance(self.leaf, Paragraph):
            kept, leaf, after = self.containers, self.leaf, Paragraph(line=content)
        return Line(
            kind=kind,
            spans=spans,
            containers=(*kept, *opened),
            leaf=after,
            content=content,
            breaks=self.fence is not None,
            continues=isinstance(leaf, Paragraph) and isinstance(after, Paragraph) and not opened,
            item=item,
        )


def _open_quote(cursor: _Cursor) -> bool:
    mark = _QUOTE.match(cursor.line, cursor.at)
    if mark is None or cursor.indent() >= _CODE:
        return False
    cursor.jump(mark.end())
    if cursor.indent():
        cursor.skip(columns=1)
    return True


def _open(cursor: _Cursor, *, paragraph: bool) -> tuple[tuple[int, ...], bool]:
    """Go into the containers that begin here; return them, and whether a list item does."""
    opened: list[int] = []
    while cursor.indent() < _CODE and len(opened) < _DEEPEST:
        if _open_quote(cursor):
            opened.append(QUOTE)
            continue
        width = _open_item(cursor, paragraph=paragraph and not opened)
        if not width:
            break
        opened.append(width)
    return tuple(opened), any(opened)


def _open_item(cursor: _Cursor, *, paragraph: bool) -> int:
    """Go into a list item and return its width; 0 if there is none."""
    mark = _ITEM.match(cursor.line, cursor.at)
    if mark is None or _RULE.match(cursor.line, cursor.at):
        return 0
    empty = not cursor.line[mark.end() :].strip(" \t")
    if paragraph and (empty or (mark["number"] and int(mark["number"]) != 1)):
        return 0
    start = cursor.column
    cursor.jump(mark.end())
    after = cursor.indent()
    cursor.skip(columns=after if not empty and after < _LISTED else 1)
    return cursor.column - start if not empty else cursor.column - start + (not after)


def _leaf(cursor: _Cursor, leaf: Leaf) -> tuple[Kind, Leaf]:
    """Return what the rest of the line is, and what is open after it."""
    content = cursor.line[cursor.at :]
    if cursor.blank:
        return Kind.BLANK, None
    if cursor.indent() >= _CODE:
        return Kind.WORDS, Paragraph(line=content) if isinstance(leaf, Paragraph) else None
    if begun := _begun(content, leaf):
        return begun
    if isinstance(leaf, Table):
        return Kind.ROW, leaf
    if isinstance(leaf, Paragraph) and delimits(leaf.line, content):
        return Kind.DELIMITER, Table(header=leaf.line, delimiter=content)
    return Kind.WORDS, Paragraph(line=content)


def _begun(content: str, leaf: Leaf) -> tuple[Kind, Leaf] | None:
    if fence := _FENCE.match(content):
        info = fence["info"].strip()
        return Kind.FENCE, Fence(indent=fence["indent"], sign=fence["sign"], info=info)
    if _HEADING.match(content):
        return Kind.HEADING, None
    if isinstance(leaf, Paragraph) and delimits(leaf.line, content):
        return None
    if _RULE.match(content) or (isinstance(leaf, Paragraph) and _UNDERLINE.match(content)):
        return Kind.RULE, None
    return None


def _ends(content: str, fence: Fence) -> bool:
    sign = content.strip(" \t")
    indent = _Cursor(content).indent()
    return indent < _CODE and len(sign) >= len(fence.sign) and sign.strip(fence.sign[0]) == ""


def delimits(header: str, delimiter: str) -> bool:
    """Tell whether the two lines begin a table."""
    return (
        "|" in header
        and _DELIMITER.match(delimiter) is not None
        and _cells(header) == _cells(delimiter)
    )


def _cells(row: str) -> int:
    cells = _PIPE.split(row.strip(" \t"))
    return len(cells) - (not cells[0].strip()) - (len(cells) > 1 and not cells[-1].strip())
