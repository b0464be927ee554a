"""Tells small talk from a question: "hi" finds no article and needs none."""

import re

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?|[👍🙏👋]")
_CALL = re.compile(
    r"^\W*(?:hello|hi|hey)?\W*(?:(?:are|is) )?(?:you|any(?:one|body)|some(?:one|body))"
    r"(?: still)?(?: (?:out|around))? ?(?:there|here)\W*$",
    re.IGNORECASE,
)
_VOCABULARY = {
    "greeting": """
        👋 hi hello hey hiya howdy greetings morning afternoon evening help question anyone
    """,
    "thanks": """
        👍 🙏 thanks thank thankyou thx ty cheers bye goodbye ok okay perfect great awesome super
        cool solved
    """,
    "filler": """
        a again all also and any are bot can could day do everything for from get good got have hear
        i i'm i've is it it's just later lot me much my need nice no now of on one please see so
        some somebody someone that that's the there this to today very want was with worked works
        would yes you your you're
    """,
}
_WORDS = {kind: frozenset(words.split()) for kind, words in _VOCABULARY.items()}
_ALL = frozenset[str]().union(*_WORDS.values())


def small_talk(text: str) -> str:
    """Return the words that answer small talk: ``greeting`` or ``thanks``; empty for a question."""
    if _CALL.search(text):
        return "greeting"
    words = {word.replace("\u2019", "'") for word in _WORD.findall(text.lower())}
    if words - _ALL:
        return ""
    if words & _WORDS["thanks"] and "?" not in text:
        return "thanks"
    return "greeting" if words & _WORDS["greeting"] else ""
