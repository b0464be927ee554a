"""Puts what tasks read in a turn's question and in its reply into words for people."""

import re
from collections.abc import Iterator, Sequence

from bot.messages import Reading

_LONGEST = 80  # characters; a translation may be as long as the message
_TRANSLATION = "translation"
_OF_REPLY = (_TRANSLATION, "spans")
_NEXT_FACT = re.compile(r", (?=[\w-]+: )")


def split(readings: Sequence[Reading]) -> tuple[Sequence[Reading], Sequence[Reading]]:
    """Return what was read in a turn's question, and what in its reply.

    The question is what a turn translates first, and only once.
    """
    first = next((at for at, each in enumerate(readings) if each.task == _TRANSLATION), None)
    late = {at for at, each in enumerate(readings) if each.task in _OF_REPLY} - {first}
    of_reply = [each for at, each in enumerate(readings) if at in late]
    return [each for at, each in enumerate(readings) if at not in late], of_reply


def shows(reading: Reading) -> bool:
    """Whether it came to something, or failed to: a task that found nothing says nothing."""
    return bool(reading.value or reading.error)


def to_words(reading: Reading, *, what: str = "question") -> str:
    """Return what was read, or why nothing was, on one line, cut where it is long.

    ``what`` was read: the ``question``, or the ``reply``.
    """
    if reading.task == _TRANSLATION:
        return _translated(reading, what)
    if reading.error:
        return f"{reading.task} not read: {reading.error}"
    score = "" if reading.score is None else f" {reading.score:.2f}"
    return f"{reading.task} {_brief(reading.value)}{score}"


def in_full(reading: Reading, *, what: str = "question") -> str:
    """Return the same with who read it, and how long that took."""
    found = to_words(reading, what=what) if shows(reading) else f"{reading.task}: nothing"
    return f"{found}, by {reading.by or 'nobody'} in {_took(reading.seconds)}"


def in_brief(readings: Sequence[Reading], *, what: str) -> list[list[str]]:
    """Return the same for whoever reads many: lines of what may stand side by side.

    A mood tells how sure it is. Nobody need hear of a neutral one.
    """
    shown = [reading for reading in readings if shows(reading)]
    short = [part for each in shown if each.task not in _OF_REPLY for part in _parts(each)]
    apart = [[to_words(each, what=what)] for each in shown if each.task in _OF_REPLY]
    return [[f"read: {short[0]}", *short[1:]], *apart] if short else apart


def _parts(reading: Reading) -> Iterator[str]:
    if reading.error:
        yield to_words(reading)
    elif reading.task == "facts":
        for fact in _NEXT_FACT.split(reading.value):
            yield _brief(fact.replace(": ", " ", 1))
    elif reading.task != "sentiment":
        yield f"{reading.task} {_brief(reading.value)}"
    elif reading.value != "neutral":
        yield to_words(reading).removeprefix("sentiment ")


def _translated(reading: Reading, what: str) -> str:
    if reading.error:
        return f"{what} not translated: {reading.error}"
    # What a reply was translated into stands there as the reply: this is what it was.
    label = "reply before its translation" if what == "reply" else f"{what} translated"
    return f"{label} {_brief(reading.value)}"


def _brief(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _took(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"
