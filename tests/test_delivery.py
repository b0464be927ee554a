"""A reply leaves through its channel once, whatever happens to the courier."""

import asyncio
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bot.app import App
from bot.backends.scripted import ScriptedBackend
from bot.delivery import Courier
from bot.errors import DeliveryRefused, FrontdeskError, StoreError
from bot.messages import Delivery
from bot.store.outbox import SqlOutbox
from bot.store.overview import SqlOverview
from tests.house import ask, house, until

_NOW_DUE = "UPDATE deliveries SET due_at = 0"


class Board:
    """A channel that keeps what was posted on it, as Slack keeps a message with its metadata.

    ``moods`` are taken one a post: an exception is raised before the post, or after it where it
    stands behind ``after``.
    """

    name = "terminal"

    def __init__(self, *moods: BaseException | None, after: bool = False) -> None:
        self.posted: list[Delivery] = []
        self._moods = list(moods)
        self._after = after

    async def find(self, delivery: Delivery) -> str | None:
        turns = [posted.turn for posted in self.posted]
        return f"post {turns.index(delivery.turn)}" if delivery.turn in turns else None

    async def post(self, delivery: Delivery) -> str:
        mood = self._moods.pop(0) if self._moods else None
        if mood is not None and not self._after:
            raise mood
        self.posted.append(delivery)
        if mood is not None:
            raise mood
        return f"post {len(self.posted) - 1}"


def courier(app: App, board: Board, *, holder: str = "", seconds: float = 5.0) -> Courier:
    """Return a courier of the process that answers, or of another one."""
    return Courier(
        outbox=app.outbox,
        posters=[board],
        holder=holder or app.holder,
        seconds=seconds,
        pause=0.05,
    )


async def test_a_reply_is_posted_once_and_carries_its_sources(tmp_path: Path) -> None:
    board = Board()
    async with house(tmp_path, ScriptedBackend("Choose Forgot password [1].")) as app:
        reply = await ask(app, "I forgot my password")
        assert await courier(app, board).deliver_one()
        assert not await courier(app, board, holder="two").deliver_one()
        [record] = await app.archive.record(reply.turn)
    [delivery] = board.posted
    assert delivery.turn == reply.turn
    assert delivery.key == "one"
    assert delivery.citations == reply.citations
    assert record.delivery.startswith("sent")


async def test_a_post_that_a_dead_courier_made_is_found_and_not_made_again(
    tmp_path: Path,
) -> None:
    board = Board(asyncio.CancelledError(), after=True)
    async with house(tmp_path, ScriptedBackend("Only once.")) as app:
        await ask(app, "hello")
        dying = courier(app, board, seconds=2.0)
        with suppress(asyncio.CancelledError):
            await dying.deliver_one()
        assert len(board.posted) == 1
        assert not await courier(app, board, holder="two").deliver_one()  # its time is not over
        await asyncio.sleep(2.1)
        assert await courier(app, board, holder="two").deliver_one()
    assert len(board.posted) == 1


async def test_replies_of_a_conversation_leave_in_order_though_the_first_one_fails(
    tmp_path: Path,
) -> None:
    board = Board(FrontdeskError("the channel is away"))
    async with house(tmp_path, ScriptedBackend("First.", "Second.")) as app:
        await ask(app, "one")
        await ask(app, "two")
        sender = courier(app, board)
        assert await sender.deliver_one()  # put back
        assert not await sender.deliver_one()  # the second one waits for the first
        await asyncio.sleep(1.1)
        assert await sender.deliver_one()
        assert await sender.deliver_one()
    assert [delivery.text for delivery in board.posted] == ["First.", "Second."]


async def test_what_a_channel_will_never_take_is_given_up_at_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    board = Board(DeliveryRefused("The channel C1 is archived. Open it again."))
    async with house(tmp_path, ScriptedBackend("First.", "Second.")) as app:
        first, _ = await ask(app, "one"), await ask(app, "two")
        sender = courier(app, board)
        assert await sender.deliver_one()
        assert await sender.deliver_one()  # nothing stands before the next one
        assert not await sender.deliver_one()
        [lost] = (await SqlOverview(app.database).standing(few=9)).undelivered
    assert [delivery.text for delivery in board.posted] == ["Second."]
    assert (lost.turn, lost.attempts, "archived" in lost.error) == (first.turn, 1, True)
    assert "giving up" in caplog.text


