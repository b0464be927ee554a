"""What a client is told loses nothing, whatever is heard while the store is asked."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.backends.scripted import ScriptedBackend
from bot.errors import StoreUnavailable
from bot.messages import Changed, Owner, Piece, Working
from bot.store.base import Entry
from bot.store.database import Database
from bot.store.visits import SqlVisits
from channels.web.telling import Telling
from tests.house import ask, house

ASKED = Changed(seq=1, asked=1, answered=0, owner=Owner.BOT, read=0)
ANSWERED = Changed(seq=2, asked=1, answered=1, owner=Owner.BOT, read=0)


class SlowVisits(SqlVisits):
    """Visits that take their time: each page waits until it is let go, or fails."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.asked, self.go = asyncio.Event(), asyncio.Event()
        self.fails = False

    async def page(
        self, conversation: int, *, after: int = 0, before: int | None = None, limit: int
    ) -> Sequence[Entry]:
        self.asked.set()
        await self.go.wait()
        if self.fails:
            raise StoreUnavailable("It does not answer.")
        return await super().page(conversation, after=after, before=before, limit=limit)


async def test_what_is_heard_while_the_store_is_asked_is_told_after_it(tmp_path: Path) -> None:
    async with house(tmp_path, ScriptedBackend("Hello.")) as app:
        await ask(app, "Hi")
        visits = SlowVisits(app.database)
        telling = Telling(visits=visits, conversation=1, after=0, until=1)
        telling.hear(ASKED)
        async with asyncio.TaskGroup() as tasks:
            told = tasks.create_task(telling.news())
            await visits.asked.wait()
            telling.hear(ANSWERED)
            telling.hear(Working("next"))
            telling.hear(Piece("And"))
            visits.go.set()
    news = told.result().decode()
    assert [line for line in news.splitlines() if line.startswith("event:")] == [
        "event: message",
        "event: message",
        "event: state",
        "event: state",
        "event: working",
        "event: piece",
    ]
    assert '"answered":1' in news
    assert telling.over


async def test_a_store_that_does_not_answer_makes_nothing_forgotten(tmp_path: Path) -> None:
    async with house(tmp_path, ScriptedBackend("Hello.")) as app:
        await ask(app, "Hi")
        visits = SlowVisits(app.database)
        telling = Telling(visits=visits, conversation=1, after=0)
        telling.hear(Working("one"))
        telling.hear(ANSWERED)
        visits.fails = True
        visits.go.set()
        with pytest.raises(StoreUnavailable):
            await telling.news()
        visits.fails = False
        news = (await telling.news()).decode()
        assert await telling.news() == b""
    assert [news.count(f"event: {name}\n") for name in ("working", "message", "state")] == [1, 2, 1]
    assert news.index("event: working") < news.index("event: message")
