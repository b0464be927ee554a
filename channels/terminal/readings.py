"""Puts what tasks read in a turn's question and in its reply into words for people."""

from collections.abc import Sequence

from bot.messages import Reading

_LONGEST = 80  # characters; a translation may be as long as the message
_TRANSLATION = "translation"
_OF_REPLY = (_TRANSLATION, "spans")


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
