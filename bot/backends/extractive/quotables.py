"""What can be quoted from a passage: a sentence, a list with its lead, rows of a table."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from bot.backends.extractive.blocks import Block, Kind, blocks
from bot.backends.extractive.readable import readable
from bot.backends.extractive.sentences import sentences
from bot.messages import Passage

_ITEM = re.compile(r"(\s*)(\d{1,9}[.)]|[-*+])\s+(.*)")
_CELL = re.compile(r"(?<!\\)\|")
_DELIMITER = re.compile(r"\s*\|?(?:\s*:?-+:?\s*\|)*\s*:?-+:?\s*\|?\s*$")
_LONGEST_CODE = 600  # characters
_SHORT = 250  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotable:
    """Words of the passage ``number`` that make sense alone.

    ``lead`` introduces the ``parts`` of a list or a table; a sentence has none and is one part.
    ``place`` counts the quotables of a passage in reading order.
    """

    number: int
    place: int
    kind: Kind
    heading: str
    lead: str
    parts: tuple[str, ...]

    @property
    def text(self) -> str:
        """The words, as Markdown that reads well without being rendered."""
        if self.kind is Kind.PROSE:
            return " ".join(self.parts)
        return "\n".join([self.lead, *self.parts] if self.lead else self.parts)

    @property
    def cited(self) -> str:
        """The words with the passage's mark, which follows the lead where there is one."""
        if not self.lead:
            return f"{self.text} [{self.number}]"
        return "\n".join([f"{self.lead} [{self.number}]", *self.parts])

    def follows(self, other: "Quotable") -> bool:
        """Tell whether this is the sentence right after ``other``."""
        both_prose = self.kind is other.kind is Kind.PROSE
        return both_prose and self.is_near(other) and self.place == other.place + 1

    def is_near(self, other: "Quotable") -> bool:
        """Tell whether both stand under the same heading."""
        return (self.number, self.heading) == (other.number, other.heading)

    def within(self, longest: int) -> "Quotable":
        """Return as many parts as ``longest`` characters hold; at least the start of the first."""
        if len(self.text) <= longest:
            return self
        ends = accumulate(len(part) + 1 for part in self.parts)
        parts = self.parts[: sum(end + len(self.lead) <= longest for end in ends)]
        cut = self.parts[0][:longest].rpartition(" ")[0] or self.parts[0][:longest]
        return replace(self, parts=parts or (f"{cut} …",))


def quotables(passage: Passage, *, number: int) -> Sequence[Quotable]:
    """Return what can be quoted from ``passage``, in reading order."""
    heading = passage.headings[-1] if passage.headings else passage.title
    return [
        Quotable(number=number, place=place, kind=kind, heading=above, lead=lead, parts=parts)
        for place, (kind, above, lead, parts) in enumerate(_pieces(passage.text, heading))
    ]


def _pieces(markdown: str, heading: str) -> Iterator[tuple[Kind, str, str, tuple[str, ...]]]:
    lead = ""
    for block in blocks(markdown, heading=heading):
        above = readable(block.heading)
        if block.kind is Kind.PROSE:
            told = _told(readable(" ".join(block.lines)))
            yield from ((Kind.PROSE, above, "", (piece,)) for piece in told if not _leads(piece))
            lead = told[-1] if told and _leads(told[-1]) else ""
        else:
            parts = tuple(part for part in _PARTS[block.kind](block) if part)
            if parts:
                yield block.kind, above, lead or _introduced(above), parts
            lead = ""


def _told(text: str) -> Sequence[str]:
    """Return a short paragraph whole, for its sentences rely on each other; cut a long one."""
    if not text:
        return ()
    return (text,) if len(text) <= _SHORT and not _leads(text) else sentences(text)


def _leads(text: str) -> bool:
    """Tell whether ``text`` needs what comes after it: "for the server's logs use," does."""
    return text.endswith((":", ","))


def _introduced(heading: str) -> str:
    return heading if not heading or heading[-1] in ".:!?…" else f"{heading}:"


def _items(block: Block) -> Sequence[str]:
    """Join the lines of each item; deeper items stay on lines of their own."""
    items: list[str] = []
    outer = None
    for line in block.lines:
        if not (item := _ITEM.match(line)):
            items[-1:] = [f"{''.join(items[-1:])} {readable(line)}"]
            continue
        outer = len(item[1]) if outer is None else outer
        words = f"{item[2]} {readable(item[3])}"
        if len(item[1]) > outer + 1 and items:
            items[-1] += f"\n   {words}"
        else:
            items.append(words)
    return items


def _rows(block: Block) -> Sequence[str]:
    """Turn each row into a line that reads without the table around it."""
    cells = [_cells(line) for line in block.lines if not _DELIMITER.match(line)]
    # Where nothing stands below the header, as on pages that have their words in a frame, it tells.
    headed = len(cells) > 1 and _DELIMITER.match(block.lines[1])
    names, rows = (cells[0], cells[1:]) if headed else ([], cells)
    return [f"- {_row(names, row)}" for row in rows]


def _cells(line: str) -> list[str]:
    return [readable(cell) for cell in _CELL.split(line.strip().strip("|"))]


def _row(names: Sequence[str], row: Sequence[str]) -> str:
    first, *rest = row
    if len(rest) == 1:
        return f"{first}: {rest[0]}"
    if not any(names):
        return ", ".join(row)
    named = (f"{name}: {cell}" for name, cell in zip(names[1:], rest, strict=False) if cell)
    return f"{first} \u2014 {'; '.join(named)}"


def _code(block: Block) -> Sequence[str]:
    """Keep code as it is; half of it would mislead, so none of what is too long to quote."""
    if sum(map(len, block.lines)) > _LONGEST_CODE:
        return ()
    return ["\n".join(["```", *block.lines, "```"])]


_PARTS = {Kind.STEPS: _items, Kind.ITEMS: _items, Kind.TABLE: _rows, Kind.CODE: _code}
