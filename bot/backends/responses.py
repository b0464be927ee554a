"""OpenAI's Responses API: what it is asked with, and how its answers are read.

The protocol: https://platform.openai.com/docs/api-reference/responses-streaming
Reasoning sent back: https://platform.openai.com/docs/guides/reasoning#encrypted-reasoning-items
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

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
from bot.backends.connections import Connection, Refused, Response
from bot.backends.events import Event
from bot.messages import Sealed, ToolCall, Usage
from bot.settings import ChatSettings

Item = dict[str, Any]

PATH = "/responses"

_LEAST_TOKENS = 16  # the API refuses less
_REASONS = {"max_output_tokens": StopReason.LENGTH, "content_filter": StopReason.REFUSAL}


# --- The question -----------------------------------------------------------------------------


def to_body(request: Request, *, settings: ChatSettings, of: str) -> dict[str, Any]:
    """Write ``request`` as the Responses API reads it; nothing is kept at the provider.

    ``of`` names the model whose sealed reasoning goes back to it.
    """
    limit = min(request.max_tokens or settings.max_tokens, settings.max_tokens)
    body: dict[str, Any] = {
        "model": settings.model,
        "input": to_items(request, of=of),
        "max_output_tokens": max(limit, _LEAST_TOKENS),
        "stream": True,
        "store": False,
        "include": ["reasoning.encrypted_content"],
    }
    if request.system.strip():
        body["instructions"] = request.system
    temperature = thinking.temperature(request, settings)
    if temperature is not None:
        body["temperature"] = temperature
    if effort := thinking.effort(request, settings):
        body["reasoning"] = {"effort": effort, "summary": "auto"}
    return body


def to_items(request: Request, *, of: str) -> list[Item]:
    """Write the history; what belongs to this turn only follows the newest words."""
    items = [item for said in request.history for item in _items(said, of)]
    if request.context.strip():
        _append(items, request.context)
    return items


def _append(items: list[Item], context: str) -> None:
    if items and items[-1].get("role") == "user":
        items[-1]["content"] += f"\n\n{context}"
    else:
        items.append({"role": "user", "content": context})


def _items(said: Said, of: str) -> Iterator[Item]:
    for result in said.results:
        output = {"call_id": result.call_id, "output": result.text}
        yield {"type": "function_call_output", **output}
    if said.text.strip() or said.calls:
        # Reasoning is refused without the words or the call that it led to.
        for sealed in said.sealed:
            if sealed.of == of:
                yield from json.loads(sealed.value)
    if said.text.strip():
        yield {"role": said.role, "content": said.text}
    for call in said.calls:
        called = {"call_id": call.id, "name": call.name, "arguments": call.arguments}
        yield {"type": "function_call", **called}


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetful:
    """Asks again without sealed reasoning where the provider cannot open it any more.

    It is bound to the organisation of the key: with another one every later turn of a
    conversation would fail.
    """

    connection: Connection

    async def ask(self, body: Mapping[str, Any]) -> Response:
        """Send a question and return the answer."""
        try:
            return await self.connection.ask(body)
        except Refused as error:
            if "encrypted" not in json.dumps(error.body, default=str):
                raise
        kept = [item for item in body["input"] if item.get("type") != "reasoning"]
        return await self.connection.ask({**body, "input": kept})

    async def close(self) -> None:
        """Hang up."""
        await self.connection.close()


# --- The answer -------------------------------------------------------------------------------


class ResponsesAnswer:
    """Reads the events of one answer."""

    def __init__(self, *, model: str, of: str) -> None:
        self._model = model
        self._of = of
        self._reason: StopReason | None = None  # until the model has said its last
        self._usage = Usage()
        self._reasoning_tokens = 0
        self._kept: list[Item] = []
        self._called = False
        self._refused = False
        self._speaking: int | None = None  # the message that said its words last

    def read(self, event: Event) -> Iterator[Output]:
        """Give what ``event`` adds to the answer; kinds that are not known add nothing."""
        data = event.data
        match data["type"]:
            case "response.output_item.done":
                yield from self._item(data["item"])
            case "response.completed" | "response.incomplete":
                self._finish(data["response"])
            case "response.failed":
                raise Refused(None, {"error": data["response"]["error"]})
            case "error":
                raise Refused(None, {"error": {**data, "type": None}})
            case str(kind):
                yield from self._more(kind, data)

    def _more(self, kind: str, data: Item) -> Iterator[Output]:
        match kind:
            case "response.output_text.delta" if data["delta"]:
                yield self._text(data)
            case "response.refusal.delta" if data["delta"]:
                self._refused = True
                yield self._text(data)
            case "response.reasoning_summary_text.delta" if data["delta"]:
                yield Thought(data["delta"])
            case "response.reasoning_text.delta" if data["delta"]:
                yield Thought(data["delta"])
            case "response.reasoning_summary_part.added" if data["summary_index"]:
                yield Thought("\n\n")  # parts are paragraphs

    def _text(self, data: Item) -> Text:
        """Return what a message says; one after another message begins a paragraph."""
        before, self._speaking = self._speaking, data.get("output_index")
        apart = "" if before in (None, self._speaking) else "\n\n"
        return Text(apart + data["delta"])

    def end(self) -> Iterator[Output]:
        """Give the end where the model told why it stopped."""
        if self._reason is None:
            return
        sealed = None
        if self._kept and not self._refused:
            tokens = self._reasoning_tokens
            sealed = Sealed(of=self._of, tokens=tokens, value=json.dumps(self._kept))
        yield Finished(reason=self._reason, usage=self._usage, model=self._model, sealed=sealed)

    def _item(self, item: Item) -> Iterator[Output]:
        if item["type"] == "function_call":
            self._called = True
            yield Called(
                ToolCall(id=item["call_id"], name=item["name"], arguments=item["arguments"] or "{}")
            )
        elif item["type"] == "reasoning" and item.get("encrypted_content"):
            names = ("type", "id", "summary", "encrypted_content")
            self._kept.append({name: item[name] for name in names})

    def _finish(self, response: Item) -> None:
        if response.get("error"):
            raise Refused(None, {"error": response["error"]})
        self._model = response.get("model") or self._model
        usage = response.get("usage") or {}
        self._usage = _usage(usage)
        details = usage.get("output_tokens_details") or {}
        self._reasoning_tokens = details.get("reasoning_tokens") or 0
        why = (response.get("incomplete_details") or {}).get("reason")
        usual = StopReason.TOOL if self._called else StopReason.END
        if response.get("status") == "incomplete":
            usual = StopReason.LENGTH
        self._reason = StopReason.REFUSAL if self._refused else _REASONS.get(why or "", usual)


def _usage(counts: Item) -> Usage:
    details = counts.get("input_tokens_details") or {}
    return Usage(
        input=counts.get("input_tokens") or 0,
        output=counts.get("output_tokens") or 0,
        cache_read=details.get("cached_tokens") or 0,
        cache_write=details.get("cache_write_tokens") or 0,
    )
