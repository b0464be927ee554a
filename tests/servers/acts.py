"""What a local server may be told to do with a request: answer, fail in mid-answer, refuse."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bot.messages import ToolCall, Usage

_USAGE = Usage(input=20, output=10)


class Fault(StrEnum):
    """What goes wrong in the middle of an answer."""

    CUT = "the line breaks"
    SHORT = "the body ends properly, but too early"
    ERROR = "an error event comes"
    SILENCE = "nothing more comes"
    GARBAGE = "an event holds half a piece of JSON"
    STRANGE = "an event holds JSON of an unknown shape"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer of a model. Its texts are cut behind each word.

    ``stop`` is the protocol's own word for why it ended, by default the usual one. With a
    ``fault``, things go wrong after ``after`` events.
    """

    text: str = ""
    thinking: str = ""
    calls: Sequence[ToolCall] = ()
    stop: str | None = None
    usage: Usage = _USAGE
    fault: Fault | None = None
    after: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An error answer. ``body`` is the protocol's own for ``status`` where it is None."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Bytes that a real server sent, in pieces cut where one likes."""

    pieces: Sequence[bytes]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": EVENTS})


Act = Answer | Refusal | Recording

EVENTS = "text/event-stream; charset=utf-8"
JSON = "application/json"


def words(text: str) -> list[str]:
    """Cut ``text`` behind its words; joined again, they are the text."""
    return re.findall(r"\S*\s+|\S+", text)
