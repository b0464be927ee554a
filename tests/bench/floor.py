"""The floor: the provider's SDK and two transactions written by hand, and nothing else."""

import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

import aiosqlite
from anthropic import AsyncAnthropic
from anthropic.types import MessageParam

_TABLES = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE conversations (id INTEGER PRIMARY KEY, next_seq INTEGER, answered INTEGER);
CREATE TABLE messages (id INTEGER PRIMARY KEY, conversation INTEGER, seq INTEGER, author TEXT,
    text TEXT, external_id TEXT UNIQUE, at REAL, UNIQUE (conversation, seq));
CREATE TABLE turns (id TEXT PRIMARY KEY, conversation INTEGER, model TEXT, tokens INTEGER, at REAL);
CREATE TABLE deliveries (turn TEXT PRIMARY KEY, state TEXT);
INSERT INTO conversations VALUES (1, 1, 0);
"""


class Floor:
    """Answers as a short script would that keeps a question and its answer safely."""

    def __init__(self, *, client: AsyncAnthropic, connection: aiosqlite.Connection) -> None:
        self._client = client
        self._connection = connection

    @classmethod
    async def open(cls, file: Path, *, base_url: str) -> Self:
        connection = await aiosqlite.connect(file, isolation_level=None)
        await connection.executescript(_TABLES)
        client = AsyncAnthropic(api_key="none", base_url=base_url, max_retries=0)
        return cls(client=client, connection=connection)

    async def close(self) -> None:
        await self._client.close()
        await self._connection.close()

    async def turn(self, question: str) -> float:
        """Answer one question; returns the seconds to the first piece."""
        begun = time.perf_counter()
        seq = await self._accept(question)
        first, pieces = 0.0, []
        async for piece in self._ask(question):
            first = first or time.perf_counter() - begun
            pieces.append(piece)
        await self._finish(seq, "".join(pieces))
        return first

    async def _accept(self, question: str) -> int:
        execute = self._connection.execute
        await execute("BEGIN IMMEDIATE")
        rows = await execute("UPDATE conversations SET next_seq = next_seq + 1 RETURNING next_seq")
        [[seq]] = await rows.fetchall()
        await execute(
            "INSERT INTO messages VALUES (NULL, 1, ?, 'customer', ?, ?, ?)",
            (seq, question, uuid.uuid4().hex, time.perf_counter()),
        )
        await self._connection.commit()
        return int(seq)

    async def _ask(self, question: str) -> AsyncIterator[str]:
        messages: list[MessageParam] = [{"role": "user", "content": question}]
        async with self._client.messages.stream(
            model="claude-sonnet-5-5", max_tokens=1024, messages=messages
        ) as stream:
            async for text in stream.text_stream:
                yield text

    async def _finish(self, seq: int, text: str) -> None:
        execute, turn, now = self._connection.execute, uuid.uuid4().hex, time.perf_counter()
        await execute("BEGIN IMMEDIATE")
        await execute("UPDATE conversations SET next_seq = next_seq + 1, answered = ?", (seq,))
        await execute(
            "INSERT INTO messages VALUES (NULL, 1, ?, 'bot', ?, NULL, ?)", (seq + 1, text, now)
        )
        await execute("INSERT INTO turns VALUES (?, 1, 'claude', 100, ?)", (turn, now))
        await execute("INSERT INTO deliveries VALUES (?, 'pending')", (turn,))
        await self._connection.commit()
