"""A server that speaks OpenAI's Chat Completions. By hand: python -m tests.servers.openai"""

import json
from collections.abc import Iterator
from typing import Any

from bot.messages import Usage
from tests.servers.acts import Answer, words
from tests.servers.base import Heard, ModelServer

_KINDS = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
}


class OpenAIServer(ModelServer):
    """Answers as ``POST /v1/chat/completions`` with ``stream: true`` does."""

    @property
    def url(self) -> str:
        return f"{super().url}/v1"

    def events(self, answer: Answer, heard: Heard) -> list[bytes]:
        asked = heard.json()
        chunks = list(_answer(answer))
        if asked.get("stream_options", {}).get("include_usage"):
            chunks.append({"choices": [], "usage": _usage(answer.usage)})
        head = {"id": "chatcmpl-local", "object": "chat.completion.chunk", "model": asked["model"]}
        return [*(_event({**head, **chunk}) for chunk in chunks), b"data: [DONE]\n\n"]

    def error_event(self) -> bytes:
        return _event(self.error_body(500))

    def error_body(self, status: int) -> Any:
        kind, code = _KINDS.get(status, ("server_error", None))
        message = (code or kind).replace("_", " ").capitalize()
        return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def _event(value: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


def _answer(answer: Answer) -> Iterator[dict[str, Any]]:
    yield _chunk({"role": "assistant", "content": ""})
    for word in words(answer.thinking):
        yield _chunk({"reasoning_content": word})
    for word in words(answer.text):
        yield _chunk({"content": word})
    for index, call in enumerate(answer.calls):
        function = {"name": call.name, "arguments": ""}
        opening = {"index": index, "id": call.id, "type": "function", "function": function}
        yield _chunk({"tool_calls": [opening]})
        for part in words(call.arguments):
            yield _chunk({"tool_calls": [{"index": index, "function": {"arguments": part}}]})
    yield _chunk({}, stop=answer.stop or ("tool_calls" if answer.calls else "stop"))


def _chunk(delta: dict[str, Any], *, stop: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": stop}]}


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {
            "cached_tokens": usage.cache_read,
            "cache_write_tokens": usage.cache_write,
        },
    }


if __name__ == "__main__":
    from tests.servers.by_hand import main

    main(OpenAIServer, kind="openai")
