"""Finds facts by their form: what a schema's formats and patterns describe, word for word."""

import re
from collections.abc import Iterator, Mapping

from bot.tasks.base import Json

_MAIL = r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}"
_FORMATS = {
    "email": _MAIL,
    "date": r"\b\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])\b",
    "uri": r"\bhttps?://[^\s<>\"']{1,500}",
    "phone": r"(?<![\w-])\+?\d[\d /().-]{6,18}\d(?![\w-])",
}
_LONGEST = 8000  # characters
_MOST_PATTERN = 300


class RuledFacts:
    """Fills each property of the schema that has a ``format``, a ``pattern`` or an ``enum``.

    A property of which more is said keeps what was said last.
    """

    by = "rule"

    async def facts(self, text: str, schema: Mapping[str, Json]) -> Mapping[str, Json]:
        """Return what ``text`` says; what has no form, such as a name, is left to others."""
        properties = schema.get("properties")
        if not isinstance(properties, Mapping):
            return {}
        said = text[:_LONGEST]
        found = {name: _last(said, form) for name, form in properties.items()}
        return {name: value for name, value in found.items() if value is not None}


def _last(text: str, form: Json) -> Json:
    if not isinstance(form, Mapping):
        return None
    if isinstance(choices := form.get("enum"), list | tuple):
        return _chosen(text, [choice for choice in choices if isinstance(choice, str)])
    found = None
    for pattern in _patterns(form):
        for match in pattern.finditer(text):
            found = match.group()
    return found


def _chosen(text: str, choices: list[str]) -> str | None:
    said = text.casefold()
    places = {
        choice: said.rfind(choice.casefold())
        for choice in choices
        if re.search(rf"(?<!\w){re.escape(choice.casefold())}(?!\w)", said)
    }
    return max(places, key=lambda choice: places[choice], default=None)


def _patterns(form: Mapping[str, Json]) -> Iterator[re.Pattern[str]]:
    pattern = form.get("pattern")
    if isinstance(pattern, str) and len(pattern) <= _MOST_PATTERN:
        # A schema's pattern describes the whole value; here the value stands among other words.
        inner = pattern.removeprefix("^").removesuffix("$")
        yield re.compile(rf"(?<![\w-])(?:{inner})(?![\w-])")
    elif form.get("format") in _FORMATS:
        yield re.compile(_FORMATS[str(form["format"])])
