"""Who watches a conversation misses nothing, whoever does it, and costs next to nothing."""

import asyncio
import gc
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from weakref import WeakSet

import pytest
from sqlalchemy import QueuePool
from sqlalchemy import event as listening

import bot.watching
from bot.app import App
from bot.backends.base import Text
from bot.backends.scripted import ScriptedBackend
from bot.errors import BackendUnavailable
from bot.messages import (
    Author,
    Changed,
    Event,
    Outcome,
    Owner,
    Piece,
    Released,
    Replied,
    Reply,
    Withdrawn,
    Working,
)
from bot.store.base import Lease, Mark
from bot.store.visits import SqlVisits
from bot.watching import Ear, Watchers
from bot.work import Work
from tests.databases import postgres_stopped
from tests.house import ask, house, says, until
from tests.sql import execute, execute_elsewhere

Told = Event | Changed
PERSON = Owner.OPERATOR


class Watching:
    """Somebody who watches; ``told`` is what they heard so far."""

    def __init__(self, *, slow: float = 0.0) -> None:
        self.told: list[Told] = []
        self._slow = slow

    async def run(self, watch: AsyncGenerator[Told]) -> None:
        async with aclosing(watch):
            async for event in watch:
                self.told.append(event)
                await asyncio.sleep(self._slow)

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

    @property
    def replies(self) -> list[Reply]:
        return [event.reply for event in self.told if isinstance(event, Replied)]

    def all_of(self, kind: type[Told]) -> list[Told]:
        return [event for event in self.told if isinstance(event, kind)]


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


def _reply(turn: str) -> Reply:
    return Reply(turn=turn, text="Hello.", outcome=Outcome.ANSWERED, answers=1)


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'frontdesk.db'}"


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


async def test_what_is_committed_here_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = asyncio.Event()
    async with house(tmp_path, ScriptedBackend("Hello.", [go.wait, "Again."])) as app:
        await ask(app, "Hi")
        async with watching(app, 1) as [ada]:
            # The next look at all is an hour away.
            monkeypatch.setattr(bot.watching, "_LOOK_SECONDS", 3600.0)
            with statements(app) as run:
                await until(lambda: _looks(run))
            await app.engine.accept(says("Hi again"))
            await until(lambda: ada.latest.asked == 3)
            go.set()
            await until(lambda: ada.latest.answered == 3)


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
    assert [reply.text for reply in ada.replies] == ["First answer.", "Second."]


async def test_what_was_shown_to_who_comes_later_counts_as_seen(tmp_path: Path) -> None:
    go = asyncio.Event()
    claude = ScriptedBackend([Text("First "), go.wait, Text("answer.")], "Second.")
    async with house(tmp_path, claude) as app:
        await app.engine.accept(says("one"))
        await until(lambda: claude.running)
        await asyncio.sleep(0.2)  # its first piece is there; only nobody watches
        async with watching(app, 1) as [ada]:
            await until(lambda: ada.shown)
            await app.engine.accept(says("two"))
            go.set()
            await until(lambda: ada.latest.answered == 2)
    assert [reply.text for reply in ada.replies] == ["First answer.", "Second."]


async def test_a_turn_is_told_of_once_it_has_announced_itself(tmp_path: Path) -> None:
    async with house(tmp_path, ScriptedBackend("Hello.")) as app:
        await ask(app, "Hi")
        work = Work(lease=Lease(conversation=1, holder="here", epoch=1))
        watchers = Watchers(visits=app.visits, works={1: work})
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(watchers.run())
            happened: tuple[tuple[list[Event], list[type]], ...] = (
                ([], [Changed]),
                ([Working("one")], [Changed, Working]),
                ([Working("one"), Piece("Hello.")], [Changed, Working, Piece]),
                ([Working("one"), Piece("Hello."), Withdrawn()], [Changed, Working]),
                ([Working("one"), Piece("Hello."), Replied(_reply("one"))], [Changed]),
            )
            for events, told in happened:
                for event in events:
                    work.note(event, at=0.0)
                work.take(first=3, upto=3)
                assert await _told_at_first(watchers, at_least=len(told)) == told
                work.take(first=1, upto=1)  # by now its answer is committed
                assert await _told_at_first(watchers, at_least=1) == [Changed]
                work.begin_turn(at=0.0)
                work.take(first=3, upto=3)
                assert await _told_at_first(watchers, at_least=1) == [Changed]
            running.cancel()


