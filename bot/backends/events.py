"""Server-sent events whose data is JSON, read from bytes however they are cut.

The format: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_LINE_END = re.compile(r"\r\n|\n|\r")

DONE = "[DONE]"


class Garbled(ValueError):
    """An event does not hold what its format promises; the text names the place, not the data."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event. ``name`` is empty where none was sent, and ``DONE`` for OpenAI's last one."""

    name: str
    data: dict[str, Any] = field(default_factory=dict)


class EventReader:
    """Takes the bytes as they come and gives the events that are whole."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Give the events that ``chunk`` completes; Garbled where one holds no JSON object."""
        *blocks, self._rest = _BLANK_LINE.split(self._rest + chunk)
        for block in blocks:
            yield from _read(block)

    def end(self) -> Iterator[Event]:
        """Give the last event where its blank line is missing; half an event is forgotten."""
        try:
            yield from list(_read(self._rest))
        except Garbled:
            return


def _read(block: bytes) -> Iterator[Event]:
    name, data = "", []
    for line in _LINE_END.split(block.decode(errors="replace")):
        label, _, value = line.partition(":")
        if label == "event":
            name = value.removeprefix(" ")
        elif label == "data":
            data.append(value.removeprefix(" "))
    if data:
        yield _event(name, "\n".join(data))


def _event(name: str, data: str) -> Event:
    if data.strip() == DONE:
        return Event(DONE)
    try:
        value = json.loads(data)
    except ValueError as error:
        raise Garbled(f"an event of {len(data)} characters is not JSON") from error
    if not isinstance(value, dict):
        raise Garbled(f"an event holds a {type(value).__name__} where an object was expected")
    return Event(name, value)
