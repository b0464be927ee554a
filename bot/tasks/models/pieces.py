"""Cuts a text that is longer than a model reads into pieces that are not."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

_SENTENCE = re.compile(r"(?<=[.!?…])\s+|(?<=[\u3002\uff01\uff1f])|\n+")
_BLANK = re.compile(r"\s+")


def counted(tokenizer: Any) -> Callable[[str], int]:
    """Return what counts the tokens of a text, without those that open and close it."""

    def count(text: str) -> int:
        return len(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    return count


def pieces(text: str, *, room: int, count: Callable[[str], int]) -> Sequence[str]:
    """Return ``text`` in pieces of at most ``room`` tokens; nothing of it is left out.

    Cut is between sentences where they fit, else between words, else anywhere.
    """
    if count(text) <= room:
        return (text,) if text.strip() else ()
    return list(_packed(list(_small(text, room, count)), room, count))


def _small(text: str, room: int, count: Callable[[str], int]) -> Iterator[str]:
    """Yield parts of which each fits."""
    for sentence in filter(None, _SENTENCE.split(text)):
        if count(sentence) <= room:
            yield sentence
            continue
        for word in filter(None, _BLANK.split(sentence)):
            yield from _cut(word, room, count)


def _cut(word: str, room: int, count: Callable[[str], int]) -> Iterator[str]:
    if count(word) <= room or len(word) == 1:
        yield word
        return
    middle = len(word) // 2
    yield from _cut(word[:middle], room, count)
    yield from _cut(word[middle:], room, count)


def _packed(parts: Sequence[str], room: int, count: Callable[[str], int]) -> Iterator[str]:
    """Join as many neighbours as fit."""
    sizes = [count(part) + 1 for part in parts]
    begin, filled = 0, 0
    for place, size in enumerate(sizes):
        if filled and filled + size > room:
            yield " ".join(parts[begin:place])
            begin, filled = place, 0
        filled += size
    if begin < len(parts):
        yield " ".join(parts[begin:])
