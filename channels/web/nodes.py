"""Turns words into nodes, whole or while they are written. What a node is stands in ``tree``."""

import re
from collections.abc import Sequence
from typing import Final

from channels.blocks import Blocks
from channels.web.tree import Node, clean, paragraph, read

_APART: Final = re.compile(r"\n[ \t]*\n\s*")

# What may become a list, a fence, a table or emphasis, once more is written.
_UNDECIDED: Final = re.compile(
    r"(?:(?:^|\n)[ \t>+*_=#`~-]*(?:[0-9]{1,9}[.)]?[ \t*_~`]*)?"
    r"|(?:^|\n)[ \t]*\|[^\n]*(?:\n[ \t|:\n-]*)?"
    r"|(?<![*_~\\])[*_~\\]+)\Z"
)
_UNDECIDED_AT_MOST: Final = 300

# What an unfinished block has beyond so many characters must grow by a share to be read again.
_AT_ONCE, _SHARE = 1_000, 32


def written(text: str) -> list[Node]:
    """Return the nodes of Markdown, which the bot and operators write."""
    writing = Writing()
    writing.feed(text)
    return writing.close()


def said(text: str) -> list[Node]:
    """Return the nodes of plain text, which customers write."""
    words = clean(text).strip()
    return [paragraph(part, marks=False) for part in _APART.split(words)] if words else []


class Writing:
    """The nodes of Markdown that is being written; in the end the same, whatever the pieces.

    ``length`` counts the characters by now. Nodes before ``settled`` do not change any more: who
    has those needs only ``since(settled)``, which is little, however long the whole becomes. Any
    number of readers may share one.
    """

    def __init__(self) -> None:
        self.length = 0
        self._blocks = Blocks()
        self._finished: list[Node] = []
        self._unfinished: list[Node] = []
        self._read = 0  # characters of the unfinished block when it was read

    @property
    def settled(self) -> int:
        count = len(self._finished)
        return count - 1 if count and _is_list(self._finished[-1]) else count

    def feed(self, piece: str) -> None:
        """Take some more of the text."""
        self.length += len(piece)
        for block in self._blocks.feed(clean(piece)):
            self._finish(block)

    def since(self, settled: int) -> list[Node]:
        """Return all nodes but the first ``settled``, with the unfinished block as far as it is."""
        self._read_on()
        return _joined(self._finished[settled:], self._unfinished)

    def close(self) -> list[Node]:
        """Return all nodes, now that nothing follows."""
        for block in self._blocks.close():
            self._finish(block)
        return self._finished

    def _finish(self, block: str) -> None:
        self._finished = _joined(self._finished, read(block))
        self._unfinished, self._read = [], 0

    def _read_on(self) -> None:
        block = self._blocks.open
        grown = len(block) - self._read
        if grown and grown >= (len(block) - _AT_ONCE) / _SHARE:
            self._unfinished = read(_decided(block), unfinished=True)
            self._read = len(block)


def _decided(block: str) -> str:
    """Return an unfinished block without what would look different with the next letter."""
    end = _UNDECIDED.search(block, max(0, len(block) - _UNDECIDED_AT_MOST))
    return block[: end.start()] if end else block


def _joined(nodes: Sequence[Node], more: Sequence[Node]) -> list[Node]:
    """Append ``more``; a list that goes on after a blank line stays one."""
    if nodes and more and _is_list(nodes[-1]) and nodes[-1][0] == more[0][0]:
        items = [item for item in more[0][1:] if isinstance(item, list)]
        return [*nodes[:-1], [*nodes[-1], *items], *more[1:]]
    return [*nodes, *more]


def _is_list(node: Node) -> bool:
    return node[0] in {"ul", "ol"}
