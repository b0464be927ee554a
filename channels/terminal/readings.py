"""Puts what a task read in a customer's words into words for people."""

from bot.messages import Reading

_LONGEST = 80  # characters; a translation may be as long as the message


def shows(reading: Reading) -> bool:
    """Whether it came to something, or failed to: a task that found nothing says nothing."""
    return bool(reading.value or reading.error)


def to_words(reading: Reading) -> str:
    """Return what was read, or why nothing was, on one line, cut where it is long."""
    if reading.error:
        return f"{reading.task} not read: {reading.error}"
    score = "" if reading.score is None else f" {reading.score:.2f}"
    value = " ".join(reading.value.split())
    value = value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1]}…"
    return f"{reading.task} {value}{score}"


def in_full(reading: Reading) -> str:
    """Return the same with who read it, and how long that took."""
    found = to_words(reading) if shows(reading) else f"{reading.task}: nothing"
    return f"{found}, by {reading.by or 'nobody'} in {_took(reading.seconds)}"


def _took(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"
