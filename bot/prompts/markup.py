"""The tags that stand between us and a model, and how foreign words are kept from posing."""

import re
from typing import Final

from bot.thoughts import HIDDEN, MARKS

ANSWER: Final = "answer"
"""Around the words that a customer sees, where a strategy asks for reasoning first."""

UNANSWERED: Final = "unanswered"
"""The mark of an answer which says that it does not know."""

FRAMES: Final = ("passages", "passage", "examples", "example", "messages", "message", "summary")
"""Around what our templates hand to a model."""

TAGS: Final = (*HIDDEN, ANSWER, UNANSWERED, *FRAMES)

# Characters that nobody sees and that could part a tag's letters.
_UNSEEN = "[\u00ad\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff]*"
_GAP = r"[\s/\\\u00ad\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff]*"
_NAMES = "|".join(_UNSEEN.join(map(re.escape, tag)) for tag in TAGS)
_STARTS = "".join(sorted({re.escape(mark[0]) for mark in MARKS}))
_RESTS = "|".join(re.escape(mark[1:]) for mark in MARKS)
_POSING = re.compile(
    rf"[<\ufe64\uff1c](?={_GAP}(?:{_NAMES})(?![a-z]))|[{_STARTS}](?=(?-i:{_RESTS}))", re.IGNORECASE
)


def delimit(text: str) -> str:
    """Return ``text`` so that nothing in it can pose as one of our tags, or as a model's own mark.

    The ``<`` of such a tag becomes U+2039, however it is cased, spaced or closed, and so does the
    first sign of a mark; nothing else changes, and doing it again changes nothing more.
    """
    return _POSING.sub("\u2039", text)
