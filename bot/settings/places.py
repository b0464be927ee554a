"""Finds the line on which a key of a TOML file stands, which ``tomllib`` does not tell."""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

Place = tuple[str | int, ...]


def places(text: str) -> Mapping[Place, int]:
    """Return place → line for every statement of ``text``, which is valid TOML.

    A place is the keys from the top down, as ``("router", "rules", 0, "chain")``. What stands
    deep inside an inline table or a list has no line of its own: see ``line``.
    """
    found: dict[Place, int] = {}
    table: Place = ()
    lengths: Counter[Place] = Counter()
    for number, statement in _statements(text):
        place, value = _descend(tomllib.loads(statement))
        if statement.lstrip().startswith("["):
            lengths[place] += isinstance(value, list)
            table = place = _numbered(place, lengths)
        else:
            place = table + place
        for end in range(1, len(place) + 1):
            found.setdefault(place[:end], number)
    return found


def line(place: Place, found: Mapping[Place, int]) -> int | None:
    """Return the line of ``place``, else of the nearest thing around it that has one."""
    while place:
        if place in found:
            return found[place]
        place = place[:-1]
    return None


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield each statement and its line; it is whole as soon as ``tomllib`` can read it."""
    statement, begun = "", 0
    for number, row in enumerate(text.split("\n"), 1):
        begun = begun if statement else number
        statement += row + "\n"
        try:
            says_something = bool(tomllib.loads(statement))
        except tomllib.TOMLDecodeError:
            continue  # it goes on in the next line
        if says_something:
            yield begun, statement
        statement = ""


def _descend(parsed: Mapping[str, Any]) -> tuple[Place, Any]:
    """Follow a statement's dotted key down to its value."""
    place: Place = ()
    value: Any = parsed
    while isinstance(value, dict) and len(value) == 1:
        ((key, value),) = value.items()
        place += (key,)
    return place, value


def _numbered(place: Place, lengths: Mapping[Place, int]) -> Place:
    """Say which one of a list of tables is meant: the latest."""
    numbered: Place = ()
    for end, key in enumerate(place, 1):
        numbered += (key,)
        if length := lengths.get(place[:end], 0):
            numbered += (length - 1,)
    return numbered
