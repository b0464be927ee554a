"""What kind of answer a question expects: a duration, an amount, a time, a place, steps, a list.

The cues are English. In another language nothing is expected, and the words alone decide.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.backends.extractive.blocks import Kind


@dataclass(frozen=True, slots=True)
class Expectation:
    """A question with ``cue`` wants words with ``sign``, or a block of one of ``kinds``.

    ``frame`` are words that go with the cue and say as little of the subject.
    """

    cue: re.Pattern[str]
    sign: re.Pattern[str] | None = None
    kinds: frozenset[Kind] = frozenset()
    frame: re.Pattern[str] | None = None

    def subject(self, question: str) -> str:
        """Return ``question`` without the words that only tell what kind of answer is wanted."""
        bare = self.cue.sub(" ", question)
        return self.frame.sub(" ", bare) if self.frame else bare

    def is_met_by(self, words: str, kind: Kind, *, heading: str) -> bool:
        """Tell whether ``words``, from a block of ``kind`` under ``heading``, are such an answer.

        "Where we ship" promises places, however they are written; steps must be some.
        """
        if kind in self.kinds or (self.sign and self.sign.search(words)):
            return True
        return not self.kinds and bool(self.cue.search(heading))


def _pattern(*choices: str) -> re.Pattern[str]:
    return re.compile("|".join(choices), re.IGNORECASE)


_SPAN = r"(?:second|minute|hour|day|week|month|year)s?\b"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_SPANS = (
    rf"(?:\d|\b(?:an?|one|two|three|few|several) )\S* ?(?:\w+ )?{_SPAN}",
    r"\b(?:same|next) (?:\w+ )?day\b|right away|at once|immediately|\bexpires?\b",
)
_TIMES = (
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b\d+(?::\d\d)? ?[ap]\.?m\b",
    rf"\b{_MONTH} \d|\d\.? {_MONTH}\b",
    r"\b(?:as soon as|until|before|after|when|once)\b",
)
_DURATION = Expectation(
    _pattern(
        rf"how (?:long|soon|fast|quick(?:ly)?)\b|how many (?:\w+ )?{_SPAN}",
        r"takes? (?:so |too )?long|expire|until when|deadline|time limit",
    ),
    _pattern(*_SPANS),
    frame=_pattern(r"\b(?:takes?|taking)\b"),
)
_AMOUNT = Expectation(
    _pattern(r"how (?:much|expensive)|\b(?:cost|price|fee|charge|rate|free|worth)s?\b"),
    _pattern(r"[$€£¥]\s?\d", r"\d\s?(?:usd|eur|gbp|dollars?|euros?|pounds?)\b", r"\bfree\b|%"),
)
_COUNT = Expectation(_pattern(r"how many\b|at (?:most|least)"), _pattern(r"\d"))
_TIME = Expectation(
    _pattern(r"\b(?:when|what time|which days?|hours)\b"), _pattern(*_TIMES, *_SPANS)
)
_PLACE = Expectation(
    _pattern(r"\b(?:where|which page|what address)\b"),
    _pattern(
        r"\u2192|\u203a|\w\.\w+/\w|\S@\S",  # the arrows of menus, addresses
        r"\b(?:open|under|select|enter|go to|links?|street|drive|road|avenue)\b",
    ),
)
_LIST = Expectation(
    _pattern(
        r"\b(?:what|which) (?:\w+ ){0,2}"
        r"(?:ways|methods|options|kinds|types|sizes|services|countries|levels|plans|items)\b"
    ),
    kinds=frozenset({Kind.TABLE, Kind.ITEMS}),
)
_STEPS = Expectation(
    _pattern(
        r"\bhow (?:do|can|to|would|should|could|does|did)\b|walk me|\bforgot(?:ten)?\b",
        r"\b(?:steps|guide|instructions)\b|\b(?:help|trouble) (?:me )?(?:with|to|\w+ing)\b",
        r"\bi(?:'d like| want| need) to\b",
        r"\b(?:can(?:'?t|not)|unable to|don'?t (?:know|remember))\b",
    ),
    _pattern(r"(?:^|[.:] )(?:open|select|click|tap|choose|enter|go to|use|visit)\b"),
    kinds=frozenset({Kind.STEPS}),
)


def expectations(question: str) -> Sequence[Expectation]:
    """Return what ``question`` expects; nothing where it has no known cue.

    Steps are expected only where nothing else is: "how do I know when" asks for a time.
    """
    expected = [
        each
        for each in (_DURATION, _AMOUNT, _COUNT, _TIME, _PLACE, _LIST)
        if each.cue.search(question)
    ]
    return expected or [each for each in (_STEPS,) if each.cue.search(question)]
