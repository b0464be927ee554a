"""Claude, at Anthropic or in a cloud, and every server that speaks its Messages API.

The protocol: https://platform.claude.com/docs/en/build-with-claude/streaming
"""

import json
import re
from collections.abc import AsyncGenerator, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.backends import clouds
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
from bot.backends.connections import (
    CONNECT_SECONDS,
    READ_SECONDS,
    Connection,
    SdkConnection,
    plain_key,
    require,
)
from bot.backends.events import Event, EventReader
from bot.backends.failures import Failures
from bot.backends.wire import Wire
from bot.messages import ToolCall, Usage
from bot.settings import AnthropicSettings, BedrockSettings, ClaudeSettings, VertexSettings

if TYPE_CHECKING:
    import httpx2

Block = dict[str, Any]

_ADDRESSES = {
    "anthropic": "https://api.anthropic.com",
    "bedrock": "bedrock-runtime.amazonaws.com",
    "vertex": "aiplatform.googleapis.com",
}
_PACKAGES = {
    "anthropic": [("anthropic", "anthropic")],
    "bedrock": [("anthropic", "anthropic"), ("boto3", "'frontdesk[bedrock]'")],
    "vertex": [
        ("anthropic", "anthropic"),
        ("google.auth", "'frontdesk[vertex]'"),
        ("requests", "'frontdesk[vertex]'"),
    ],
}
_CREDENTIALS = {
    "anthropic": "the key in {key_env}",
    "bedrock": "the key in {key_env} or your AWS credentials",
    "vertex": "the key in {key_env} or your Google credentials",
}
_MARK = {"type": "ephemeral"}

# Models that think unless they are told otherwise, and how each is told; others think only on
# demand, or cannot be kept from it.
_UNTHINKING = {
    "claude-sonnet-5-5": "between_tools",
    "claude-sonnet-5": "disabled",
    "claude-opus-5": "disabled",
}
# Models that think as hard as they are told, from Claude 4.6 on.
_THINKS = re.compile(r"claude-[a-z]+-(4-[6-9]|[5-9])(?!\d)")
# Clouds put a region before a model's name, and a version or a date behind it.
_NAME = re.compile(r"claude-[a-z0-9-]+?(?=-\d{8}|-v\d|[@:]|$)")

_REASONS = {
    "max_tokens": StopReason.LENGTH,
    "model_context_window_exceeded": StopReason.LENGTH,
    "tool_use": StopReason.TOOL,
    "refusal": StopReason.REFUSAL,
}


class AnthropicBackend:
    """Streams Claude's answers. The prompt's stable part carries the cache marks."""

    writes = True

    def __init__(
        self,
        *,
        name: str,
        settings: AnthropicSettings | BedrockSettings | VertexSettings,
        key: str | None,
        http_client: "httpx2.AsyncClient | None" = None,
    ) -> None:
        self.name = name
        self.model = settings.model
        self._address = settings.base_url or _ADDRESSES[settings.kind]
        self.provider = urlsplit(settings.base_url or "").hostname or settings.kind
        self._settings = settings
        self._key = plain_key(key, name=settings.key_env) if key else None
        self._http_client = http_client
        for package, install in _PACKAGES[settings.kind]:
            require(package, backend=settings.kind, install=install)
        self._wire = Wire(
            connect=self._connect,
            failures=Failures(
                backend=name,
                address=self._address,
                credentials=_CREDENTIALS[settings.kind].format(key_env=settings.key_env),
                key=self._key,
            ),
            loggers=["anthropic", "botocore", "google"],
            reader=clouds.FrameReader if settings.kind == "bedrock" else EventReader,
        )

    @property
    def thinks(self) -> bool:
        """Whether the model can be told how hard to think."""
        return _can_think(self._settings)

    def stream(self, request: Request) -> AsyncGenerator[Output]:
        """Ask Claude once, and give the answer as it comes."""
        body = to_body(request, settings=self._settings)
        return self._wire.stream(body, request=request, answer=_Answer(model=self.model))

    def warm(self) -> None:
        """Import the SDK ahead of the first question; takes a second or two of a thread."""
        self._wire.open()

    async def close(self) -> None:
        """Let go of connections; safe to call twice."""
        await self._wire.close()

    def _connect(self) -> Connection:
        import anthropic  # noqa: PLC0415 - takes a second

        options: dict[str, Any] = {
            "max_retries": 0,
            "timeout": anthropic.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            "http_client": self._http_client,
        }
        match self._settings:
            case BedrockSettings() as amazon:
                return clouds.bedrock(amazon, key=self._key, options=options)
            case VertexSettings() as google:
                return clouds.vertex(google, key=self._key, options=options)
        client = anthropic.AsyncAnthropic(
            api_key=self._key or "none", base_url=self._address, **options
        )
        return SdkConnection(sdk=anthropic, client=client, path=clouds.PATH)


# --- The question -----------------------------------------------------------------------------


def to_body(request: Request, *, settings: ClaudeSettings) -> dict[str, Any]:
    """Write ``request`` as the Messages API reads it."""
    body: dict[str, Any] = {
        "model": settings.model,
        "max_tokens": min(request.max_tokens or settings.max_tokens, settings.max_tokens),
        "messages": to_messages(request),
        "stream": True,
        **_thinking(request, settings),
    }
    if request.system.strip():
        body["system"] = [{"type": "text", "text": request.system, "cache_control": _MARK}]
    if request.stop:
        body["stop_sequences"] = list(request.stop)
    temperature = _temperature(request, settings)
    if temperature is not None:
        body["temperature"] = temperature
    return body


