"""Cuts Markdown into parts of a bearable length, between its blocks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from textwrap import dedent

from markdown_it.tree import SyntaxTreeNode

from bot.knowledge.markdown import blocks

LONGEST = 1600  # characters of a part, where the end of a paragraph or a sentence allows it
ABSURD = 16_000  # beyond it even a block of code is cut

_WHOLE = frozenset({"fence", "code_block"})  # worth little in halves
_NESTED = frozenset({"root", "bullet_list", "ordered_list", "list_item", "blockquote"})
_SENTENCE_END = re.compile(r"(?<=[.!?…])[ \t]+|(?<=[\u3002\uff01\uff1f])|\n")


@dataclass(frozen=True, slots=True)
class Piece:
    """What need not be cut. ``header`` is said again where a part begins with it: a table's."""

    text: str
    header: str = ""


def cut(text: str) -> list[str]:
    """Return ``text`` in parts of at most ``LONGEST`` characters, blocks of code excepted."""
    parts = (_read_alone(part) for part in _packed(pieces(text)))
    return [part for part in parts if part]


def pieces(text: str) -> list[Piece]:
    """Return the pieces of ``text``; their texts, joined, are ``text`` again."""
    lines = text.split("\n")
    return list(_Pieces(lines).of(SyntaxTreeNode(blocks().parse(text)), 0, len(lines)))


class _Pieces:
    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def of(self, node: SyntaxTreeNode, begin: int, end: int) -> Iterator[Piece]:
        """Yield the pieces of ``node``, which has the lines from ``begin`` to before ``end``."""
        text = self._text(begin, end)
        if len(text) <= (ABSURD if node.type in _WHOLE else LONGEST) and not node.is_root:
            yield Piece(text)
        elif node.type in _NESTED and node.children:
            starts = [child.map[0] for child in node.children if child.map]
            bounds = pairwise([begin, *starts[1:], end])
            for child, (start, stop) in zip(node.children, bounds, strict=True):
                yield from self.of(child, start, stop)
        elif node.type == "table":
            yield from self._rows(begin, end)
        else:
            yield from map(Piece, _sentences(text))

    def _rows(self, begin: int, end: int) -> Iterator[Piece]:
        header = self._text(begin, begin + 2)
        yield from map(Piece, _sentences(header))
        again = header if len(header) <= LONGEST / 2 else ""
        for row in range(begin + 2, end):
            for text in _sentences(self._text(row, row + 1)):
                yield Piece(text, again)

    def _text(self, begin: int, end: int) -> str:
        """Return some lines, each with its break; the last line of all has none."""
        text = "\n".join(self._lines[begin:end])
        return text if end == len(self._lines) else f"{text}\n"


def _sentences(text: str) -> Iterator[str]:
    """Yield ``text`` cut after sentences, and within one that is too long between its words."""
    ends = (found.end() for found in _SENTENCE_END.finditer(text))
    for begin, end in pairwise((0, *ends, len(text))):
        at = begin
        while end - at > LONGEST:
            gap = text.rfind(" ", at, at + LONGEST) + 1
            stop = gap or at + LONGEST
            yield text[at:stop]
            at = stop
        if at < end:
            yield text[at:end]


def _packed(pieces: list[Piece]) -> Iterator[list[Piece]]:
    """Yield consecutive pieces that fit into one part, in parts of about the same length."""
    length = sum(len(piece.text) for piece in pieces)
    target = length / ceil(length / LONGEST) if length else LONGEST
    part: list[Piece] = []
    size = 0
    for piece in pieces:
        if part and (size >= target or size + len(piece.text) > LONGEST):
            announced = _announcement(part)
            yield part
            part = announced
            size = sum(len(piece.text) for piece in part)
        size += len(piece.text) + (0 if part else len(piece.header))
        part.append(piece)
    yield part


def _announcement(part: list[Piece]) -> list[Piece]:
    """Take the words from the end of ``part`` that announce what comes: "Run this command:"."""
    if len(part) > 1 and part[-1].text.rstrip().endswith(":") and len(part[-1].text) < LONGEST / 4:
        return [part.pop()]
    return []


def _read_alone(part: list[Piece]) -> str:
    """Return a part as text that stands on its own."""
    text = "".join(piece.text for piece in part)
    if part and part[0].header and text.strip():
        text = part[0].header + text
    return dedent(text).strip("\n").rstrip()
