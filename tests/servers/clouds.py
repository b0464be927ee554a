"""Claude as Amazon's and Google's clouds serve it, with their addresses, frames and errors."""

import base64
import json
import re
import struct
import zlib
from typing import Any
from urllib.parse import unquote

from tests.servers.acts import Answer
from tests.servers.anthropic import AnthropicServer
from tests.servers.base import Heard

_MODEL = re.compile(r"/models?/([^/]+?)(/invoke|:streamRaw)")


class BedrockServer(AnthropicServer):
    """Answers as ``POST /model/NAME/invoke-with-response-stream`` does, in Amazon's frames."""

    def events(self, answer: Answer, heard: Heard) -> list[bytes]:
        events = super().events(answer, _named(heard))
        return [_chunk(event.partition(b"data: ")[2].strip()) for event in events]

    def error_event(self) -> bytes:
        headers = {":message-type": "exception", ":exception-type": "throttlingException"}
        return frame(headers, b'{"message": "Too many requests"}')

    def strange_event(self) -> bytes:
        return _chunk(b'{"type": "content_block_delta"}')

    def error_body(self, status: int) -> Any:
        return {"message": f"Failed with {status}"}


class VertexServer(AnthropicServer):
    """Answers as ``POST /v1/projects/.../models/NAME:streamRawPredict`` does."""

    @property
    def url(self) -> str:
        return f"{super().url}/v1"

    def events(self, answer: Answer, heard: Heard) -> list[bytes]:
        return super().events(answer, _named(heard))

    def error_event(self) -> bytes:
        said = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
        return f"event: error\ndata: {json.dumps(said)}\n\n".encode()

    def error_body(self, status: int) -> Any:
        said = {"code": status, "message": f"Failed with {status}", "status": "FAILED"}
        return [{"error": said}]


def frame(headers: dict[str, str], payload: bytes) -> bytes:
    """Write one frame; all headers are texts."""
    head = b"".join(
        struct.pack(f"!B{len(name)}sBH", len(name), name.encode(), 7, len(value)) + value.encode()
        for name, value in headers.items()
    )
    start = struct.pack("!II", 16 + len(head) + len(payload), len(head))
    start += struct.pack("!I", zlib.crc32(start))
    whole = start + head + payload
    return whole + struct.pack("!I", zlib.crc32(whole))


def _chunk(data: bytes) -> bytes:
    payload = json.dumps({"bytes": base64.b64encode(data).decode(), "p": "abcd"}).encode()
    return frame({":message-type": "event", ":event-type": "chunk"}, payload)


def _named(heard: Heard) -> Heard:
    """Put the model, which stands in the address, where Anthropic's own API has it."""
    found = _MODEL.search(heard.path)
    asked = heard.json()
    if found:
        asked["model"] = unquote(found[1])
    body = json.dumps(asked).encode()
    return Heard(client=heard.client, path=heard.path, headers=heard.headers, body=body)
