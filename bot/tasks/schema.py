"""The JSON schema of the facts that a company wants to know, and what fits it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from bot.errors import SettingsError
from bot.tasks.base import Json

DEFAULT: Final[Mapping[str, Json]] = {
    "type": "object",
    "properties": {
        "order": {
            "type": "string",
            "description": "The number of the order, as written.",
            "pattern": r"^(#[A-Za-z]{0,6}-?\d[\w-]{1,30}|[A-Z]{1,6}-?\d[\dA-Z-]{2,30}|\d{5,30})$",
        },
        "email": {
            "type": "string",
            "description": "The customer's e-mail address.",
            "format": "email",
        },
        "product": {"type": "string", "description": "The product that it is about."},
        "name": {"type": "string", "description": "The customer's name."},
        "organisation": {"type": "string", "description": "The company that they write for."},
    },
    "additionalProperties": False,
}
"""What is looked for where ``[tasks.facts]`` names no file."""


class Schema:
    """One schema; what it requires at its top is not required of a single message.

    Raises:
        ValueError: it is no JSON schema of an object with properties.
    """

    def __init__(self, schema: Mapping[str, Json]) -> None:
        import fastjsonschema  # noqa: PLC0415 - it takes a while, and most bots need it not

        if not isinstance(schema.get("properties"), Mapping):
            text = "it has no 'properties': it must be the schema of an object"
            raise ValueError(text)  # noqa: TRY004 - told like whatever else is wrong with it
        self._refused = fastjsonschema.JsonSchemaValueException
        partial = {name: part for name, part in schema.items() if name != "required"}
        try:
            self._validate = fastjsonschema.compile(partial, use_default=False)
        except (fastjsonschema.JsonSchemaException, TypeError, AttributeError) as error:
            raise ValueError(f"it is not a JSON schema: {error}") from error
        self.text = json.dumps(partial, ensure_ascii=False, indent=1)

    def proven(self, facts: Mapping[str, Any]) -> Mapping[str, Json]:
        """Return ``facts`` without what is unknown.

        Raises:
            ValueError: they do not fit; the text says where, and quotes none of them.
        """
        known = {name: value for name, value in facts.items() if value not in (None, "", [], {})}
        json.dumps(known, allow_nan=False)  # no database keeps NaN or 1e999
        try:
            self._validate(known)
        except self._refused as error:
            place = ".".join(map(str, error.path[1:])) or "the object"
            raise ValueError(f"{place}: {error.message.partition(' ')[2]}") from error
        return known


def read_schema(path: Path | None) -> Mapping[str, Json]:
    """Return the schema in ``path``, or ours.

    Raises:
        SettingsError: it cannot be read or is no schema of an object.
    """
    if path is None:
        return DEFAULT
    try:
        schema = dict(json.loads(path.read_text(encoding="utf-8")))
        Schema(schema)
    except (OSError, ValueError, TypeError) as error:
        raise SettingsError(
            f"tasks.facts.schema_file: {path} cannot be used: {error}. Correct it there."
        ) from error
    return schema
