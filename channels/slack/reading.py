"""Reads what Slack sends: JSON, or a form with JSON in it."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

_MOST_FIELDS = 100
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class Malformed(Exception):
    """Slack sends nothing of that shape."""


def read(body: bytes, content_type: str) -> dict[str, Any]:
    """Return what a request says.

    Raises:
        Malformed: it is not UTF-8, no JSON object, or no form as Slack fills them.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise Malformed from error
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        return read_object(text)
    if kind == "application/x-www-form-urlencoded":
        return _form(text)
    raise Malformed


def read_object(text: str) -> dict[str, Any]:
    """Return a JSON object. What cannot be kept as text in it, half a character, is replaced.

    Raises:
        Malformed: it is not JSON, or no object.
    """
    try:
        found = json.loads(text)
        if isinstance(found, dict):
            return {_whole(key): _whole(value) for key, value in found.items()}
    except (ValueError, RecursionError) as error:
        raise Malformed from error
    raise Malformed


def asks_for_nothing(body: bytes) -> bool:
    """Return whether this is the form by which Slack only tries whether the address works."""
    try:
        return _fields(body.decode("ascii")).get("ssl_check") == "1"
    except (ValueError, Malformed):
        return False


def _form(text: str) -> dict[str, Any]:
    fields = _fields(text)
    if "payload" in fields:
        return read_object(fields["payload"])
    if "command" in fields or "ssl_check" in fields:
        return dict(fields)
    raise Malformed


def _fields(text: str) -> Mapping[str, str]:
    try:
        found = parse_qs(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise Malformed from error
    if any(len(values) > 1 for values in found.values()):
        raise Malformed
    return {name: values[0] for name, values in found.items()}


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_whole(each) for each in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(each) for key, each in value.items()}
    return value
