"""Hears from its words whether a customer is upset, in English and in German.

Nobody is called upset for a broken zip: only for what people say of the service or of themselves.
What is said with "not" before it, or with "no" as in "no hurry", does not count. A false alarm
costs more than a missed one: the score says how sure it is, and one strong phrase is needed, or
two weak signs.
"""

import re
from collections.abc import Iterator

from bot.tasks.base import Mood
from bot.tasks.rules import phrases

# Just before a phrase they turn it round; "not only" does not.
_NEGATED = re.compile(
    r"\b(?:not|n'?t|never|no|isn'?t|wasn'?t|don'?t|hardly|nicht|kein\w*|nie|weder)"
    r"(?!\s+(?:only|just|nur))\s+(?:\w+\s+){0,2}$"
)
_SHOUTED = re.compile(r"\b[A-ZÄÖÜ]{3,}\b")
_URGED = re.compile(r"[!?]{3,}|!\s*!\s*!")
_QUOTED = re.compile(
    r'^\s*>.*$|"[^"]{0,300}"|[\u201c\u201e][^\u201c\u201d]{0,300}[\u201c\u201d]', re.MULTILINE
)
_LONGEST = 4000  # characters
_SHOUTED_WORDS, _SHOUTED_SHARE = 3, 0.6
_STRONG_WEIGHT, _WEAK_WEIGHT, _ENOUGH = 2, 1, 2


def _any(patterns: str) -> re.Pattern[str]:
    alternatives = "|".join(line.strip() for line in patterns.splitlines() if line.strip())
    return re.compile(rf"\b(?:{alternatives})(?!\w)")


_STRONGLY, _HAPPILY = _any(phrases.STRONG), _any(phrases.CONTENT)
_WEAKLY = tuple(_any(sign) for sign in phrases.WEAK.split("\n\n"))


class RuledMoods:
    """Upset, content or neutral; of other languages than its two it hears shouting at most."""

    by = "rule"

    async def mood(self, text: str) -> Mood | None:
        """Return the mood; its score is 0.7 for two weak signs and nears 1 with more."""
        plain = _QUOTED.sub(" ", text[:_LONGEST])
        words = " ".join(plain.lower().replace("\u2019", "'").split())
        anger = sum(_signs(plain, words))
        if anger >= _ENOUGH:
            return Mood("upset", 1 - 0.6 / anger)
        if not anger and any(_meant(_HAPPILY, words)):
            return Mood("content", 0.7)
        return Mood("neutral")


def _signs(text: str, words: str) -> Iterator[int]:
    yield _STRONG_WEIGHT * sum(_meant(_STRONGLY, words))
    for sign in _WEAKLY:
        yield _WEAK_WEIGHT * any(_meant(sign, words))
    yield _WEAK_WEIGHT * bool(_URGED.search(text))
    yield _WEAK_WEIGHT * _shouts(text)


def _meant(phrases: re.Pattern[str], words: str) -> Iterator[bool]:
    """Tell of each phrase that is found whether it is said without a "not" before it."""
    for found in phrases.finditer(words):
        yield not _NEGATED.search(words, max(0, found.start() - 30), found.start())


def _shouts(text: str) -> bool:
    shouted = _SHOUTED.findall(text)
    letters = sum(map(str.isalpha, text))
    return len(shouted) >= _SHOUTED_WORDS and sum(map(len, shouted)) >= _SHOUTED_SHARE * letters
