"""Reads what a model wrote in a hidden step, whatever stands around it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeGuard, TypeVar

from bot.strategies.base import Nonsense
from bot.strategies.reader import Reader

Value = TypeVar("Value")

_DECODER = json.JSONDecoder()
_MOST_PLACES = 200  # at which JSON may begin; more of them are no answer but noise


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a customer would see of a whole answer, and whether it says that it does not know.

    ``unopened`` is the mark that would have opened a thought which the answer only closes.
    """

    text: str
    unanswered: bool
    unopened: str = ""


def seen(written: str, *, tagged: bool = False) -> Seen:
    """Return what a customer would see of ``written``."""
    reader = Reader(tagged=tagged)
    text = reader.feed(written) + reader.close()
    return Seen(text=text, unanswered=reader.unanswered, unopened=reader.unopened)


def json_value(
    written: str, opening: str, fits: Callable[[Any], TypeGuard[Value]], *, wanted: str
) -> Value:
    """Return the first JSON value in ``written`` that begins with ``opening`` and fits.

    What it only considered, in hidden tags, counts where it says nothing else.

    Raises:
        Nonsense: there is none; it says that ``wanted`` was wanted.
    """
    for text in (seen(written).text, written):
        for value in _values(text, opening):
            if fits(value):
                return value
    raise Nonsense(f"it holds no {wanted}")


def _values(text: str, opening: str) -> Iterator[Any]:
    place = -1
    for _ in range(_MOST_PLACES):
        place = text.find(opening, place + 1)
        if place < 0:
            return
        try:
            yield _DECODER.raw_decode(text, place)[0]
        except (ValueError, RecursionError):
            continue
