"""Cuts prose into pieces that make sense alone: mostly sentences."""

import re
from collections.abc import Iterator, Sequence

_END = re.compile(
    r"(?<=[.!?…])[\"')\]\u2019\u201d]*\s+(?=[\"'(\[\u2018\u201c\u201e]?[^\W_a-zß-öø-ÿ])"
    r"|(?<=[\u3002\uff01\uff1f])(?=\S)"  # Chinese and Japanese put no blank after their stops
)
_SHORT_FORM = re.compile(
    r"(?:\b(?i:e\.g|i\.e|etc|vs|approx|no|nr|st|mr|mrs|ms|dr|z\. ?B)\.|\b[A-Z]\.)$"
)
_LEANS = re.compile(
    r"(?:it|its|they|this|these|those|that|then|there|he|she|but|and|or|also|so|however|otherwise"
    r"|if not|if so|until then|after that|in that case)\b",
    re.IGNORECASE,
)


def sentences(text: str) -> Sequence[str]:
    """Return the pieces of ``text``.

    A question stays with its answer, and a sentence that leans on the one before ("It works
    once.") with that one.
    """
    pieces: list[str] = []
    for sentence in _cut(text):
        if pieces and (pieces[-1].endswith("?") or _LEANS.match(sentence)):
            pieces[-1] += f" {sentence}"
        else:
            pieces.append(sentence)
    return pieces


def _cut(text: str) -> Iterator[str]:
    start = 0
    for end in _END.finditer(text):
        sentence = text[start : end.end()].strip()
        if sentence and not _SHORT_FORM.search(sentence):
            yield sentence
            start = end.end()
    if rest := text[start:].strip():
        yield rest
