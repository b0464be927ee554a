"""A server that speaks OpenAI's Responses API. By hand: python -m tests.servers.responses"""

import json
from collections.abc import Iterator
from typing import Any

from bot.messages import Usage
from tests.servers.acts import Answer, words
from tests.servers.base import Heard
from tests.servers.openai import OpenAIServer

_ENDS = {
    "length": {"reason": "max_output_tokens"},
    "content_filter": {"reason": "content_filter"},
}


class ResponsesServer(OpenAIServer):
    """Answers as ``POST /v1/responses`` with ``stream: true`` does.

    The ``stop`` of an answer is why it is not complete, or "refusal" for a model that declines.
    """

    def events(self, answer: Answer, heard: Heard) -> list[bytes]:
        asked = heard.json()
        return [
            _event({**value, "sequence_number": number})
            for number, value in enumerate(_answer(answer, asked["model"]))
        ]

    def error_event(self) -> bytes:
        said = {"code": "server_error", "message": "The model failed.", "param": None}
        return _event({"type": "error", **said})

    def strange_event(self) -> bytes:
        return b'data: {"type": "response.output_text.delta", "words": 7}\n\n'


def _event(value: dict[str, Any]) -> bytes:
    return f"event: {value['type']}\ndata: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


def _answer(answer: Answer, model: str) -> Iterator[dict[str, Any]]:
    response = {"id": "resp_local", "object": "response", "model": model, "output": []}
    going = {**response, "status": "in_progress", "usage": None}
    yield {"type": "response.created", "response": going}
    yield {"type": "response.in_progress", "response": going}
    output = []
    for index, (item, more) in enumerate(_items(answer)):
        yield {"type": "response.output_item.added", "output_index": index, "item": item}
        yield from ({"output_index": index, **value} for value in more)
        yield {"type": "response.output_item.done", "output_index": index, "item": item}
        output.append(item)
    why = _ENDS.get(answer.stop or "")
    status = "incomplete" if why else "completed"
    ended = {
        **response,
        "status": status,
        "incomplete_details": why,
        "output": output,
        "usage": _usage(answer),
    }
    yield {"type": f"response.{status}", "response": ended}


def _items(answer: Answer) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    if answer.thinking:
        said = {"type": "summary_text", "text": answer.thinking}
        kept = {"id": "rs_local", "summary": [said], "encrypted_content": "Z0FBQUFB"}
        kind = "response.reasoning_summary_text.delta"
        part = {"type": "response.reasoning_summary_part.added", "summary_index": 0}
        deltas = [{"type": kind, "delta": word} for word in words(answer.thinking)]
        yield {"type": "reasoning", **kept}, [part, *deltas]
    if answer.text:
        what = "refusal" if answer.stop == "refusal" else "output_text"
        deltas = [{"type": f"response.{what}.delta", "delta": word} for word in words(answer.text)]
        content = [{"type": what, "text": answer.text}]
        yield (
            {"type": "message", "id": "msg_local", "role": "assistant", "content": content},
            deltas,
        )
    for call in answer.calls:
        kind = "response.function_call_arguments.delta"
        deltas = [{"type": kind, "delta": part} for part in words(call.arguments)]
        called = {"call_id": call.id, "name": call.name, "arguments": call.arguments}
        yield {"type": "function_call", "id": "fc_local", **called}, deltas


def _usage(answer: Answer) -> dict[str, Any]:
    usage: Usage = answer.usage
    return {
        "input_tokens": usage.input,
        "input_tokens_details": {
            "cached_tokens": usage.cache_read,
            "cache_write_tokens": usage.cache_write,
        },
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": len(words(answer.thinking))},
        "total_tokens": usage.input + usage.output,
    }


if __name__ == "__main__":
    from tests.servers.by_hand import main

    main(ResponsesServer, kind="openai", more=('api = "responses"',))
