"""Who watches a conversation misses nothing, whoever does it, and costs next to nothing."""

import asyncio
import gc
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import QueuePool
from sqlalchemy import event as listening

from bot.app import App
from bot.backends.base import Text
from bot.backends.scripted import ScriptedBackend
from bot.messages import (
    Author,
    Changed,
    Event,
    Owner,
    Piece,
    Replied,
    Withdrawn,
    Working,
)
from bot.watching import Ear
from tests.house import ask, house, says, until
from tests.sql import execute_elsewhere

Told = Event | Changed
PERSON = Owner.OPERATOR


class Watching:
    """Somebody who watches; ``told`` is what they heard so far."""

    def __init__(self) -> None:
        self.told: list[Told] = []

    async def run(self, watch: AsyncGenerator[Told]) -> None:
        async with aclosing(watch):
            async for event in watch:
                self.told.append(event)

    @property
    def changes(self) -> list[Changed]:
        return [event for event in self.told if isinstance(event, Changed)]

    @property
    def latest(self) -> Changed:
        return self.changes[-1]

    @property
    def shown(self) -> str:
        """Return what stands of the present turn on the screen."""
        shown = ""
        for event in self.told:
            match event:
                case Piece(text):
                    shown += text
                case Working() | Withdrawn():
                    shown = ""
        return shown

    def heard(self, kind: type[Told]) -> bool:
        return any(isinstance(event, kind) for event in self.told)


@asynccontextmanager
async def watching(app: App, *conversations: int) -> AsyncIterator[list[Watching]]:
    """Watch each of ``conversations`` while the block lasts, and know how it stands."""
    async with asyncio.TaskGroup() as tasks:
        all_watching = [Watching() for _ in conversations]
        running = [
            tasks.create_task(one.run(app.engine.watch(conversation)))
            for one, conversation in zip(all_watching, conversations, strict=True)
        ]
        try:
            await until(lambda: all(one.told for one in all_watching))
            yield all_watching
        finally:
            for task in running:
                task.cancel()


def _all_know(watching: Sequence[Watching], latest: Changed) -> bool:
    return all(one.latest == latest for one in watching)


