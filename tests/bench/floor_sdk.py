"""The first floor: the provider's SDK with its typed stream, and two transactions by hand."""

import time
from typing import Self

from anthropic import AsyncAnthropic
from anthropic.types import MessageParam

from tests.bench.ledger import Ledger
from tests.bench.words import MODEL, SYSTEM


class SdkFloor:
    """Answers as a short script would that is written after the SDK's manual."""

    name = "floor (i)"

    def __init__(self, *, base_url: str, ledger: Ledger) -> None:
        self._client = AsyncAnthropic(api_key="none", base_url=base_url, max_retries=0)
        self._ledger = ledger

    async def turn(self, key: str, question: str) -> float:
        begun, first = time.perf_counter(), 0.0
        conversation, seq = await self._ledger.accept(key, question)
        messages: list[MessageParam] = [{"role": "user", "content": question}]
        pieces = []
        async with self._client.messages.stream(
            model=MODEL, max_tokens=1024, system=SYSTEM, messages=messages
        ) as stream:
            async for text in stream.text_stream:
                first = first or time.perf_counter() - begun
                pieces.append(text)
        await self._ledger.finish(conversation, seq, "".join(pieces))
        return first

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()
        await self._ledger.close()
