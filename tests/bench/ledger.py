"""The two transactions that a short script needs to keep a question and its answer safely."""

import asyncio
import sqlite3
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, Self

import asyncpg

_TABLES = """
CREATE TABLE conversations (id {id}, key TEXT UNIQUE, next_seq INTEGER, answered INTEGER);
CREATE TABLE messages (id {id}, conversation INTEGER, seq INTEGER, author TEXT, text TEXT,
    external_id TEXT UNIQUE, at REAL, UNIQUE (conversation, seq));
CREATE TABLE turns (id TEXT PRIMARY KEY, conversation INTEGER, model TEXT, tokens INTEGER, at REAL);
CREATE TABLE deliveries (turn TEXT PRIMARY KEY, state TEXT);
"""
# Both databases number their parameters; PostgreSQL writes $1 where SQLite writes ?1.
_COUNT = """
    INSERT INTO conversations (key, next_seq, answered) VALUES ($1, 1, 0)
    ON CONFLICT (key) DO UPDATE SET next_seq = conversations.next_seq + 1 RETURNING id, next_seq
"""
_ASK = """
    INSERT INTO messages (conversation, seq, author, text, external_id, at)
    VALUES ($1, $2, 'customer', $3, $4, $5)
"""
_ANSWERED = """
    UPDATE conversations SET next_seq = next_seq + 1, answered = $2 WHERE id = $1
    RETURNING next_seq
"""
_ANSWER = """
    INSERT INTO messages (conversation, seq, author, text, at) VALUES ($1, $2, 'bot', $3, $4)
"""
_TURN = "INSERT INTO turns VALUES ($1, $2, 'claude', 100, $3)"
_DELIVER = "INSERT INTO deliveries VALUES ($1, 'pending')"


class Ledger(Protocol):
    """Keeps questions and answers, each in one transaction."""

    async def accept(self, key: str, question: str) -> tuple[int, int]:
        """Keep a question; returns the conversation's number and the question's."""
        ...

    async def finish(self, conversation: int, seq: int, answer: str) -> None:
        """Keep the answer to ``seq`` with its turn and its delivery."""
        ...

    async def close(self) -> None: ...


class SqliteLedger:
    """On the standard library's sqlite3: each transaction is one call to one thread."""

    def __init__(self, file: Path) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(_TABLES.format(id="INTEGER PRIMARY KEY"))

    async def accept(self, key: str, question: str) -> tuple[int, int]:
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, self._accept, key, question
        )

    async def finish(self, conversation: int, seq: int, answer: str) -> None:
        await asyncio.get_running_loop().run_in_executor(
            self._thread, self._finish, conversation, seq, answer
        )

    async def close(self) -> None:
        self._thread.shutdown()
        self._connection.close()

    def _accept(self, key: str, question: str) -> tuple[int, int]:
        with self._connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            [(conversation, seq)] = connection.execute(_sqlite(_COUNT), (key,)).fetchall()
            asked = (conversation, seq, question, uuid.uuid4().hex, time.time())
            connection.execute(_sqlite(_ASK), asked)
        return conversation, seq

    def _finish(self, conversation: int, seq: int, answer: str) -> None:
        turn, now = uuid.uuid4().hex, time.time()
        with self._connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            [(own,)] = connection.execute(_sqlite(_ANSWERED), (conversation, seq)).fetchall()
            connection.execute(_sqlite(_ANSWER), (conversation, own, answer, now))
            connection.execute(_sqlite(_TURN), (turn, conversation, now))
            connection.execute(_sqlite(_DELIVER), (turn,))


class PostgresLedger:
    """On asyncpg, with a pool of five connections."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    @classmethod
    async def open(cls, url: str) -> Self:
        pool = await asyncpg.create_pool(url, min_size=5, max_size=5)
        await pool.execute(_TABLES.format(id="BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"))
        return cls(pool)

    async def accept(self, key: str, question: str) -> tuple[int, int]:
        async with self._pool.acquire() as connection, connection.transaction():
            conversation, seq = await connection.fetchrow(_COUNT, key)
            asked = (conversation, seq, question, uuid.uuid4().hex, time.time())
            await connection.execute(_ASK, *asked)
            return conversation, seq

    async def finish(self, conversation: int, seq: int, answer: str) -> None:
        turn, now = uuid.uuid4().hex, time.time()
        async with self._pool.acquire() as connection, connection.transaction():
            own = await connection.fetchval(_ANSWERED, conversation, seq)
            await connection.execute(_ANSWER, conversation, own, answer, now)
            await connection.execute(_TURN, turn, conversation, now)
            await connection.execute(_DELIVER, turn)

    async def close(self) -> None:
        await self._pool.close()


def _sqlite(statement: str) -> str:
    return statement.replace("$", "?")
