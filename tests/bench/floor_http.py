"""The second floor: plain HTTP, events parsed by hand, and two transactions by hand."""

import json
import time
from collections.abc import AsyncIterator
from typing import Self

import httpx2

from tests.bench.ledger import Ledger
from tests.bench.words import MODEL, SYSTEM

_HEADERS = {"x-api-key": "none", "anthropic-version": "2023-06-01"}


class HttpFloor:
    """Answers as a script would that knows nothing but the wire's format."""

    name = "floor (ii)"

    def __init__(self, *, base_url: str, ledger: Ledger) -> None:
        self._client = httpx2.AsyncClient(
            base_url=base_url,
            headers=_HEADERS,
            limits=httpx2.Limits(max_connections=100, max_keepalive_connections=100),
        )
        self._ledger = ledger

    async def turn(self, key: str, question: str) -> float:
        begun, first = time.perf_counter(), 0.0
        conversation, seq = await self._ledger.accept(key, question)
        pieces = []
        async for text in self._ask(question):
            first = first or time.perf_counter() - begun
            pieces.append(text)
        await self._ledger.finish(conversation, seq, "".join(pieces))
        return first

    async def _ask(self, question: str) -> AsyncIterator[str]:
        body = {
            "model": MODEL,
            "max_tokens": 1024,
            "system": SYSTEM,
            "messages": [{"role": "user", "content": question}],
            "stream": True,
        }
        rest = b""
        async with self._client.stream("POST", "/v1/messages", json=body) as response:
            response.raise_for_status()
            async for chunk in response.aiter_bytes():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if line.startswith(b"data: "):
                        event = json.loads(line[6:])
                        if event["type"] == "content_block_delta":
                            yield event["delta"]["text"]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()
        await self._ledger.close()
