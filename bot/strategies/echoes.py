"""Notices an answer that repeats what was thought, before a customer has seen it."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

# Of the scripts that set no blanks between words every sign is one.
_UNSPACED: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD: Final = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")
_SIGN: Final = re.compile(f"[{_UNSPACED}]")
_RUN: Final = 12  # words in a row that no reply shares with a thought by chance
_FEW: Final = 4  # a shorter thought may be said by chance
_SIGNS: Final = 2  # of such a script say as much as a word

Words = tuple[str, ...]


class Echoes:
    """Lets an answer through as it is written, until it repeats ``hidden``: then nothing more.

    Twelve words in a row are a repetition (or 24 signs, where a script sets no blanks), or all of
    a shorter thought, or a name_like_this. What stands in ``known``, which the customer may read,
    may be said. Text is held back only as long as it may become a repetition.
    """

    def __init__(self, hidden: Iterable[str] = (), *, known: Iterable[str] = ()) -> None:
        phrases = {phrase for thought in hidden for phrase in _phrases(_words(thought))}
        said = [f" {' '.join(_words(text))} " for text in known] if phrases else []
        self._phrases = {
            phrase
            for phrase in phrases
            if not any(f" {' '.join(phrase)} " in text for text in said)
        }
        self._beginnings = {
            phrase[:length] for phrase in self._phrases for length in range(1, len(phrase) + 1)
        }
        self._held = ""
        self._read = 0
        self._open: list[tuple[int, Words]] = []  # what may become one: its place and its words
        self.found = False

    def feed(self, text: str) -> str:
        """Take some more of the answer; return what may be shown of it by now."""
        if not self._phrases:
            return text
        self._held += text
        return self._let_go(self._follow(len(self._held)))

    def close(self) -> str:
        """Return the rest, now that the answer has ended."""
        self._follow(len(self._held) + 1)
        self._open.clear()
        return self._let_go(len(self._held))

    def _follow(self, end: int) -> int:
        """Read the words that end before ``end``; return where what is not settled begins."""
        for word in _WORD.finditer(self._held, self._read):
            if word.end() == end:
                return min([word.start(), *(place for place, _ in self._open)])
            self._read = word.end()
            said = word.group().casefold()
            longer = [(at, (*words, said)) for at, words in [*self._open, (word.start(), ())]]
            self._open = [each for each in longer if each[1] in self._beginnings]
            self.found = self.found or any(words in self._phrases for _, words in self._open)
        return min([end, *(place for place, _ in self._open)])

    def _let_go(self, end: int) -> str:
        if self.found:
            return ""
        text, self._held = self._held[:end], self._held[end:]
        self._read = max(0, self._read - end)
        self._open = [(place - end, words) for place, words in self._open]
        return text


def _words(text: str) -> Words:
    return tuple(word.casefold() for word in _WORD.findall(text))


def _phrases(words: Words) -> Iterator[Words]:
    yield from ((word,) for word in words if "_" in word.strip("_"))
    signs = sum(bool(_SIGN.fullmatch(word)) for word in words)
    each = _SIGNS if 2 * signs > len(words) else 1
    if len(words) >= _FEW * each:
        length = min(_RUN * each, len(words))
        yield from (words[at : at + length] for at in range(len(words) - length + 1))
