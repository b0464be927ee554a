"""Words that say when they were sent: whoever receives them knows how long they took."""

import re
import time

WORD = "t0000000000000"
_WORD = WORD.encode()
_SENT = re.compile(rb"\bt([0-9]{13})\b")


def now() -> int:
    """Return microseconds of a clock that all processes of a machine share."""
    return time.monotonic_ns() // 1000


def stamped(chunk: bytes) -> bytes:
    """Return ``chunk`` with the time in place of every ``WORD``; as long as before."""
    return chunk.replace(_WORD, b"t%013d" % now())


def sent(chunk: bytes) -> list[int]:
    """Return when each stamped word in ``chunk`` was sent."""
    return [int(stamp) for stamp in _SENT.findall(chunk)]


def paragraphs(words: int, *, each: int = 25) -> str:
    """Return so many words to be stamped, in paragraphs."""
    parts = [" ".join([WORD] * min(each, words - start)) for start in range(0, words, each)]
    return "\n\n".join(parts)