async def test_a_reply_outlives_a_channel_that_is_away_for_hours(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    board = Board(*[FrontdeskError("the channel is away")] * 99)
    async with house(tmp_path, ScriptedBackend("Here.")) as app:
        await ask(app, "hello")
        sender = courier(app, board)
        while await sender.deliver_one():
            await app.database.write(lambda line: line.exec_driver_sql(_NOW_DUE))
    pauses = [float(pause) for pause in re.findall(r"again in (\S+) s", caplog.text)]
    assert pauses == sorted(pauses)
    assert sum(pauses) > 3 * 3600


async def test_a_channel_that_is_slow_for_some_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    board, go = Board(), asyncio.Event()
    post, waiting = board.post, set[str]()

    async def slow_for_some(delivery: Delivery) -> str:
        if delivery.key != "quick":
            waiting.add(delivery.key)
            await go.wait()
        return await post(delivery)

    board.post = slow_for_some  # type: ignore[method-assign]
    async with house(tmp_path, ScriptedBackend("Here."), posters=[board]) as app:
        for number in range(8):
            await ask(app, "hello", key=f"slow-{number}")
        await until(lambda: len(waiting) == 8)
        await ask(app, "hello", key="quick")
        await until(lambda: board.posted)
        assert [delivery.key for delivery in board.posted] == ["quick"]
        go.set()
    assert len(board.posted) == 9


async def test_a_courier_at_work_is_woken_and_outlives_a_channel_that_breaks(
    tmp_path: Path,
) -> None:
    board = Board(ZeroDivisionError("a fault of the channel's own"))
    async with house(tmp_path, ScriptedBackend("Still here.")) as app, asyncio.TaskGroup() as tasks:
        sender = courier(app, board)
        running = tasks.create_task(sender.run())
        await ask(app, "hello")
        sender.wake()
        await until(lambda: board.posted)
        running.cancel()
    assert board.posted[0].text == "Still here."


async def test_a_courier_at_work_outlives_a_database_that_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, refusals = SqlOutbox.take, [StoreError("Refused."), TypeError("of a newer release")]

    async def refused(self: SqlOutbox, **kwargs: Any) -> Delivery | None:
        if refusals:
            raise refusals.pop()
        return await take(self, **kwargs)

    monkeypatch.setattr(SqlOutbox, "take", refused)
    board = Board()
    async with house(tmp_path, ScriptedBackend("Here.")) as app, asyncio.TaskGroup() as tasks:
        running = tasks.create_task(courier(app, board).run())
        await ask(app, "hello")
        await until(lambda: board.posted)
        running.cancel()
    assert not refusals


async def test_a_slow_post_is_given_up_before_another_courier_makes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, board = SqlOutbox.take, Board()
    post = board.post

    async def slow_take(self: SqlOutbox, **kwargs: Any) -> Delivery | None:
        taken = await take(self, **kwargs)
        await asyncio.sleep(0.3)
        return taken

    async def slow_post(delivery: Delivery) -> str:
        await asyncio.sleep(0.9)
        return await post(delivery)

    async with house(tmp_path, ScriptedBackend("Only once.")) as app, asyncio.TaskGroup() as tasks:
        await ask(app, "hello")
        with monkeypatch.context() as slow:
            slow.setattr(SqlOutbox, "take", slow_take)
            slow.setattr(board, "post", slow_post)
            tasks.create_task(courier(app, board, seconds=1.0).deliver_one())
            await asyncio.sleep(1.05)
        other = tasks.create_task(courier(app, board, holder="two").run())
        await until(lambda: board.posted)
        await asyncio.sleep(0.3)
        other.cancel()
    assert len(board.posted) == 1


async def test_a_courier_that_stood_still_until_its_time_was_over_posts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, board, still, woken = SqlOutbox.take, Board(), asyncio.Event(), asyncio.Event()

    async def take_and_stand_still(self: SqlOutbox, **kwargs: Any) -> Delivery | None:
        taken = await take(self, **kwargs)
        still.set()
        await woken.wait()
        return taken

    async with house(tmp_path, ScriptedBackend("Only once.")) as app, asyncio.TaskGroup() as tasks:
        await ask(app, "hello")
        with monkeypatch.context() as paused:
            paused.setattr(SqlOutbox, "take", take_and_stand_still)
            late = tasks.create_task(courier(app, board, seconds=0.3).deliver_one())
            await still.wait()
        other = tasks.create_task(courier(app, board, holder="two").run())
        await until(lambda: board.posted)
        other.cancel()
        woken.set()
        await late
    assert len(board.posted) == 1
