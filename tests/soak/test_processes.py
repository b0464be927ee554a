"""Several processes on one database: they share the work, and take over from the dead."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest

from tests.house import until
from tests.servers import mailbox
from tests.servers.acts import Answer
from tests.servers.anthropic import AnthropicServer
from tests.servers.mailbox import posts
from tests.soak.forked import LEASE, Surroundings, Worker
from tests.sql import execute, until_true

THINKS = Answer(thinking="Let me think about that for a good while. " * 2, text="Here you are.")
DRAINED = """
SELECT count(*) = 0 FROM conversations LEFT JOIN deliveries ON conversation_id = id
WHERE lease_owner IS NOT NULL OR answered_seq < asked_seq OR state <> 'sent'
"""
SWEEP = 0.3  # seconds, as a worker does
SLACK = 10.0


class Pace:
    """The seconds between two events of the model; the thinking alone takes 18 of them."""

    def __init__(self) -> None:
        self.seconds = 0.25

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def pace() -> Pace:
    return Pace()


@pytest.fixture
async def model(pace: Pace) -> AsyncIterator[AnthropicServer]:
    async with AnthropicServer(THINKS, pace=pace) as server:
        yield server


@pytest.fixture
def board(tmp_path: Path) -> Path:
    """Return the messenger's database."""
    return tmp_path / "mailbox.db"


@pytest.fixture
def place(model: AnthropicServer, board: Path) -> Iterator[Surroundings]:
    with mailbox.running(board) as url:
        yield Surroundings(provider=model.url, mailbox=url)


def _says(key: str) -> dict[str, str]:
    return {"key": key, "external_id": key, "text": "Where is order-1?", "customer": "ada"}


async def test_who_lives_keeps_a_conversation_and_who_died_loses_it(
    database_url: str, place: Surroundings, model: AnthropicServer, pace: Pace, board: Path
) -> None:
    lease = 4 * LEASE  # the machine may be busy with other tests
    pace.seconds = 1.0
    async with (
        Worker(database=database_url, place=place, lease=lease) as one,
        Worker(database=database_url, place=place, lease=lease),
    ):
        assert await one.hears(_says("hard"))
        await until(lambda: model.busy)
        await asyncio.sleep(2 * lease)
        assert len(model.heard) == 1  # the other one looks on

        pace.seconds = 0.0
        one.signal(signal.SIGKILL)
        await until(lambda: len(model.heard) == 2, seconds=lease + SWEEP + SLACK)
        await until_true(database_url, DRAINED)
    assert [post.text for post in posts(board)] == ["Here you are."]


async def test_who_was_paused_for_longer_than_its_lease_writes_nothing(
    database_url: str, place: Surroundings, model: AnthropicServer, pace: Pace, board: Path
) -> None:
    async with (
        Worker(database=database_url, place=place) as one,
        Worker(database=database_url, place=place),
    ):
        assert await one.hears(_says("paused"))
        await until(lambda: model.busy)
        pace.seconds = 0.0
        await _pause(one, database_url)
        await until_true(database_url, "SELECT count(*) = 1 FROM deliveries WHERE state = 'sent'")
        before = await _written(database_url)

        one.signal(signal.SIGCONT)
        assert await one.hears(_says("awake"))
        await until_true(database_url, DRAINED)
        await until(lambda: not model.busy)
    after = await _written(database_url)
    assert {row: after[row] for row in before} == before
    assert sorted(post.key for post in posts(board)) == ["awake", "paused"]


async def _pause(worker: Worker, url: str) -> None:
    """Let it stand still, but not in the middle of a transaction, which holds its locks."""
    while True:
        worker.signal(signal.SIGSTOP)
        with suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await execute(url, "UPDATE conversations SET latest_at = latest_at")
                return
        worker.signal(signal.SIGCONT)


async def _written(url: str) -> dict[int, tuple[object, ...]]:
    """Return by conversation what no zombie may change."""
    rows = await execute(
        url,
        "SELECT conversations.id, epoch, next_seq, answered_seq, turn_id, state, attempts "
        "FROM conversations JOIN deliveries ON conversation_id = conversations.id",
    )
    return {row[0]: row[1:] for row in rows}


async def test_three_processes_share_what_a_dead_one_left(
    postgres_url: str, place: Surroundings, pace: Pace, board: Path
) -> None:
    async with AsyncExitStack() as stack:
        async with Worker(database=postgres_url, place=place) as dead:
            heard = await asyncio.gather(*(dead.hears(_says(f"v{n}")) for n in range(45)))
            dead.signal(signal.SIGKILL)
        assert all(heard)
        for _ in range(3):
            await stack.enter_async_context(Worker(database=postgres_url, place=place))
        holders = "SELECT count(DISTINCT lease_owner) = 3 FROM conversations WHERE epoch > 1"
        await until_true(postgres_url, holders)
        pace.seconds = 0.0
        await until_true(postgres_url, DRAINED, seconds=60)
    assert sorted(post.key for post in posts(board)) == sorted(f"v{n}" for n in range(45))
