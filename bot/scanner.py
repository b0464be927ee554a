"""Cuts a stream of text into tokens, holding back no more than what may yet become one."""

import re
from collections.abc import Sequence

Part = str | re.Match[str]


class Scanner:
    """Finds ``token`` in text that comes in pieces: the same ones, however it is cut.

    ``beginning`` matches, to the end of the text, whatever more text could make a token or a
    longer one; it is at most ``longest`` characters. Both may look one character back. ``plain``
    is for speed: it matches, at once, characters at which neither of them can begin.
    """

    def __init__(
        self,
        *,
        token: re.Pattern[str],
        beginning: re.Pattern[str],
        longest: int,
        plain: re.Pattern[str],
    ) -> None:
        self._token = token
        self._beginning = beginning
        self._longest = longest
        self._plain = plain
        self._past = ""
        self._held = ""

    def feed(self, text: str) -> Sequence[Part]:
        """Return the tokens, and the text between them, that ``text`` decides."""
        return self._cut(text, closing=False)

    def close(self) -> Sequence[Part]:
        """Return what was held back, now that nothing follows."""
        return self._cut("", closing=True)

    def _cut(self, text: str, *, closing: bool) -> Sequence[Part]:
        text = self._past + self._held + text
        start = len(self._past)
        plain = self._plain.match(text, start)
        at = plain.end() if plain else start
        if start < at == len(text):
            self._past, self._held = text[-1], ""
            return (text[start:],)
        end = len(text) if closing else self._undecided(text, at)
        parts: list[Part] = []
        while at < end and (token := self._token.search(text, at)) and token.start() < end:
            parts += filter(None, (text[start : token.start()], token))
            start = at = token.end()
            if at > end:  # what seemed undecided lay within this token
                end = len(text) if closing else self._undecided(text, at)
        if start < end:
            parts.append(text[start:end])
        self._past = text[max(end - 1, 0) : end]
        self._held = text[end:]
        return parts

    def _undecided(self, text: str, at: int) -> int:
        found = self._beginning.search(text, max(at, len(text) - self._longest))
        return found.start() if found else len(text)
