"""A channel's show hears of every turn of its channel, and what it shows is not superseded."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import groupby
from pathlib import Path

import pytest

from bot.app import Join, Parts, Side
from bot.backends.base import Text
from bot.backends.scripted import ScriptedBackend
from bot.errors import BackendBusy
from bot.messages import Author, Event, Outcome, Piece, Released, Replied, Withdrawn, Working
from bot.showing import Scene, Show
from tests.house import ask, house, says, until, visible
from tests.sql import execute
from tests.test_delivery import Board


class Stage:
    """A show that keeps what it was told; ``hears`` is called with each of it."""

    def __init__(
        self, *, name: str = "terminal", hears: Callable[[Scene, Event], object] | None = None
    ) -> None:
        self.name = name
        self.told: list[tuple[Scene, Event]] = []
        self._hears = hears

    def tell(self, scene: Scene, event: Event) -> None:
        self.told.append((scene, event))
        if self._hears is not None:
            self._hears(scene, event)

    @property
    def events(self) -> list[Event]:
        return [event for _, event in self.told]

    @property
    def kinds(self) -> list[str]:
        """Return what kinds of events came, pieces in a row as one."""
        return [kind for kind, _ in groupby(type(event).__name__ for event in self.events)]

    @property
    def turns(self) -> list[str]:
        return list(dict.fromkeys(scene.turn for scene, _ in self.told))


def joining(show: Show) -> Join:
    @asynccontextmanager
    async def join(_parts: Parts) -> AsyncIterator[Side]:
        yield Side(poster=Board(), show=show)

    return join


def shows_at_once(scene: Scene, event: Event) -> None:
    if isinstance(event, Piece):
        assert scene.visible()


async def test_a_show_hears_a_turn_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    stage = Stage()
    backend = ScriptedBackend([Text("One "), Text("word.")])
    async with house(tmp_path, backend, joins=[joining(stage)]) as app:
        reply = await ask(app, "hello")
    assert stage.kinds == ["Working", "Piece", "Replied"]
    assert visible(stage.events) == "One word."
    assert stage.events[0] == Working(reply.turn)
    assert stage.events[-1] == Replied(reply)
    scene, *others = [scene for scene, _ in stage.told]
    assert all(other is scene for other in others)
    assert (scene.turn, scene.first, scene.upto) == (reply.turn, 1, 1)
    assert (scene.conversation.key, scene.conversation.customer) == ("one", "ada")


async def test_a_show_hears_nothing_of_other_channels(tmp_path: Path) -> None:
    stage = Stage(name="slack")
    async with house(tmp_path, ScriptedBackend("Hello."), joins=[joining(stage)]) as app:
        await ask(app, "hello")
    assert stage.told == []


async def test_a_show_hears_of_what_was_taken_over(tmp_path: Path) -> None:
    stage = Stage()
    quick = {"lease_seconds": 0.5, "sweep_seconds": 0.1}
    backend = ScriptedBackend("Taken over.")
    async with house(tmp_path, backend, joins=[joining(stage)], engine=quick) as app:
        await app.conversations.accept(says("hello?"), tokens=3, holder="dead", seconds=0.1)
        await until(lambda: "Replied" in stage.kinds)
    assert visible(stage.events) == "Taken over."


async def test_text_that_is_withdrawn_is_withdrawn_before_the_show(tmp_path: Path) -> None:
    stage = Stage(hears=shows_at_once)
    claude = ScriptedBackend([Text("Half an "), BackendBusy("cut", backend="claude")], name="c")
    gpt = ScriptedBackend("A whole answer.", name="gpt")
    async with house(tmp_path, claude, gpt, joins=[joining(stage)]) as app:
        await ask(app, "hello")
    assert stage.kinds == ["Working", "Piece", "Withdrawn", "Piece", "Replied"]


# --- What is seen -----------------------------------------------------------------------------


async def test_an_answer_that_is_shown_is_not_superseded(tmp_path: Path) -> None:
    go = asyncio.Event()
    stage = Stage(hears=shows_at_once)
    claude = ScriptedBackend([Text("First "), go.wait, Text("answer.")], "Second answer.")
    async with house(tmp_path, claude, joins=[joining(stage)]) as app:
        first = await app.engine.accept(says("one"))
        await until(lambda: "Piece" in stage.kinds)
        await app.engine.accept(says("two"))
        go.set()
        await until(lambda: stage.kinds.count("Replied") == 2)
        messages = await app.archive.messages(first.conversation)
    said = [message.text for message in messages if message.author is Author.BOT]
    assert said == ["First answer.", "Second answer."]


async def test_an_answer_of_which_nothing_is_shown_begins_anew(tmp_path: Path) -> None:
    stage, go = Stage(), asyncio.Event()
    claude = ScriptedBackend([Text("First "), asyncio.Event().wait], [Text("Both."), go.wait])
    async with house(tmp_path, claude, joins=[joining(stage)]) as app:
        await app.engine.accept(says("one"))
        await until(lambda: "Piece" in stage.kinds)
        early = stage.told[0][0]
        await app.engine.accept(says("two"))
        assert not early.visible()
        await until(lambda: visible(stage.events) == "Both.")
        assert not early.visible()
        assert stage.told[-1][0].visible()
        go.set()
        await until(lambda: "Replied" in stage.kinds)
    assert stage.kinds == ["Working", "Piece", "Withdrawn", "Working", "Piece", "Replied"]
    scenes = [scene for scene, event in stage.told if isinstance(event, Working)]
    assert [(scene.first, scene.upto) for scene in scenes] == [(1, 1), (1, 2)]
    assert len(stage.turns) == 2


async def test_nothing_is_to_be_shown_before_the_first_piece_or_after_the_reply(
    tmp_path: Path,
) -> None:
    seen: list[tuple[str, bool]] = []
    stage = Stage(hears=lambda scene, event: seen.append((type(event).__name__, scene.visible())))
    async with house(tmp_path, ScriptedBackend("Hello."), joins=[joining(stage)]) as app:
        await ask(app, "hello")
    assert seen == [("Working", False), ("Piece", True), ("Replied", False)]


async def test_nothing_is_to_be_shown_while_the_reply_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage()
    async with house(tmp_path, ScriptedBackend("Hello."), joins=[joining(stage)]) as app:
        finish, seen = app.conversations.finish, list[bool]()

        async def finishing(*given: object, **named: object) -> object:
            seen.append(stage.told[0][0].visible())
            return await finish(*given, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(app.conversations, "finish", finishing)
        await ask(app, "hello")
    assert seen == [False]


# --- How it ends ------------------------------------------------------------------------------


async def test_a_stopped_answer_ends_with_the_reply_that_was_kept(tmp_path: Path) -> None:
    stage = Stage(hears=shows_at_once)
    claude = ScriptedBackend([Text("As far as this"), asyncio.Event().wait])
    async with house(tmp_path, claude, joins=[joining(stage)]) as app:
        accepted = await app.engine.accept(says("tell me"))
        await until(lambda: "Piece" in stage.kinds)
        await app.engine.stop(accepted.conversation)
        assert not stage.told[0][0].visible()
        await until(lambda: "Replied" in stage.kinds)
    last = stage.events[-1]
    assert isinstance(last, Replied)
    assert (last.reply.outcome, last.reply.text) == (Outcome.STOPPED, "As far as this")


async def test_a_conversation_that_a_person_takes_is_released(tmp_path: Path) -> None:
    go = asyncio.Event()
    stage = Stage(hears=shows_at_once)
    claude = ScriptedBackend([Text("I think "), go.wait, Text("that …")])
    async with house(tmp_path, claude, joins=[joining(stage)]) as app:
        await app.engine.accept(says("Is anybody there?"))
        await until(lambda: "Piece" in stage.kinds)
        url = app.settings.database.url.get_secret_value()
        await execute(url, "UPDATE conversations SET owner = 'operator'")
        go.set()
        await until(lambda: "Released" in stage.kinds)
    assert stage.events[-2:] == [Withdrawn(), Released()]
    assert not stage.told[0][0].visible()


async def test_a_turn_that_gives_way_is_released_before_the_next_one_works(
    tmp_path: Path,
) -> None:
    stage, late = Stage(), asyncio.Event()

    async def lets_go_late() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await late.wait()

    claude = ScriptedBackend([lets_go_late], "In time.")
    quick = {"lease_seconds": 60, "sweep_seconds": 0.05}
    async with house(tmp_path, claude, joins=[joining(stage)], engine=quick) as app:
        await app.engine.accept(says("hello"))
        await until(lambda: claude.running)
        url = app.settings.database.url.get_secret_value()
        await execute(url, "UPDATE conversations SET lease_until = 0")
        await until(lambda: "Replied" in stage.kinds)
        late.set()
    assert stage.kinds == ["Working", "Released", "Working", "Piece", "Replied"]
    assert [scene.turn for scene, _ in stage.told].count(stage.turns[0]) == 2


async def test_a_process_that_stops_releases_what_it_showed(tmp_path: Path) -> None:
    stage = Stage(hears=shows_at_once)
    claude = ScriptedBackend([Text("Half"), asyncio.Event().wait])
    calm = {"grace_seconds": 0}
    async with house(tmp_path, claude, joins=[joining(stage)], engine=calm) as app:
        await app.engine.accept(says("hello"))
        await until(lambda: "Piece" in stage.kinds)
    assert stage.kinds == ["Working", "Piece", "Withdrawn", "Released"]


async def test_what_is_set_aside_is_told_by_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.engine._FIRST_PAUSE", 0.01)
    stage = Stage()
    engine = {"sweep_seconds": 0.05, "tries": 2}
    async with house(
        tmp_path, ScriptedBackend("Never."), joins=[joining(stage)], engine=engine
    ) as app:

        async def broken(*_: object, **__: object) -> None:
            raise ValueError("odd")

        monkeypatch.setattr(app.conversations, "keep_prompt", broken)
        reply = await ask(app, "hello")
    assert reply.outcome is Outcome.SET_ASIDE
    assert stage.kinds == ["Working", "Piece", "Withdrawn", "Released"] * 2


async def test_a_show_that_breaks_breaks_no_turn(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(scene: Scene, event: Event) -> None:
        raise ValueError(scene.conversation.key + str(event))

    stage = Stage(hears=breaks)
    async with house(
        tmp_path, ScriptedBackend("Hello.", "My secret."), joins=[joining(stage)]
    ) as app:
        with caplog.at_level(logging.INFO):
            assert (await ask(app, "hello")).text == "Hello."
            assert (await ask(app, "my secret")).text == "My secret."
    assert stage.kinds == ["Working", "Piece", "Replied"] * 2
    [told] = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert "terminal" in told.getMessage()
    assert "secret" not in caplog.text.lower()
