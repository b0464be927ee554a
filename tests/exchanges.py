"""Exchanges with providers: the bytes that came, and what they say, read in the plainest way.

Ours are below. Recordings of others are ``*.jsonl`` in a folder of one's own, with the fields
``id``, ``provider``, ``status``, ``headers`` and ``body`` or ``sse_text``; a body that was not
streamed is written as the stream it would have been.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.messages import Usage

Body = dict[str, Any]

PROTOCOLS = {
    "anthropic_messages": "anthropic",
    "openai_chat": "openai",
    "openai_responses": "responses",
    "replicate": "replicate",
}
STOPS = {
    "end_turn": "end",
    "stop_sequence": "end",
    "pause_turn": "end",
    "max_tokens": "length",
    "tool_use": "tool",
    "refusal": "refusal",
    "stop": "end",
    "length": "length",
    "tool_calls": "tool",
    "content_filter": "refusal",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an answer says. ``calls`` are (id, name, arguments as a value)."""

    text: str
    thinking: str
    calls: tuple[tuple[str, str, Any], ...]
    usage: Usage
    stop: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """The bytes of one answer. ``told`` is None where it is an error."""

    id: str
    protocol: str
    status: int
    content_type: str
    data: bytes
    told: Told | None


def recorded(folder: Path) -> Iterator[Exchange]:
    """Read every exchange in ``folder`` that has one of our protocols."""
    for file in sorted(folder.glob("*.jsonl")):
        for line in file.read_text().splitlines():
            row = json.loads(line)
            protocol = _protocol(row)
            if protocol and _is_answer(row):
                for part in _parts(row):
                    yield _exchange(part, protocol)


def _protocol(row: Body) -> str | None:
    provider = row["provider"]
    if provider == "huggingface":
        chats = row["request"]["url"].endswith("/chat/completions")
        return "huggingface" if chats else "text_generation"
    return "openai" if "openai_compat" in provider else PROTOCOLS.get(provider)


def _is_answer(row: Body) -> bool:
    """Pass over what was asked to wait in the background, and what was no question."""
    body = row.get("body")
    if row["provider"] == "replicate":
        return isinstance(body, dict) and "Fuzzy" in (body.get("output") or ())
    return not isinstance(body, dict) or body.get("status") not in {"queued", "in_progress"}


def _parts(row: Body) -> Iterator[Body]:
    """Take a recorded loop of several exchanges apart."""
    if "snapshot" not in row:
        yield row
    for place, part in enumerate(row.get("snapshot", ())):
        response = part["response"]
        yield {
            "id": f"{row['id']}#{place}",
            "status": response["status_code"],
            "body": response["body"],
        }


def _exchange(row: Body, protocol: str) -> Exchange:
    fold, unfold, tell = _PROTOCOLS[protocol]
    status = row["status"]
    data: str | None = row.get("sse_text")
    if event := row.get("sse_event"):
        data = f"event: {event}\ndata: {row['sse_data']}\n\n"
    if message := row.get("message_only"):
        row = {**row, "body": {"error": {"message": message}}}
    streamed = data is not None or status < 400
    body: Any = row["body"] if data is None else fold(_events(data))
    if data is None:
        data = unfold(body) if streamed else json.dumps(body)
    return Exchange(
        id=row["id"],
        protocol=protocol,
        status=status,
        content_type="text/event-stream" if streamed else "application/json",
        data=data.encode(),
        told=None if body is None or _is_error(body) else tell(body),
    )


def _is_error(body: Any) -> bool:
    return isinstance(body, dict) and bool(body.get("error"))


def _events(stream: str) -> list[Body]:
    data = re.findall(r"^data: ?(.*)$", stream, re.MULTILINE)
    return [json.loads(value) for value in data if value.strip() != "[DONE]"]


def _stream(events: list[Body]) -> str:
    return "".join(
        f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"
        if "type" in event
        else f"data: {json.dumps(event)}\n\n"
        for event in events
    )


# --- Anthropic's Messages -----------------------------------------------------------------------


def fold_messages(events: list[Body]) -> Body | None:
    """Put the answer together that ``events`` stream; None where they end in an error."""
    body: Body = {}
    for event in events:
        match event["type"]:
            case "error":
                return None
            case "message_start":
                body = event["message"]
            case "content_block_start":
                body["content"].append({**event["content_block"], "partial": ""})
            case "content_block_delta":
                _fold_delta(body["content"][event["index"]], event["delta"])
            case "message_delta":
                body["stop_reason"] = event["delta"]["stop_reason"]
                body["usage"] = {**body["usage"], **event["usage"]}
    for block in body["content"]:
        block["input"] = json.loads(block.pop("partial") or "{}") or block.get("input")
    return body


def _fold_delta(block: Body, delta: Body) -> None:
    places = {"text": "text", "thinking": "thinking", "partial_json": "partial"}
    for name, part in delta.items():
        if name in places:
            block[places[name]] += part


