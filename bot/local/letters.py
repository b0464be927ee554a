"""Makes text of a model's tokens while they come: no half characters, and none of a stop."""

from collections.abc import Callable, Collection, Sequence

Decode = Callable[[Sequence[int]], str]

_BROKEN = "\ufffd"
# A character has at most four bytes, so no more tokens; what is broken after twice as many will
# never be whole.
_LONGEST = 8


class Letters:
    """Turns the tokens of one answer into text, as soon as its characters are whole.

    A token is read together with the one before it: many tokenizers put a blank before a word
    only where another word precedes it.
    """

    def __init__(self, decode: Decode) -> None:
        self._decode = decode
        self._known: list[int] = []  # said already, and read again for what follows it
        self._new: list[int] = []  # not said yet

    def add(self, token: int) -> str:
        """Return the text that is whole now; empty where a character is still in the making."""
        self._new.append(token)
        text = self._text()
        if text.endswith(_BROKEN) and len(self._new) < _LONGEST:
            return ""
        # One without text, as a special one, leaves the word before it in sight.
        self._known, self._new = (self._new if text else [*self._known, *self._new]), []
        return text

    def close(self) -> str:
        """Return what is left, without a half character."""
        return self._text().rstrip(_BROKEN) if self._new else ""

    def _text(self) -> str:
        said = self._decode(self._known) if self._known else ""
        return self._decode([*self._known, *self._new])[len(said) :]


class Stops:
    """Holds back what may become one of ``stops``, and ends before the first that comes."""

    def __init__(self, stops: Collection[str]) -> None:
        self._stops = [stop for stop in stops if stop]
        self._held = ""
        self.reached = False

    def add(self, text: str) -> str:
        """Return the text that is certain to belong to the answer."""
        if not self._stops:
            return text
        self._held += text
        found = [at for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if found:
            self.reached = True
            certain, self._held = self._held[: min(found)], ""
            return certain
        keep = max(_overlap(self._held, stop) for stop in self._stops)
        certain = self._held[: len(self._held) - keep]
        self._held = self._held[len(certain) :]
        return certain

    def close(self) -> str:
        """Return what was held back in vain."""
        held, self._held = self._held, ""
        return held


def _overlap(text: str, stop: str) -> int:
    """Return how many characters at the end of ``text`` are the beginning of ``stop``."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)