async def _told_at_first(watchers: Watchers, *, at_least: int) -> list[type]:
    """Return all that a new watcher is told before anything else happens."""
    async with aclosing(watchers.watch(1)) as watch:
        told = [type(await anext(watch)) for _ in range(at_least)]
        with suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                while True:
                    told.append(type(await anext(watch)))
    return told


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


async def test_whoever_comes_at_whatever_moment_has_the_whole_answer(tmp_path: Path) -> None:
    words = " ".join(f"word-{number}" for number in range(300))
    claude = ScriptedBackend("Hello.", words, delay=0.001)
    async with house(tmp_path, claude) as app:
        await ask(app, "Hi")
        visitors: list[Watching] = []

        async def come(tasks: asyncio.TaskGroup, *, after: float, slow: float) -> None:
            await asyncio.sleep(after)
            visitors.append(visitor := Watching(slow=slow))
            task = tasks.create_task(visitor.run(app.engine.watch(1)))
            await until(lambda: visitor.told and visitor.latest.answered == 3)
            task.cancel()

        async with asyncio.TaskGroup() as tasks:
            for number in range(150):
                slow = (number % 3) * 0.005
                tasks.create_task(come(tasks, after=number * 0.005, slow=slow))
            tasks.create_task(app.engine.accept(says("All of it")))
        replies = await app.archive.turns(1)
    whole = replies[-1].reply.text
    assert whole.count("word-") == 300
    for visitor in visitors:
        # Who came after its end finds the answer in the log.
        assert visitor.shown in (whole, "")
        assert len(visitor.all_of(Working)) == bool(visitor.shown)
        assert len(visitor.replies) <= 1
    assert len([visitor for visitor in visitors if visitor.shown]) > 50


async def test_an_answer_that_begins_anew_is_withdrawn_before_watchers(tmp_path: Path) -> None:
    breaks = ScriptedBackend([Text("Half "), BackendUnavailable("gone", backend="a")], name="a")
    mends = ScriptedBackend("Whole.", name="b")
    chain = {"chain": ["a", "b"]}
    async with house(tmp_path, ScriptedBackend("Hello."), router={}) as app:
        await ask(app, "Hi")
    async with house(tmp_path, breaks, mends, router=chain) as app, watching(app, 1) as [ada]:
        await app.engine.accept(says("And now?"))
        await until(lambda: ada.latest.answered == 3)
    assert [type(each) for each in ada.told if not isinstance(each, Changed)] == [
        Working,
        Piece,
        Withdrawn,
        Piece,
        Replied,
    ]
    assert ada.shown == "Whole."


async def test_watchers_see_that_a_person_took_over(tmp_path: Path) -> None:
    go = asyncio.Event()
    claude = ScriptedBackend("Hello.", [Text("I think "), go.wait, Text("that …")])
    async with house(tmp_path, claude) as app:
        await ask(app, "Hi")
        async with watching(app, 1) as [ada]:
            await app.engine.accept(says("Is anybody there?"))
            await until(lambda: ada.shown)
            await execute(_url(tmp_path), "UPDATE conversations SET owner = 'operator'")
            go.set()
            await until(lambda: ada.all_of(Released) and ada.latest.owner is PERSON)
            assert ada.shown == ""
            assert ada.latest.answered == 1
            assert not ada.all_of(Replied)
            # Whoever comes now is not told of a turn that nobody works on.
            async with watching(app, 1) as [late]:
                await asyncio.sleep(0.1)
                assert len(late.told) == 1


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
                assert asyncio.get_running_loop().time() - committed < 15
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
        clock = asyncio.get_running_loop().time
        begun = clock()
        with statements(app) as coming:
            async with watching(app, *many) as everyone:
                came = clock()
                assert len(_looks(coming)) < 10 + came - begun
                with statements(app) as run:
                    await asyncio.sleep(3.2)
                assert 1 <= len(_looks(run)) <= clock() - came + 1
                assert all(len(one.told) == 1 for one in everyone)


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
            kept = WeakSet(app.engine._watchers._ears[1])
            assert len(kept) == 100
        watch = app.engine.watch(1)
        await anext(watch)
        kept |= app.engine._watchers._ears[1]
        await watch.aclose()
        assert app.engine._watchers._ears == {}
        gc.collect()
        assert not kept


