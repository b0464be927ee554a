"""Cuts a passage's Markdown into blocks: paragraphs, lists, tables and code."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto


class Kind(Enum):
    """What a block is."""

    PROSE = auto()
    STEPS = auto()  # an ordered list
    ITEMS = auto()  # a bulleted one
    TABLE = auto()
    CODE = auto()


@dataclass(slots=True)
class Block:
    """Some lines that belong together, under the nearest ``heading``."""

    kind: Kind
    heading: str
    lines: list[str] = field(default_factory=list)


_FENCE = re.compile(r"\s*(```|~~~)")
_HEADING = re.compile(r"\s{0,3}#{1,6}\s")
_BLANK = re.compile(r"\s*$|\s{0,3}([-*_])(\s*\1){2,}\s*$")  # a rule separates as a blank line does
_OPENINGS = (
    (Kind.STEPS, re.compile(r"\s{0,3}\d{1,9}[.)]\s")),
    (Kind.ITEMS, re.compile(r"\s{0,3}[-*+]\s")),
    (Kind.TABLE, re.compile(r"\s{0,3}\|")),
)
_LISTS = {Kind.STEPS, Kind.ITEMS}


def blocks(markdown: str, *, heading: str) -> Sequence[Block]:
    """Return the blocks of ``markdown`` in reading order; ``heading`` stands above the first."""
    cutter = _Cutter(heading)
    for line in markdown.splitlines():
        cutter.take(line)
    return [block for block in cutter.blocks if block.lines]


class _Cutter:
    """Takes lines one by one and knows in which block it stands."""

    def __init__(self, heading: str) -> None:
        self.blocks = [Block(Kind.PROSE, heading)]
        self._heading = heading
        self._fence = ""
        self._gap = False  # a blank line came; only a list goes on after one

    def take(self, line: str) -> None:
        fence = _FENCE.match(line)
        if self._fence:
            self._code(line, closed=fence is not None and fence[1] == self._fence)
        elif fence:
            self._fence = fence[1]
            self._open(Kind.CODE)
        elif _HEADING.match(line):
            self._heading = " ".join(line.split()[1:])
            self._open(Kind.PROSE)
        elif _BLANK.match(line):
            self._gap = True
        else:
            self._words(line)

    def _code(self, line: str, *, closed: bool) -> None:
        if closed:
            self._fence = ""
            self._open(Kind.PROSE)
        else:
            self.blocks[-1].lines.append(line)

    def _words(self, line: str) -> None:
        kind, block = self._kind(line), self.blocks[-1]
        if kind is not block.kind or (self._gap and kind not in _LISTS):
            self._open(kind)
        self._gap = False
        self.blocks[-1].lines.append(line)

    def _kind(self, line: str) -> Kind:
        """Tell what ``line`` belongs to: an indented or unbroken one to the list above it."""
        current = self.blocks[-1].kind
        if current in _LISTS and line[:1].isspace():
            return current
        for kind, opening in _OPENINGS:
            if opening.match(line):
                return kind
        return current if current in _LISTS and not self._gap else Kind.PROSE

    def _open(self, kind: Kind) -> None:
        self._gap = False
        self.blocks.append(Block(kind, self._heading))
