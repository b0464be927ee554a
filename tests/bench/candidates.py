"""Those who answer in the bench: the engine, and who else does the same with less around it."""

import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from bot.app import App
from bot.backends.anthropic import AnthropicBackend
from bot.messages import Piece
from bot.settings import AnthropicSettings
from tests.bench.floor_http import HttpFloor
from tests.bench.floor_sdk import SdkFloor
from tests.bench.ledger import Ledger, PostgresLedger, SqliteLedger
from tests.bench.places import Place
from tests.house import house, says


class Candidate(Protocol):
    """Answers questions."""

    name: str

    async def turn(self, key: str, question: str) -> float:
        """Answer one question of the conversation ``key``; returns the seconds to its first piece.

        Returns once the answer is kept.
        """
        ...


class EngineCandidate:
    """The engine, asked as a channel asks it."""

    name = "engine"

    def __init__(self, app: App, *, url: str) -> None:
        self.app = app
        self.url = url

    async def turn(self, key: str, question: str) -> float:
        begun, first = time.perf_counter(), 0.0
        engine = self.app.engine
        accepted = await engine.accept(says(question, key=key, external_id=uuid.uuid4().hex))
        async for event in engine.follow(accepted.conversation, seq=accepted.seq):
            if isinstance(event, Piece) and not first:
                first = time.perf_counter() - begun
        return first


@asynccontextmanager
async def engine(
    place: Place, *, base_url: str, folder: Path, **sections: Any
) -> AsyncIterator[EngineCandidate]:
    """Open the engine on a new database of ``place``, asking the provider at ``base_url``."""
    url = await place.migrated()
    async with engine_at(url, base_url=base_url, folder=folder, **sections) as candidate:
        yield candidate


@asynccontextmanager
async def engine_at(
    url: str, *, base_url: str, folder: Path, **sections: Any
) -> AsyncIterator[EngineCandidate]:
    """Open the engine on the database at ``url``."""
    settings = AnthropicSettings(kind="anthropic", base_url=base_url)
    claude = AnthropicBackend(name="claude", settings=settings, key="none")
    async with house(folder, claude, database={"url": url}, **sections) as app:
        yield EngineCandidate(app, url=url)


async def ledger(place: Place) -> Ledger:
    """Open the floors' own tables in a new database of ``place``."""
    url = await place.empty()
    if place.kind == "SQLite":
        return SqliteLedger(Path(url.removeprefix("sqlite:///")))
    return await PostgresLedger.open(url)


@asynccontextmanager
async def everyone(
    place: Place, *, base_url: str, folder: Path
) -> AsyncIterator[tuple[Candidate, ...]]:
    """Open the engine and both floors, each on a database of its own."""
    async with AsyncExitStack() as stack:
        yield (
            await stack.enter_async_context(engine(place, base_url=base_url, folder=folder)),
            await stack.enter_async_context(
                SdkFloor(base_url=base_url, ledger=await ledger(place))
            ),
            await stack.enter_async_context(
                HttpFloor(base_url=base_url, ledger=await ledger(place))
            ),
        )
