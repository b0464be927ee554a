"""Makes text harmless for Slack: nobody is pinged, no control or half a character is sent."""

import re
from typing import Final

JOINER: Final = "\u2060"
"""A word joiner: shows nothing, and keeps what it parts from being read as one."""

_CONTROL: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb\ufeff]"
)
_HALVES: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]")
_MENTION: Final = re.compile(r"<(?=[!@#])")
_HELD: Final = re.compile("[<\ud800-\udbff]\\Z")


class Harmless:
    """Takes text in pieces; the same comes out, whatever the pieces."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """Return what is decided by now: a ``<`` waits for what follows."""
        text = _CONTROL.sub("", self._held + text)
        self._held = text[-1:] if _HELD.search(text) else ""
        return _harmless(text[: len(text) - len(self._held)])

    def close(self) -> str:
        """Return what was held back, now that nothing follows."""
        held, self._held = self._held, ""
        return _harmless(held)


def harmless(text: str) -> str:
    """Return a whole text made harmless."""
    return _harmless(_CONTROL.sub("", text))


def weight(text: str) -> int:
    """Return the length as Slack may count it: an emoji is two, ``&``, ``<`` and ``>`` written out.

    It is never less than what Slack counts, whichever way that is.
    """
    escaped = 4 * text.count("&") + 3 * (text.count("<") + text.count(">"))
    astral = 0 if text.isascii() else len(_ASTRAL.findall(text))
    return len(text) + escaped + astral


_ASTRAL: Final = re.compile("[\U00010000-\U0010ffff]")


def _harmless(text: str) -> str:
    if _HALVES.search(text):
        text = _HALVES.sub(_whole, text)
    return _MENTION.sub("<" + JOINER, text)


def _whole(found: re.Match[str]) -> str:
    """Join the two halves of a character; what has lost its other half cannot be shown."""
    return found[0].encode("utf-16", "surrogatepass").decode("utf-16", "replace")
