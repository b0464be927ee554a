"""Server-sent events, read from bytes however they are cut; the data of most is JSON.

The format: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_JSON = json.JSONDecoder()

DONE = "[DONE]"


class Garbled(ValueError):
    """An event does not hold what its format promises; the text names the place, not the data."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event. ``name`` is empty where none was sent, and ``DONE`` for OpenAI's last one."""

    name: str
    data: dict[str, Any] = field(default_factory=dict)


class EventReader:
    """Takes the bytes as they come and gives the events that are whole.

    ``understand`` makes an event of its name and its data, JSON where nothing else is said.
    """

    def __init__(self, understand: "Callable[[str, str], Event] | None" = None) -> None:
        self._understand = understand or to_event
        self._rest = b""

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Give the events that ``chunk`` completes; Garbled where one holds no JSON object."""
        came = self._rest + chunk
        # Nearly every server ends its lines in the way that is found quickest.
        *blocks, self._rest = _BLANK_LINE.split(came) if b"\r" in came else came.split(b"\n\n")
        for block in blocks:
            if event := _read(block, self._understand):
                yield event

    def end(self) -> Iterator[Event]:
        """Give the last event where its blank line is missing; half an event is forgotten."""
        try:
            event = _read(self._rest, self._understand)
        except Garbled:
            return
        if event:
            yield event


def _read(block: bytes, understand: Callable[[str, str], Event]) -> Event | None:
    name, data = b"", []
    for line in block.splitlines():
        label, _, value = line.partition(b":")
        if label == b"data":
            data.append(value.removeprefix(b" "))
        elif label == b"event":
            name = value.removeprefix(b" ")
    whole = b"\n".join(data)  # without data it is a sign of life, and no event
    return understand(_text(name).strip(), _text(whole)) if whole else None


def _text(line: bytes) -> str:
    return line.decode(errors="replace")


def to_event(name: str, data: str) -> Event:
    """Read the data as a JSON object; Garbled where it is none."""
    data = data.strip()
    if data == DONE:
        return Event(DONE)
    try:
        value, end = _JSON.raw_decode(data)
    except ValueError as error:
        raise Garbled(f"an event of {len(data)} characters is not JSON") from error
    if end < len(data):
        raise Garbled(f"an event of {len(data)} characters is more than one piece of JSON")
    if not isinstance(value, dict):
        raise Garbled(f"an event holds a {type(value).__name__} where an object was expected")
    return Event(name, value)
