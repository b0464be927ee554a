"""Says what is wrong with a ``bot.toml``: where, the value, and the cure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from bot.errors import SettingsError, nearest
from bot.settings.fields import SENTENCE
from bot.settings.places import Place, line, places
from bot.settings.reference import KINDS, model_at, written

# Their values may be, or hold, something that nobody but its owner should read.
_SECRET = re.compile(r"key|token$|secret|password|url", re.IGNORECASE)
_LONGEST_VALUE = 60

_FACTS = {
    "missing": "is missing",
    "string": "must be text in quotes",
    "path": "must be a path in quotes",
    "int": "must be a whole number",
    "float": "must be a number",
    "bool": "must be true or false",
    "tuple": 'must be a list, as ["…"]',
    "dict": "must be a table",
    "model": "must be a table",
    "finite_number": "must be a number that ends",
    "greater_than_equal": "must be at least {ge:g}",
    "greater_than": "must be more than {gt:g}",
    "less_than_equal": "must be at most {le:g}",
    "too_short": "must not be empty",
    "literal_error": "must be {expected}",
    "string_pattern_mismatch": "must be the name of a variable, not its value",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that must be changed."""

    place: Place
    text: str


def refused(file: Path, text: str, data: Any, problems: Iterable[Problem]) -> SettingsError:
    """Return one error that tells of all ``problems``, in the order of the file's lines."""
    found = places(text)
    rows = sorted(
        (line(problem.place, found) or 0, _row(problem, data)) for problem in set(problems)
    )
    return SettingsError(
        "The settings cannot be used:"
        + "".join(f"\n  {file}{f':{number}' if number else ''}: {row}" for number, row in rows)
    )


def from_pydantic(error: ErrorDetails, data: Any) -> Problem:
    """Return what pydantic found, in our words."""
    place: Place = error["loc"]
    match place:
        case ("backends", name, _kind, *rest):  # pydantic names the kind in between
            place = ("backends", name, *rest)
        case (*table, "[key]"):  # so pydantic says that a key itself is wrong
            place = tuple(table)
    kind = error["type"]
    if kind == "extra_forbidden":
        return unknown_key(place, data)
    if kind.startswith("union_tag"):
        given = str(error.get("ctx", {}).get("tag", ""))
        fact = "there is no such kind of backend" if given else "is missing"
        return Problem(
            place=(*place, "kind"),
            text=f"{fact}. Known kinds: {', '.join(KINDS)}.{nearest(given, KINDS)}",
        )
    if kind == SENTENCE:
        return Problem(place=place, text=error["msg"])
    if kind == "literal_error":
        known = re.findall(r"'([^']+)'", error["ctx"]["expected"])
        return Problem(place=place, text=f"{_fact(error)}.{nearest(str(error['input']), known)}")
    return Problem(place=place, text=f"{_fact(error)}{_example(place, data)}.")


def unknown_key(place: Place, data: Any) -> Problem:
    """Return the problem of a key that nothing reads."""
    section, key = model_at(place[:-1], data), str(place[-1])
    if place[:1] == ("backends",) and re.search(r"key|token|secret", key):
        return Problem(
            place=place,
            text="keys do not belong into this file. Put it into the environment or the secrets "
            "file, and its name into key_env.",
        )
    known = list(section.model_fields) if section else []
    text = f"there is no such key. Known keys: {', '.join(known)}.{nearest(key, known)}"
    return Problem(place=place, text=text)


def _fact(error: ErrorDetails) -> str:
    kind = error["type"]
    fact = _FACTS.get(kind) or _FACTS.get(kind.split("_")[0])
    return fact.format_map(error.get("ctx", {})) if fact else error["msg"].lower()


def _example(place: Place, data: Any) -> str:
    """Return the default as an example, where the key has one that helps."""
    section: type[BaseModel] | None = model_at(place[:-1], data)
    field = section.model_fields.get(str(place[-1])) if section else None
    default = field.get_default() if field else None
    return f", for example {written(default)}" if isinstance(default, str | int | float) else ""


def _row(problem: Problem, data: Any) -> str:
    name = "".join(
        f"[{key}]" if isinstance(key, int) else f".{_short(str(key))}" for key in problem.place
    ).lstrip(".")
    return f"{name}{_value(problem.place, data)}: {problem.text}"


def _value(place: Place, data: Any) -> str:
    """Return `` = value`` where the file has one at ``place`` that may be shown."""
    value = data
    for key in place:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return ""
    if isinstance(value, Mapping) or any(_SECRET.search(str(key)) for key in place[-1:]):
        return ""
    return f" = {_short(written(value))}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
