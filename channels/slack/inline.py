"""Finds where within a line of Markdown a message may end, and what would be open there."""

import re
from collections.abc import Iterator
from typing import Final

from bot.marks import BEGINNING, LONGEST, TOKEN

_TICKS: Final = 8  # a longer run of backticks is no span of code to us
_WORD: Final = 100  # a longer one is several pieces

_RUN: Final = re.compile(r"(?<![\\`])(`+)")
_WIDE: Final = (
    "\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\uff00-\uff60\U00020000-\U0003ffff"
)
_PIECE: Final = re.compile(rf"\s*(?:[{_WIDE}]|[^\s{_WIDE}]{{1,{_WORD}}})|\s+")
_SENTENCE: Final = re.compile(
    r"(?:[.!?\u2026][\"')\]*_\u201d\u2019]*|[\u3002\uff01\uff1f][\u300d\u300f\uff09]*)$"
)
# What belongs to the sign before it: accents, joiners, skin tones, selectors, flags' other half.
_BOUND: Final = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0900-\u0903\u093a-\u094f"
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u1ab0-\u1aff\u1dc0-\u1dff\u200c-\u200d\u2060\u20d0-\u20ff"
    "\ufe00-\ufe0f\ufe20-\ufe2f\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"
)
_CLUSTER: Final = re.compile(rf"(?:[^{_BOUND}]|\A)[{_BOUND}]*(?:\u200d[^\s][{_BOUND}]*)*\Z")


def pieces(text: str) -> Iterator[str]:
    """Yield ``text`` in what should stay whole: words, links, spans of code; spaces go before."""
    at = 0
    for token in TOKEN.finditer(text):
        yield from _PIECE.findall(text[at : token.start()])
        yield token[0]
        at = token.end()
    yield from _PIECE.findall(text[at:])


def ends_sentence(text: str) -> bool:
    """Tell whether a sentence may end here."""
    return _SENTENCE.search(text) is not None


def finished(text: str) -> list[str]:
    """Return those ``pieces`` of an unfinished line that no further text can change."""
    held = _undecided(text, max(0, len(text) - LONGEST))
    for token in TOKEN.finditer(text):
        if token.start() < held < token.end():
            held = _undecided(text, token.end())
    return list(pieces(text[:held]))[:-1]  # the last may be half a word


def _undecided(text: str, start: int) -> int:
    found = BEGINNING.search(text, start)
    return found.start() if found else len(text)


def whole_signs(text: str, end: int) -> int:
    """Return the last place up to ``end`` that splits no sign, such as a flag or an accent."""
    if end >= len(text):
        return end
    start = max(0, end - 40)
    found = _CLUSTER.search(text[start : end + 1])
    cut = start + found.start() if found else end
    ticked = len(text[start:cut].rstrip("`\\")) + start
    cut = ticked if start < ticked and text[cut - 1] in "`\\" else cut
    return cut if cut > start else end


def open_ticks(line: str, rest: str | None) -> str:
    """Return the backticks of a span of code that is open after ``line``; empty if none is.

    ``rest`` is the rest of the line, None if it is not known.
    """
    opened = ""
    for run in _RUN.finditer(line):
        if not opened and len(run[1]) <= _TICKS:
            opened = run[1]
        elif run[1] == opened:
            opened = ""
    if opened and rest is not None and opened not in _RUN.findall(rest):
        return ""
    return opened
