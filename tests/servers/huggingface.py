"""An inference endpoint of Hugging Face. By hand: python -m tests.servers.huggingface"""

import json
from collections.abc import Iterator
from typing import Any

from tests.servers.acts import Answer, words
from tests.servers.base import Heard
from tests.servers.openai import OpenAIServer


class HuggingFaceServer(OpenAIServer):
    """Answers a chat as OpenAI does, and says what is wrong in a way of its own.

    A text to go on with is answered token by token, as Text Generation Inference does.
    """

    def events(self, answer: Answer, heard: Heard) -> list[bytes]:
        goes_on = b'"inputs":' in heard.body
        return _text_events(answer) if goes_on else super().events(answer, heard)

    def error_body(self, status: int) -> Any:
        return {"error": f"Failed with {status}", "error_type": "generation"}


class TextGenerationServer(HuggingFaceServer):
    """Goes on with texts only, and has an address and errors of its own for that."""

    @property
    def url(self) -> str:
        return super().url.removesuffix("/v1")

    def events(self, answer: Answer, heard: Heard) -> list[bytes]:  # noqa: ARG002 - as any server
        return _text_events(answer)

    def error_event(self) -> bytes:
        return b'data:{"error": "Model is overloaded", "error_type": "overloaded"}\n\n'


def _text_events(answer: Answer) -> list[bytes]:
    return [f"data:{json.dumps(value)}\n\n".encode() for value in _tokens(answer)]


def _tokens(answer: Answer) -> Iterator[dict[str, Any]]:
    for number, word in enumerate(words(answer.text)):
        yield {"token": {"id": number, "text": word, "special": False}, "generated_text": None}
    details = {
        "finish_reason": answer.stop or "eos_token",
        "generated_tokens": answer.usage.output,
        "input_length": answer.usage.input,
    }
    end = {"id": 2, "text": "</s>", "special": True}
    yield {"token": end, "generated_text": answer.text, "details": details}


if __name__ == "__main__":
    from tests.servers.by_hand import main

    main(HuggingFaceServer, kind="huggingface", more=('model = "bigscience/bloomz"',))
