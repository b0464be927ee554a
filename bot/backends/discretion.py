"""Takes keys and customers' words out of what a provider said, so that it can be logged."""

import re
from collections.abc import Iterable, Iterator

from bot.backends.base import Request

_KEY = re.compile(r"\b(?:sk|gsk|rk|pk|xai|hf|r8|key|AIza)[-_]?[\w*-]{12,}", re.IGNORECASE)
_WORD = re.compile(r"\w(?:[\w@.+-]*\w)?")
_RUN = 3
_LONGEST = 300


def discreet(message: str, *, key: str | None, request: Request) -> str:
    """Return ``message`` on one short line, without keys and without words of the conversation.

    Servers may quote the request that they refuse. Three words in a row that the conversation
    has too, or one with a digit or an @ in it, give way to dots.
    """
    if key:
        message = message.replace(key, "***")
    line = _KEY.sub("***", " ".join(message.split()))
    hidden = _hidden(line, _Spoken(request))
    line = re.sub(r"…(?:\W*…)+", "…", _without(line, hidden))
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1].rstrip() + "…"


class _Spoken:
    """The words of a conversation: their runs of three, and those that stand out alone."""

    def __init__(self, request: Request) -> None:
        self.runs: set[tuple[str, ...]] = set()
        self.alone: set[str] = set()
        said = (step.text for step in request.history)  # what is older is summed up in system
        for text in (request.system, *said, request.question, request.context):
            words = [word.group().lower() for word in _WORD.finditer(text)]
            self.runs.update(_runs(words))
            self.alone.update(filter(_stands_out, words))


def _runs(words: list[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(_RUN)), strict=False)


def _stands_out(word: str) -> bool:
    return len(word) > _RUN and any(sign.isdigit() or sign == "@" for sign in word)


def _hidden(line: str, spoken: _Spoken) -> list[re.Match[str]]:
    found = list(_WORD.finditer(line))
    words = [word.group().lower() for word in found]
    places = {place for place, word in enumerate(words) if word in spoken.alone}
    for place, run in enumerate(_runs(words)):
        if run in spoken.runs:
            places.update(range(place, place + _RUN))
    return [found[place] for place in sorted(places)]


def _without(line: str, words: Iterable[re.Match[str]]) -> str:
    kept, end = [], 0
    for word in words:
        kept += [line[end : word.start()], "…"]
        end = word.end()
    return "".join([*kept, line[end:]])
