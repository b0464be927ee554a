"""OpenAI's Chat Completions: what they are asked with, and how their answers are read.

The protocol: https://platform.openai.com/docs/api-reference/chat-streaming
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from bot.backends import thinking
from bot.backends.base import (
    Called,
    Finished,
    Output,
    Request,
    Said,
    StopReason,
    Text,
    Thought,
)
from bot.backends.connections import Refused
from bot.backends.events import DONE, Event
from bot.messages import ToolCall, Usage
from bot.settings import ChatSettings

Part = dict[str, Any]

PATH = "/chat/completions"

# These count reasoning into max_completion_tokens and refuse max_tokens, the only name that
# most other servers know.
_COUNTS_REASONING = re.compile(
    r"(^|\.)(api\.openai|(openai|services\.ai|cognitiveservices)\.azure)\.com$"
)

# Besides OpenAI's own words those of models behind a gateway. Gemini's, which it also writes after
# one of OpenAI's ("content_filter: SAFETY"): https://ai.google.dev/api/generate-content#FinishReason
_REASONS = {
    StopReason.REFUSAL: {
        *("content_filter", "refusal"),
        *("safety", "recitation", "language", "blocklist", "prohibited_content", "spii"),
        "model_armor",
    },
    StopReason.LENGTH: {
        *("length", "model_length", "max_tokens", "max_output_tokens"),
        "model_context_window_exceeded",
    },
    StopReason.TOOL: {"tool_calls", "function_call"},
}
_GIVEN_UP = {
    *("error", "abort", "insufficient_system_resource"),  # the last one is DeepSeek's
    *("malformed_function_call", "unexpected_tool_call", "too_many_tool_calls"),
    *("malformed_response", "missing_thought_signature", "other"),
}
_WORD = re.compile(r"[a-z_]+")


# --- The question -----------------------------------------------------------------------------


def to_body(request: Request, *, settings: ChatSettings) -> dict[str, Any]:
    """Write ``request`` as Chat Completions reads it."""
    host = urlsplit(settings.base_url or "https://api.openai.com").hostname or ""
    limit = "max_completion_tokens" if _COUNTS_REASONING.search(host) else "max_tokens"
    body: dict[str, Any] = {
        "model": settings.model,
        "messages": to_messages(request),
        limit: min(request.max_tokens or settings.max_tokens, settings.max_tokens),
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.stop:
        body["stop"] = list(request.stop)
    temperature = thinking.temperature(request, settings)
    if temperature is not None:
        body["temperature"] = temperature
    if effort := thinking.effort(request, settings):
        body["reasoning_effort"] = effort
    return body


def to_messages(request: Request) -> list[Part]:
    """Write the history; what belongs to this turn only follows the newest words.

    Providers that keep prompts do so by their first tokens, without marks.
    """
    messages: list[Part] = []
    if request.system.strip():
        messages.append({"role": "system", "content": request.system})
    for said in request.history:
        messages += _messages(said)
    if request.context.strip():
        _append(messages, request.context)
    return messages


def _append(messages: list[Part], context: str) -> None:
    if messages and messages[-1]["role"] == "user":
        messages[-1]["content"] += f"\n\n{context}"
    else:
        messages.append({"role": "user", "content": context})


def _messages(said: Said) -> Iterator[Part]:
    for result in said.results:
        yield {"role": "tool", "tool_call_id": result.call_id, "content": result.text}
    if said.calls:
        calls = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in said.calls
        ]
        yield {"role": said.role, "content": said.text or None, "tool_calls": calls}
    elif said.text.strip():
        yield {"role": said.role, "content": said.text}


# --- The answer -------------------------------------------------------------------------------


class ChatAnswer:
    """Reads the chunks of one answer."""

    def __init__(self, *, model: str) -> None:
        self._model = model
        self._reason: StopReason | None = None  # until the model has said its last
        self._usage = Usage()
        self._calls: dict[int, Part] = {}
        self._refused = False

    def read(self, event: Event) -> Iterator[Output]:
        """Give what a chunk adds to the answer; tool calls are kept until they are whole."""
        if event.name == DONE:
            self._reason = self._reason or self._meant(None)
            return
        chunk = event.data
        self._model = chunk.get("model") or self._model
        if counts := chunk.get("usage") or (chunk.get("x_groq") or {}).get("usage"):
            self._usage = _usage(counts)
        for choice in chunk.get("choices") or ():
            yield from self._choice(choice)

    def end(self) -> Iterator[Output]:
        """Give the tool calls and the end where the model told why it stopped."""
        if self._reason is None:
            return
        for _, call in sorted(self._calls.items()):
            yield Called(ToolCall(**{**call, "arguments": call["arguments"] or "{}"}))
        yield Finished(reason=self._reason, usage=self._usage, model=self._model)

    def _choice(self, choice: Part) -> Iterator[Output]:
        delta = choice.get("delta") or {}
        if thought := delta.get("reasoning_content") or delta.get("reasoning"):
            yield Thought(thought)
        yield from _content(delta.get("content") or "")
        if refusal := delta.get("refusal"):
            self._refused = True
            yield Text(refusal)
        for call in delta.get("tool_calls") or ():
            self._collect(call)
        if stopped := choice.get("finish_reason"):
            told = stop_reason(stopped, choice.get("native_finish_reason"))
            self._reason = self._meant(told)

    def _meant(self, told: StopReason | None) -> StopReason:
        if self._refused:
            return StopReason.REFUSAL
        # Some servers call tools and say "stop".
        return told or (StopReason.TOOL if self._calls else StopReason.END)

    def _collect(self, part: Part) -> None:
        """Join the parts of a call; servers differ in which of them repeat its id and name."""
        function = part.get("function") or {}
        place = part.get("index")
        call = self._calls.setdefault(
            len(self._calls) if place is None else place, {"id": "", "name": "", "arguments": ""}
        )
        call["id"] = call["id"] or part.get("id") or ""
        call["name"] = call["name"] or function.get("name") or ""
        call["arguments"] += function.get("arguments") or ""


def stop_reason(*said: object) -> StopReason | None:
    """Return why a model stopped, by the words of its server and its maker; None: as usual.

    Raises:
        Refused: one of them tells that it did not come to an end.
    """
    told = " ".join(str(each) for each in said if each)
    words = set(_WORD.findall(told.lower()))
    if words & _GIVEN_UP:
        raise Refused(None, {"message": f"The answer was given up: {told}"})
    return next((reason for reason, names in _REASONS.items() if words & names), None)


def _content(content: str | list[Part]) -> Iterator[Output]:
    """Read a text, or a list of parts as Mistral's reasoning models send."""
    if isinstance(content, str):
        if content:
            yield Text(content)
        return
    for part in content:
        if part["type"] == "text":
            yield Text(part["text"])
        elif part["type"] == "thinking":
            yield Thought("".join(thought["text"] for thought in part["thinking"]))


def _usage(counts: Part) -> Usage:
    details = counts.get("prompt_tokens_details") or {}
    return Usage(
        input=counts.get("prompt_tokens") or 0,
        output=counts.get("completion_tokens") or 0,
        cache_read=details.get("cached_tokens") or 0,
        cache_write=details.get("cache_write_tokens") or 0,
    )
