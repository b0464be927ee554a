"""Cuts Markdown that is still being written into blocks, each as soon as it is finished."""

import re
from collections.abc import Iterator

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ITEM = re.compile(r" {0,3}(?:[-*+]|\d{1,9}[.)])\s")
_HEADING = re.compile(r" {0,3}#{1,6}\s")
_INDENTED = re.compile(r" {2,}|\t")


class Blocks:
    """Takes text in pieces and gives it back in blocks; the same ones, whatever the pieces."""

    def __init__(self) -> None:
        self._lines: list[str] = []  # whole lines of the open block
        self._line = ""  # the line that is being written
        self._fence = ""  # what ends the present code block
        self._paused = False  # a blank line after a list: it may go on

    @property
    def open(self) -> str:
        """The unfinished block, as far as it is written."""
        return "\n".join([*self._lines, self._line])

    def feed(self, text: str) -> list[str]:
        """Take some more text and return the blocks that are finished now."""
        *lines, self._line = (self._line + text).split("\n")
        return [block for line in lines for block in self._take(line)]

    def close(self) -> list[str]:
        """Return what is left, as the last blocks."""
        return [*self.feed("\n"), *self._cut()]

    def _take(self, line: str) -> Iterator[str]:
        if self._fence:
            self._lines.append(line)
            if line.strip().startswith(self._fence) and not line.strip(self._fence[0] + " \t"):
                yield from self._cut()
        elif not line.strip():
            self._paused = bool(self._lines) and _ITEM.match(self._lines[0]) is not None
            if not self._paused:
                yield from self._cut()
        else:
            yield from self._take_words(line)

    def _take_words(self, line: str) -> Iterator[str]:
        if self._paused and _INDENTED.match(line):
            self._lines.append("")
        elif self._paused or _HEADING.match(line) or _FENCE.match(line):
            yield from self._cut()
        self._paused = False
        self._lines.append(line)
        if fence := _FENCE.match(line):
            self._fence = fence.group(1)
        elif _HEADING.match(line):
            yield from self._cut()

    def _cut(self) -> Iterator[str]:
        block = "\n".join(self._lines)
        self._lines, self._fence, self._paused = [], "", False
        if block.strip():
            yield block