def unfold_messages(body: Body) -> str:
    """Write an answer as the stream that it would have been."""
    start = {**body, "content": [], "stop_reason": None, "usage": {**body["usage"]}}
    events: list[Body] = [{"type": "message_start", "message": start}]
    for index, block in enumerate(body["content"]):
        empty, deltas = _unfold_block(block)
        events.append({"type": "content_block_start", "index": index, "content_block": empty})
        events += [
            {"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas
        ]
        events.append({"type": "content_block_stop", "index": index})
    delta = {"stop_reason": body["stop_reason"], "stop_sequence": None}
    events.append({"type": "message_delta", "delta": delta, "usage": body["usage"]})
    return _stream([*events, {"type": "message_stop"}])


def _unfold_block(block: Body) -> tuple[Body, list[Body]]:
    match block["type"]:
        case "text" | "thinking" as kind:
            halves = _halves(block[kind])
            return {**block, kind: ""}, [{"type": f"{kind}_delta", kind: half} for half in halves]
        case "tool_use" | "server_tool_use":
            halves = _halves(json.dumps(block["input"], ensure_ascii=False))
            deltas = [{"type": "input_json_delta", "partial_json": half} for half in halves]
            return {**block, "input": {}}, deltas
    return block, []


def _halves(text: str) -> list[str]:
    middle = len(text) // 2
    return [text[:middle], text[middle:]]


def tell_messages(body: Body) -> Told:
    """Say what an answer of the Messages API says."""
    blocks, usage = body["content"], body["usage"]
    read = usage.get("cache_read_input_tokens") or 0
    written = usage.get("cache_creation_input_tokens") or 0
    return Told(
        text="".join(block["text"] for block in blocks if block["type"] == "text"),
        thinking="".join(block["thinking"] for block in blocks if block["type"] == "thinking"),
        calls=tuple(
            (block["id"], block["name"], block["input"] or {})
            for block in blocks
            if block["type"] == "tool_use"
        ),
        usage=Usage(
            input=usage["input_tokens"] + read + written,
            output=usage["output_tokens"],
            cache_read=read,
            cache_write=written,
        ),
        stop=STOPS[body["stop_reason"]],
        model=body["model"],
    )


# --- OpenAI's Chat Completions ------------------------------------------------------------------


def fold_chat(events: list[Body]) -> Body | None:
    """Put the answer together that ``events`` stream; None where they end in an error."""
    message: Body = {"content": "", "reasoning": "", "tool_calls": []}
    body: Body = {"choices": [{"message": message, "finish_reason": None}], "usage": {}}
    for event in events:
        if "error" in event:
            return None
        body["model"] = event["model"]
        body["usage"] = event.get("usage") or body["usage"]
        for choice in event["choices"]:
            delta = choice["delta"]
            message["content"] += delta.get("content") or ""
            message["reasoning"] += delta.get("reasoning") or ""
            for call in delta.get("tool_calls") or ():
                _fold_call(message["tool_calls"], call)
            reason = choice.get("finish_reason") or body["choices"][0]["finish_reason"]
            body["choices"][0]["finish_reason"] = reason
    return body


def _fold_call(calls: list[Body], part: Body) -> None:
    if part["index"] == len(calls):
        calls.append({"id": part["id"], "function": {"name": part["function"]["name"]}})
    function = calls[part["index"]]["function"]
    more = part["function"].get("arguments") or ""
    function["arguments"] = function.get("arguments", "") + more


def unfold_chat(body: Body) -> str:
    """Write an answer as the stream that it would have been."""
    choice = body["choices"][0]
    message = choice["message"]
    deltas: list[Body] = [{"role": "assistant", "content": ""}]
    for name in ("reasoning_content", "reasoning", "content", "refusal"):
        value = message.get(name) or ""
        parts = _halves(value) if isinstance(value, str) else [[part] for part in value]
        deltas += [{name: part} for part in parts]
    for index, call in enumerate(message.get("tool_calls") or ()):
        start, rest = _halves(call["function"]["arguments"])
        function = {**call["function"], "arguments": start}
        deltas.append({"tool_calls": [{**call, "index": index, "function": function}]})
        deltas.append({"tool_calls": [{"index": index, "function": {"arguments": rest}}]})
    chunks = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    chunks.append(
        {"choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}]}
    )
    chunks.append({"choices": [], "usage": body["usage"]})
    return _stream([{"model": body["model"], **chunk} for chunk in chunks]) + "data: [DONE]\n\n"


def tell_chat(body: Body) -> Told:
    """Say what a chat completion says."""
    choice, usage = body["choices"][0], body["usage"]
    message = choice["message"]
    usual = "tool_calls" if message.get("tool_calls") else "stop"  # some end without a reason
    content = message.get("content") or ""
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    thoughts = [thought for part in content for thought in part.get("thinking", ())]
    told = message.get("reasoning_content") or message.get("reasoning") or ""
    details = usage.get("prompt_tokens_details") or {}
    return Told(
        text="".join(part["text"] for part in content if part["type"] == "text"),
        thinking=told + "".join(thought["text"] for thought in thoughts),
        calls=tuple(
            (
                call["id"],
                call["function"]["name"],
                json.loads(call["function"]["arguments"] or "{}"),
            )
            for call in message.get("tool_calls") or ()
        ),
        usage=Usage(
            input=usage.get("prompt_tokens", 0),
            output=usage.get("completion_tokens", 0),
            cache_read=details.get("cached_tokens") or 0,
            cache_write=details.get("cache_write_tokens") or 0,
        ),
        stop=STOPS[choice["finish_reason"] or usual],
        model=body["model"],
    )


# --- OpenAI's Responses -------------------------------------------------------------------------


def fold_responses(events: list[Body]) -> Body | None:
    """Return the whole answer, which the last event has; None where there is none."""
    ended = [event["response"] for event in events if event["type"] == "response.completed"]
    return ended[0] if ended else None


def unfold_responses(body: Body) -> str:
    """Write an answer as the stream that it would have been."""
    events: list[Body] = [{"type": "response.created", "response": {**body, "output": []}}]
    for index, item in enumerate(body["output"]):
        events += ({"output_index": index, **event} for event in _unfold_item(item))
        events.append({"type": "response.output_item.done", "output_index": index, "item": item})
    kind = "incomplete" if body.get("incomplete_details") else "completed"
    return _stream([*events, {"type": f"response.{kind}", "response": body}])


def _unfold_item(item: Body) -> Iterator[Body]:
    for index, part in enumerate(item.get("summary") or ()):
        yield {"type": "response.reasoning_summary_part.added", "summary_index": index}
        for half in _halves(part["text"]):
            yield {"type": "response.reasoning_summary_text.delta", "delta": half}
    for part in item.get("content") or ():
        what = part["type"]
        for half in _halves(part.get("text") or part.get("refusal") or ""):
            yield {"type": f"response.{what}.delta", "delta": half}


def tell_responses(body: Body) -> Told:
    """Say what an answer of the Responses API says."""
    items, usage = body["output"], body.get("usage") or {}
    texts = ["".join(_said(item)) for item in items]
    calls = [item for item in items if item["type"] == "function_call"]
    why = (body.get("incomplete_details") or {}).get("reason")
    ends = {"max_output_tokens": "length", "content_filter": "refusal"}
    return Told(
        text="\n\n".join(filter(None, texts)),
        thinking="".join(
            "\n\n".join(part["text"] for part in item.get("summary") or ()) for item in items
        ),
        calls=tuple(
            (call["call_id"], call["name"], json.loads(call["arguments"])) for call in calls
        ),
        usage=Usage(
            input=usage.get("input_tokens", 0),
            output=usage.get("output_tokens", 0),
            cache_read=(usage.get("input_tokens_details") or {}).get("cached_tokens", 0),
        ),
        stop=ends.get(why or "", "tool" if calls else "end"),
        model=body["model"],
    )


def _said(item: Body) -> Iterator[str]:
    return (part["text"] for part in item.get("content") or () if part["type"] == "output_text")


# --- Text generation, and predictions -----------------------------------------------------------


def fold_generation(events: list[Body]) -> Body | None:
    """Return the last event, which has the whole text."""
    return events[-1] if events and "generated_text" in events[-1] else None


def unfold_generation(body: Any) -> str:
    """Write an answer as the stream that it would have been."""
    [answer] = body
    end = {"id": 2, "text": "</s>", "special": True}
    tokens: list[Body] = [{"token": {"text": half}} for half in _halves(answer["generated_text"])]
    return _stream([*tokens, {"token": end, "details": None, **answer}])


def tell_generation(body: Any) -> Told:
    """Say what a text that a model went on with says."""
    answer = body[0] if isinstance(body, list) else body
    details = answer.get("details") or {}
    return Told(
        text=answer["generated_text"].lstrip(),
        thinking="",
        calls=(),
        usage=Usage(
            input=len(details.get("prefill") or ()), output=details.get("generated_tokens", 0)
        ),
        stop="length" if details.get("finish_reason") == "length" else "end",
        model="bigscience/bloomz",
    )


def unfold_prediction(body: Body) -> str:
    """Write a prediction's output as its stream has it."""
    lines = ("\n".join(f"data: {line}" for line in text.split("\n")) for text in body["output"])
    return "".join(f"event: output\n{data}\n\n" for data in lines) + "event: done\ndata: {}\n\n"


def tell_prediction(body: Body) -> Told:
    """Say what a prediction says; its stream alone tells of no tokens."""
    text = "".join(body["output"]).lstrip()
    model = "meta/meta-llama-3-70b-instruct"
    return Told(text=text, thinking="", calls=(), usage=Usage(), stop="end", model=model)


_PROTOCOLS: dict[str, Any] = {
    "anthropic": (fold_messages, unfold_messages, tell_messages),
    "openai": (fold_chat, unfold_chat, tell_chat),
    "responses": (fold_responses, unfold_responses, tell_responses),
    "huggingface": (fold_chat, unfold_chat, tell_chat),
    "text_generation": (fold_generation, unfold_generation, tell_generation),
    "replicate": (fold_chat, unfold_prediction, tell_prediction),
}
