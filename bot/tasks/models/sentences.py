"""Finds the sentences in Markdown that are to be translated; the rest of it stays as it is."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from bot.tasks.models.signs import Signs

_FENCE: Final = re.compile(r"\s*(`{3,}|~{3,})")
_LINE: Final = re.compile(
    r"(?P<before>[ \t]*(?:>[ \t]?)*(?:#{1,6}[ \t]+|[-*+][ \t]+|\d{1,9}[.)][ \t]+)?)(?P<rest>.*)"
)
_DELIMITER: Final = re.compile(r"[ \t|:-]*-[ \t|:-]*")
_CELL: Final = re.compile(r"((?<!\\)\|)")
_WRAPPED: Final = re.compile(r"[^\n]*[\w,;]\Z")
_GOES_ON: Final = re.compile(r"[a-zß-ÿ]")

_MARKS: Final = r"(?:[ \t]*\[\d{1,3}\])*"
_SENTENCE: Final = re.compile(
    rf"\S.*?(?:[.!?…]+[\"'»\u201d\u2019)\]*_]*{_MARKS}(?=\s+[^\sa-zß-ÿ]|\s*\Z)"
    rf"|[\u3002\uff01\uff1f]+{_MARKS}|(?=\s*\Z))"
)
_LETTER: Final = re.compile(r"[^\W\d_]")

Into = Callable[[str], str]


def bare(markdown: str) -> Sequence[str]:
    """Return what is to be translated of ``markdown``: sentences without signs, each once."""
    found: dict[str, None] = {}

    def note(sentence: str) -> str:
        found[sentence] = None
        return sentence

    rebuilt(markdown, note)
    return list(found)


def translated(markdown: str, known: Mapping[str, str]) -> str:
    """Return ``markdown`` with each of its bare sentences as ``known`` has it."""
    return rebuilt(markdown, lambda sentence: known.get(sentence, sentence))


def rebuilt(markdown: str, into: Into) -> str:
    """Return ``markdown`` with ``into`` applied to each bare sentence."""
    return "\n".join(line if verbatim else _line(line, into) for line, verbatim in _lines(markdown))


def _lines(markdown: str) -> Iterator[tuple[str, bool]]:
    """Yield each line, and whether it is code; a sentence that was wrapped is one line again."""
    fence, held = "", ""
    for line in markdown.split("\n"):
        edge = _FENCE.match(line)
        if not (fence or edge) and held and _GOES_ON.match(line) and _WRAPPED.match(held):
            held += f" {line}"
            continue
        if held:
            yield held, False
            held = ""
        if fence or edge:
            yield line, True
            fence = _fence(fence, edge)
        elif line:
            held = line
        else:
            yield line, False
    if held:
        yield held, False


def _fence(fence: str, edge: re.Match[str] | None) -> str:
    """Return what the code after this line ends with; empty where it is no code."""
    if edge is None:
        return fence
    if not fence:
        return edge[1]
    return "" if edge[1].startswith(fence) else fence


def _line(line: str, into: Into) -> str:
    found = _LINE.fullmatch(line)
    if found is None or _DELIMITER.fullmatch(line):
        return line
    rest = found["rest"]
    parts = _CELL.split(rest) if rest.startswith("|") else [rest]
    return found["before"] + "".join(_part(part, into) for part in parts)


def _part(text: str, into: Into) -> str:
    signs = Signs()

    def sentence(found: re.Match[str]) -> str:
        plain = found[0]
        return signs.around(plain, into) if _LETTER.search(signs.bare(plain)) else signs.put(plain)

    return "".join(
        part if kept else _SENTENCE.sub(sentence, part) for part, kept in signs.aside(text)
    )