def _temperature(request: Request, settings: ClaudeSettings) -> float | None:
    """Return the request's own temperature, which a model that thinks does not take."""
    if request.effort and _can_think(settings):
        return None
    if request.temperature is None or settings.effort:
        return settings.temperature
    return min(request.temperature, 1.0)


def _can_think(settings: ClaudeSettings) -> bool:
    return bool(settings.effort or _THINKS.search(settings.model))


def _thinking(request: Request, settings: ClaudeSettings) -> dict[str, Any]:
    effort = (_can_think(settings) and request.effort) or settings.effort
    if effort:
        return {
            "thinking": {"type": "adaptive", "display": "summarized"},
            "output_config": {"effort": effort},
        }
    named = _NAME.search(settings.model)
    unthinking = _UNTHINKING.get(named[0]) if named else None
    return {"thinking": {"type": unthinking}} if unthinking else {}


def to_messages(request: Request) -> list[Block]:
    """Write the history, then what belongs to this turn only.

    The customer's newest two steps carry cache marks: the newer one keeps this request's prefix,
    the older one finds the prefix that the request before kept.
    """
    messages: list[Block] = [
        {"role": said.role, "content": blocks}
        for said in request.history
        if (blocks := _blocks(said))
    ]
    asked = [message for message in messages if message["role"] == "user"]
    for message in asked[-2:]:
        message["content"][-1]["cache_control"] = _MARK
    if request.context.strip():
        _append(messages, {"type": "text", "text": request.context})
    return messages


def _append(messages: list[Block], block: Block) -> None:
    if messages and messages[-1]["role"] == "user":
        messages[-1]["content"].append(block)
    else:
        messages.append({"role": "user", "content": [block]})


def _blocks(said: Said) -> list[Block]:
    # The API refuses a blank block.
    words: list[Block] = [{"type": "text", "text": said.text}] if said.text.strip() else []
    if not said.calls and not said.results:
        return words
    results = [
        {
            "type": "tool_result",
            "tool_use_id": result.call_id,
            "content": result.text,
            "is_error": result.failed,
        }
        for result in said.results
    ]
    calls = [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": _arguments(call)}
        for call in said.calls
    ]
    return [*results, *words, *calls]


def _arguments(call: ToolCall) -> dict[str, Any]:
    """Read what a model wrote; the API takes nothing but an object."""
    try:
        value = json.loads(call.arguments)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


# --- The answer -------------------------------------------------------------------------------


class _Answer:
    """Reads the events of one answer."""

    def __init__(self, *, model: str) -> None:
        self._model = model
        self._reason: StopReason | None = None  # until the model has said its last
        self._counts: dict[str, int] = {}
        self._call: Block | None = None
        self._arguments = ""

    def read(self, event: Event) -> Iterator[Output]:
        """Give what ``event`` adds to the answer; kinds that are not known add nothing."""
        match event.data["type"]:
            case "message_start":
                self._model = event.data["message"]["model"]
                self._count(event.data["message"]["usage"])
            case "content_block_start":
                yield from self._start(event.data["content_block"])
            case "content_block_delta":
                yield from self._delta(event.data["delta"])
            case "content_block_stop":
                yield from self._stop()
            case "message_delta":
                self._count(event.data.get("usage") or {})
                if stopped := event.data["delta"].get("stop_reason"):
                    self._reason = _REASONS.get(stopped, StopReason.END)

    def end(self) -> Iterator[Output]:
        """Give the end where the model told why it stopped."""
        if self._reason:
            yield Finished(reason=self._reason, usage=self._usage(), model=self._model)

    def _usage(self) -> Usage:
        """Add what the API tells apart: our input includes the cached tokens."""
        read = self._counts.get("cache_read_input_tokens", 0)
        written = self._counts.get("cache_creation_input_tokens", 0)
        return Usage(
            input=self._counts.get("input_tokens", 0) + read + written,
            output=self._counts.get("output_tokens", 0),
            cache_read=read,
            cache_write=written,
        )

    def _count(self, usage: Block) -> None:
        """Keep the newest counts: each one covers the whole answer so far."""
        self._counts |= {name: count for name, count in usage.items() if isinstance(count, int)}

    def _start(self, block: Block) -> Iterator[Output]:
        if block["type"] == "tool_use":
            self._call, self._arguments = block, ""
        elif block["type"] == "text" and block["text"]:
            yield Text(block["text"])
        elif block["type"] == "thinking" and block["thinking"]:
            yield Thought(block["thinking"])

    def _delta(self, delta: Block) -> Iterator[Output]:
        match delta["type"]:
            case "text_delta" if delta["text"]:
                yield Text(delta["text"])
            case "thinking_delta" if delta["thinking"]:
                yield Thought(delta["thinking"])
            case "input_json_delta":
                self._arguments += delta["partial_json"]

    def _stop(self) -> Iterator[Output]:
        if call := self._call:
            self._call = None
            arguments = self._arguments or json.dumps(call.get("input") or {})
            yield Called(ToolCall(id=call["id"], name=call["name"], arguments=arguments))
