"""A server that speaks Anthropic's Messages API. By hand: python -m tests.servers.anthropic"""

import json
from collections.abc import Iterator
from typing import Any

from tests.servers.acts import Answer, words
from tests.servers.base import Heard, ModelServer

_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}


class AnthropicServer(ModelServer):
    """Answers as ``POST /v1/messages`` with ``stream: true`` does."""

    def events(self, answer: Answer, heard: Heard) -> list[bytes]:
        return [_event(value) for value in _answer(answer, heard.json()["model"])]

    def error_event(self) -> bytes:
        return _event(self.error_body(529))

    def error_body(self, status: int) -> Any:
        kind = _KINDS.get(status, "api_error")
        said = {"type": kind, "message": kind.replace("_", " ").capitalize()}
        return {"type": "error", "error": said, "request_id": "req_local"}


def _event(value: dict[str, Any]) -> bytes:
    return f"event: {value['type']}\ndata: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


def _answer(answer: Answer, model: str) -> Iterator[dict[str, Any]]:
    usage = {
        "input_tokens": answer.usage.input - answer.usage.cache_read - answer.usage.cache_write,
        "cache_read_input_tokens": answer.usage.cache_read,
        "cache_creation_input_tokens": answer.usage.cache_write,
        "output_tokens": 1,
    }
    message = {"id": "msg_local", "type": "message", "role": "assistant", "model": model}
    yield {"type": "message_start", "message": {**message, "content": [], "usage": usage}}
    yield {"type": "ping"}
    for index, (block, deltas) in enumerate(_blocks(answer)):
        yield {"type": "content_block_start", "index": index, "content_block": block}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    stop = answer.stop or ("tool_use" if answer.calls else "end_turn")
    delta = {"stop_reason": stop, "stop_sequence": None}
    yield {
        "type": "message_delta",
        "delta": delta,
        "usage": {"output_tokens": answer.usage.output},
    }
    yield {"type": "message_stop"}


def _blocks(answer: Answer) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    if answer.thinking:
        deltas = [{"type": "thinking_delta", "thinking": word} for word in words(answer.thinking)]
        signature = {"type": "signature_delta", "signature": "c2lnbmVk"}
        yield {"type": "thinking", "thinking": "", "signature": ""}, [*deltas, signature]
    if answer.text:
        deltas = [{"type": "text_delta", "text": word} for word in words(answer.text)]
        yield {"type": "text", "text": ""}, deltas
    for call in answer.calls:
        deltas = [
            {"type": "input_json_delta", "partial_json": part} for part in words(call.arguments)
        ]
        yield {"type": "tool_use", "id": call.id, "name": call.name, "input": {}}, deltas


if __name__ == "__main__":
    from tests.servers.by_hand import main

    main(AnthropicServer, kind="anthropic")
