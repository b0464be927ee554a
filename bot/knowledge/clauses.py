"""Takes a message apart into its questions, and leaves aside what is only said around them.

The cues are English; in another language a question is known by its mark.
"""

import re
from collections.abc import Sequence

from bot.knowledge.terms import Terms

_WH = r"(?:how|what|when|where|which|who|whose|why)\b"
_DO = r"(?:can|could|do|does|did|is|are|was|were|will|would|should|may)\b"
_ASKS = rf"(?:{_WH}|{_DO})"
_SOMEBODY = r"(?:i|we|you|they|he|she|it|there|this|that|my|our|your|the|an?|any\w*|some\w*)\b"
_BEGINS = re.compile(rf"\W*{_ASKS}", re.IGNORECASE)
# Without a mark: "how do exchanges work", but neither "what a shame" nor "will wait for you".
_INVERTED = re.compile(
    rf"\W*(?:how (?!dare)|(?:what|who|which|why|where)\b(?! an? )|when {_DO}|{_DO} {_SOMEBODY})",
    re.IGNORECASE,
)
_RHETORICAL = re.compile(
    r"\W*(?:how dare|(?:what(?:'s| is| the) )(?:hell|heck|wrong with you)|do you (?:even|think)\b"
    r"|who do you think)",
    re.IGNORECASE,
)
_AND = rf"(?:(?:and|but|also|plus)\s+){{1,2}}(?={_ASKS})"
_JOINT = re.compile(rf"\s*(?:[;,]\s*|\s){_AND}", re.IGNORECASE)
_FURTHER = re.compile(rf"^{_AND}", re.IGNORECASE)
# Words that point back elsewhere, but not where they stand like this.
_POINTLESS = re.compile(
    r"(?<=\w )(?:and|or)\b|\b(?:is|would|will) it (?:be )?possible\b|\b(?:is|are) there\b",
    re.IGNORECASE,
)
# Where a sentence ends: at its stop, which is not that of "e.g." or "no. 5", at an empty line, and
# at the end of a line before a new beginning.
_CLOSING = r"[\"')\]\u2019\u201d]*"
_END = re.compile(
    rf"(?<=[?!:;\u2026]){_CLOSING}\s+"
    r"|(?<!\b[^\W\d_]\.)(?<!\b(?i:no|nr|dr|mr|ms|st|vs|ca)\.)(?<!\b(?i:mrs|etc|bzw)\.)"
    rf"(?<=\.){_CLOSING}\s+"
    r"|(?<=[\u3002\uff01\uff1f])"
    rf"|\n\s*\n\s*|\n[^\S\n]*(?=[A-Z\u00c0-\u00de]|(?i:{_ASKS}))"
)
_MARKS = ("?", "\uff1f", "\u061f")
_AFTER_MARK = " \t\r\n!.:)-\"'*_\u2019\u201d\u00bb"


def clauses(message: str, *, terms: Terms) -> Sequence[str]:
    """Return the questions of ``message``; all of it where it has none that says of what.

    One that leans on what is said just before it comes with that: "I bought a tent. Can I return
    it?" is one, and of "This is outrageous! Do you ship to France?" the second sentence is.
    """
    asked: list[str] = []
    said: list[str] = []
    for sentence in filter(str.strip, _END.split(message)):
        said.append(_FURTHER.sub("", sentence, count=1) if asked and not said else sentence)
        if _asks(said[-1]) and terms.of_question(said[-1]):
            leans = terms.leans(_POINTLESS.sub(" ", said[-1]))
            asked += _row(" ".join(said) if leans else said[-1])
            said.clear()
    return asked or [message]


def _asks(sentence: str) -> bool:
    if _RHETORICAL.match(sentence):
        return False
    return sentence.rstrip(_AFTER_MARK).endswith(_MARKS) or bool(_INVERTED.match(sentence))


def _row(question: str) -> Sequence[str]:
    """Return the parts of ``question`` where each of them asks."""
    parts = [part for part in _JOINT.split(question) if part.strip()]
    return parts if all(map(_BEGINS.match, parts)) else [question]