async def test_who_listens_slowly_keeps_no_more_than_one_answer() -> None:
    ear = Ear()
    stands = Changed(seq=0, asked=0, answered=0, owner=Owner.BOT, read=0)
    for turn in range(1, 101):
        ear.hear(Working(f"turn-{turn}"))
        for piece in range(100):
            ear.hear(Piece(f"{turn}-{piece} "))
        if turn % 10 == 0:
            ear.hear(Withdrawn())
            ear.hear(Released())
            continue
        ear.hear(Replied(_reply(f"turn-{turn}")))
        ear.hear(replace(stands, seq=turn))
    ear.hear(Working("last"))
    ear.hear(Piece("All "))
    ear.hear(Piece("of it."))
    assert [await ear.next() for _ in range(6)] == [
        Replied(_reply("turn-99")),
        replace(stands, seq=99),
        Withdrawn(),
        Released(),
        Working("last"),
        Piece("All of it."),
    ]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await ear.next()


# --- Trouble ----------------------------------------------------------------------------------


async def test_a_database_that_does_not_answer_ends_no_watch(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(tmp_path, ScriptedBackend("Hello.", "Again.")) as app:
        await ask(app, "Hi")
        async with watching(app, 1, 1) as both:
            await execute(_url(tmp_path), "ALTER TABLE conversations RENAME TO away")
            await until(lambda: _complaints(caplog))
            await asyncio.sleep(2.5)
            assert len(_complaints(caplog)) == 1
            assert "refused" in _complaints(caplog)[0]
            await execute(_url(tmp_path), "ALTER TABLE away RENAME TO conversations")
            await ask(app, "Hi again")
            await until(lambda: all(one.latest.answered == 3 for one in both))


async def test_a_server_that_is_restarted_ends_no_watch(tmp_path: Path, postgres_url: str) -> None:
    database = {"url": postgres_url}
    async with house(tmp_path, ScriptedBackend("Hello.", "Again."), database=database) as app:
        await ask(app, "Hi")
        async with watching(app, 1, 1) as both:
            async with postgres_stopped(postgres_url):
                await asyncio.sleep(1.2)
            await execute(postgres_url, "UPDATE conversations SET read_seq = 2")
            await until(lambda: all(one.latest.read == 2 for one in both))


async def test_an_unknown_trouble_ends_no_watch_and_no_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    words, marks = "my secret", SqlVisits.marks

    async def breaks(_self: SqlVisits, _conversations: Collection[int]) -> Mapping[int, Mark]:
        raise RuntimeError(words)

    async with house(tmp_path, ScriptedBackend("Hello.", "Again.")) as app:
        await ask(app, "Hi")
        async with watching(app, 1) as [ada]:
            monkeypatch.setattr(SqlVisits, "marks", breaks)
            await until(lambda: _complaints(caplog))
            await ask(app, "Hi again")
            await until(lambda: ada.all_of(Replied))
            monkeypatch.setattr(SqlVisits, "marks", marks)
            await until(lambda: ada.latest.answered == 3)
    assert words not in caplog.text


def _complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.name == "bot.watching"]