@contextmanager
def statements(app: App) -> Iterator[list[str]]:
    """Keep every statement that ``app`` runs meanwhile."""
    run: list[str] = []

    def keep(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        run.append(statement)

    listening.listen(app.database.engine, "before_cursor_execute", keep)
    try:
        yield run
    finally:
        listening.remove(app.database.engine, "before_cursor_execute", keep)


def _looks(run: list[str]) -> list[str]:
    return [statement for statement in run if "read_seq" in statement and "SELECT" in statement]


# --- In one process ---------------------------------------------------------------------------


async def test_a_watcher_hears_how_things_stand_and_then_all_that_happens(tmp_path: Path) -> None:
    go = asyncio.Event()
    claude = ScriptedBackend("Hello.", [Text("On its "), go.wait, Text("way.")])
    async with house(tmp_path, claude) as app:
        await ask(app, "Hi")
        async with watching(app, 1) as [ada]:
            stands = Changed(seq=2, asked=1, answered=1, owner=Owner.BOT, read=0)
            assert ada.told == [stands]
            await app.engine.accept(says("Where is it?"))
            await until(lambda: ada.shown)
            go.set()
            await until(lambda: ada.latest.answered == 3)
        assert ada.shown == "On its way."
        kinds = [type(told) for told in ada.told if not isinstance(told, Piece | Changed)]
        assert kinds == [Working, Replied]
        assert isinstance(ada.told[-1], Changed)
        assert ada.latest == Changed(seq=4, asked=3, answered=3, owner=Owner.BOT, read=0)


async def test_who_comes_in_the_middle_gets_what_was_shown_as_one_piece(tmp_path: Path) -> None:
    go = asyncio.Event()
    claude = ScriptedBackend([Text("On "), Text("its "), go.wait, Text("way.")])
    async with house(tmp_path, claude) as app:
        accepted = await app.engine.accept(says("Where is it?"))
        async with watching(app, accepted.conversation) as [first]:
            await until(lambda: first.shown.strip() == "On its")
            async with watching(app, accepted.conversation) as [second]:
                await until(lambda: second.shown)
                changed, working, piece = second.told
                assert isinstance(changed, Changed)
                assert isinstance(working, Working)
                assert piece == Piece(first.shown)
                go.set()
                await until(lambda: first.latest.answered and second.latest.answered)
        assert first.shown == second.shown == "On its way."


async def test_two_who_watch_hear_the_same_and_others_nothing(tmp_path: Path) -> None:
    claude = ScriptedBackend("One.", "Two.", "Three.")
    async with house(tmp_path, claude) as app:
        await ask(app, "Hi")
        await ask(app, "Hi", key="other")
        async with watching(app, 1, 1, 2) as [one, two, other]:
            await ask(app, "Again")
            await until(lambda: one.latest.answered == 3 and two.latest.answered == 3)
        assert [type(told) for told in one.told] == [type(told) for told in two.told]
        assert len(other.told) == 1


async def test_what_a_watcher_sees_counts_as_seen(tmp_path: Path) -> None:
    go = asyncio.Event()
    claude = ScriptedBackend("Hello.", [Text("First "), go.wait, Text("answer.")], "Second.")
    async with house(tmp_path, claude) as app:
        await ask(app, "Hi")
        async with watching(app, 1) as [ada]:
            await app.engine.accept(says("one"))
            await until(lambda: ada.shown)
            await app.engine.accept(says("two"))
            go.set()
            await until(lambda: ada.latest.answered == 4)
        replies = [told.reply.text for told in ada.told if isinstance(told, Replied)]
    assert replies == ["First answer.", "Second."]


async def test_who_comes_while_nothing_is_written_hears_of_no_work(tmp_path: Path) -> None:
    async with house(tmp_path, ScriptedBackend("Hello.")) as app:
        await ask(app, "Hi")
        await until(lambda: not app.engine._works)
        async with watching(app, 1) as [ada]:
            await asyncio.sleep(0.2)
        assert [type(told) for told in ada.told] == [Changed]


async def test_a_conversation_that_is_yet_to_come_is_waited_for(tmp_path: Path) -> None:
    async with house(tmp_path, ScriptedBackend("Hello.")) as app, asyncio.TaskGroup() as tasks:
        early = Watching()
        task = tasks.create_task(early.run(app.engine.watch(1)))
        await asyncio.sleep(0.1)
        assert early.told == []
        await ask(app, "Hi")
        await until(lambda: early.told and early.latest.answered == 1)
        task.cancel()


# --- In several processes ---------------------------------------------------------------------


async def test_what_another_process_commits_is_told_within_a_second_or_so(
    tmp_path: Path, database_url: str
) -> None:
    database = {"url": database_url}
    async with house(tmp_path, ScriptedBackend("Hello."), database=database) as app:
        await ask(app, "Hi")
        async with watching(app, 1, 1) as both:
            for change, latest in (
                (
                    "UPDATE conversations SET owner = 'operator'",
                    Changed(seq=2, asked=1, answered=1, owner=PERSON, read=0),
                ),
                (
                    "UPDATE conversations SET next_seq = 9",
                    Changed(seq=8, asked=1, answered=1, owner=PERSON, read=0),
                ),
                (
                    "UPDATE conversations SET read_seq = 7",
                    Changed(seq=8, asked=1, answered=1, owner=PERSON, read=7),
                ),
            ):
                await execute_elsewhere(database_url, change)
                committed = asyncio.get_running_loop().time()
                await until(partial(_all_know, both, latest))
                assert asyncio.get_running_loop().time() - committed < 5
            assert len(both[0].changes) == 4


async def test_an_answer_of_another_process_is_told_when_it_is_committed(
    tmp_path: Path,
) -> None:
    async with (
        house(tmp_path, ScriptedBackend("Hello.", "Again.")) as works,
        house(tmp_path, ScriptedBackend("Never."), channels=()) as shows,
    ):
        await ask(works, "Hi")
        async with watching(shows, 1) as [ada]:
            await ask(works, "Hi again")
            await until(lambda: ada.latest.answered == 3)
        entries = await shows.visits.page(1, after=2, limit=9)
    assert [(entry.message.author, entry.message.text) for entry in entries] == [
        (Author.CUSTOMER, "Hi again"),
        (Author.BOT, "Again."),
    ]
    assert {type(told) for told in ada.told} == {Changed}


# --- What it costs ----------------------------------------------------------------------------


async def test_a_thousand_watchers_cost_one_statement_a_second(
    tmp_path: Path, database_url: str
) -> None:
    async with house(
        tmp_path, ScriptedBackend(*["Hello."] * 20), database={"url": database_url}
    ) as app:
        for number in range(20):
            await ask(app, "Hi", key=f"{number}")
        many = [1 + number % 20 for number in range(1000)]
        with statements(app) as coming:
            async with watching(app, *many):
                assert len(_looks(coming)) < 10
                with statements(app) as run:
                    await asyncio.sleep(3.2)
        assert 1 <= len(_looks(run)) <= 4


async def test_nobody_watching_costs_nothing(tmp_path: Path) -> None:
    async with house(tmp_path, ScriptedBackend("Hello.", "Again.")) as app:
        await ask(app, "Hi")
        async with watching(app, 1):
            pass
        with statements(app) as run:
            await ask(app, "Hi again")
            await asyncio.sleep(1.5)
        assert not _looks(run)


async def test_no_connection_is_held_by_those_who_watch(tmp_path: Path, database_url: str) -> None:
    database = {"url": database_url, "pool": 2}
    async with house(tmp_path, ScriptedBackend("Hello."), database=database) as app:
        await ask(app, "Hi")
        async with watching(app, *[1] * 50):
            pool = app.database.engine.pool
            assert isinstance(pool, QueuePool)
            await until(lambda: pool.checkedout() == 0)


async def test_leaving_frees_all_that_was_kept(tmp_path: Path) -> None:
    async with house(tmp_path, ScriptedBackend("Hello.")) as app:
        await ask(app, "Hi")
        async with watching(app, *[1] * 100):
            assert len(app.engine._watchers._ears[1]) == 100
        watch = app.engine.watch(1)
        await anext(watch)
        await watch.aclose()
        assert app.engine._watchers._ears == {}
        gc.collect()
        assert not [one for one in gc.get_objects() if isinstance(one, Ear)]
