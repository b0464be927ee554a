"""The promise of a backend, and the values that it speaks in."""

from collections.abc import AsyncGenerator, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol, runtime_checkable

from bot.messages import Passage, Reading, Sealed, ToolCall, ToolResult, Usage

Effort = Literal["low", "medium", "high"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One step of the history as a model reads it.

    A step of the assistant may carry ``calls``; the step after it then carries their ``results``.
    ``sealed`` is what a backend gave with what the assistant says; each takes but its own.
    """

    role: Literal["user", "assistant"]
    text: str
    calls: tuple[ToolCall, ...] = ()
    results: tuple[ToolResult, ...] = ()
    sealed: tuple[Sealed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a model is asked.

    ``system`` and ``history`` repeat from turn to turn, byte for byte, and end in the customer's
    newest words; ``context`` belongs to this turn only and is sent after them: a backend puts its
    cache marks before it. ``question`` and ``passages`` (numbered from 1) are for backends that
    quote instead of write. ``max_tokens`` bounds the answer, reasoning included, below what the
    backend's own settings allow. ``temperature`` takes the place of the backend's own, where it
    can be set at all: many samples of one answer need a higher one, a judge a lower one. So does
    ``effort``, how hard the model thinks before it writes: see ``Thinks``.
    """

    system: str
    history: tuple[Said, ...]
    context: str
    question: str
    passages: tuple[Passage, ...] = ()
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    temperature: float | None = None
    effort: Effort | None = None


class StopReason(StrEnum):
    """Why a model stopped."""

    END = "end"
    LENGTH = "length"  # cut at max_tokens
    TOOL = "tool"  # wants a tool
    REFUSAL = "refusal"  # declined by the model or its provider's filter


@dataclass(frozen=True, slots=True)
class Text:
    """Some more of the answer, as the model wrote it."""

    text: str


@dataclass(frozen=True, slots=True)
class Thought:
    """Some more of the provider's own thinking; never shown to a customer."""

    text: str


@dataclass(frozen=True, slots=True)
class Called:
    """A whole tool call."""

    call: ToolCall


@dataclass(frozen=True, slots=True)
class Noted:
    """What a backend read on its way to the answer, for the audit; never shown to a customer."""

    reading: Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The end of an answer. ``model`` is the one that the provider says it used.

    ``sealed`` is what the backend wants back with this answer in later requests.
    """

    reason: StopReason
    usage: Usage
    model: str
    sealed: Sealed | None = None


Output = Text | Thought | Called | Noted | Finished


class Backend(Protocol):
    """One way to reach a model.

    ``name`` is its name in ``bot.toml``, ``provider`` the one that prices are kept for. ``writes``
    is False for one that can only quote the passages: it follows no instructions, so it is asked
    for no summary and its answer holds no reasoning.
    """

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> str: ...

    @property
    def provider(self) -> str: ...

    @property
    def writes(self) -> bool: ...

    def stream(self, request: Request) -> AsyncGenerator[Output]:
        """Answer ``request`` in pieces; the last one, and only it, is ``Finished``.

        Closing the iterator ends the request. Asks once: retries live in the router.

        Raises:
            BackendBusy: it may work in a moment.
            BackendUnavailable: this request will not be answered; another backend may.
            BackendMisconfigured: nothing will be answered until the settings change.
        """
        ...

    async def close(self) -> None:
        """Let go of connections; safe to call twice."""
        ...


@runtime_checkable
class Queued(Protocol):
    """A backend in this process that answers so many at a time, and has the others wait."""

    @property
    def waiting(self) -> int:
        """How many answers have not begun."""
        ...


@runtime_checkable
class Warmed(Protocol):
    """A backend that takes seconds to begin, and can be made to begin before it is asked."""

    def warm(self) -> None:
        """Load what the first answer needs; takes seconds of a thread, and may raise."""
        ...


@runtime_checkable
class Frames(Protocol):
    """A backend that writes requests anew, for a model that was never taught to chat."""

    @property
    def frames(self) -> Collection[str]:
        """The templates that it may do so with; none where its model was taught to."""
        ...


@runtime_checkable
class Thinks(Protocol):
    """A backend whose model may be told by a request how hard to think."""

    @property
    def thinks(self) -> bool:
        """Whether its model can be told."""
        ...
