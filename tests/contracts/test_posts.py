"""Whoever keeps posts knows what is shown of answers, and who has to clear it away."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select, update

from bot.store import tables
from bot.store.conversations import SqlConversations
from bot.store.database import Database
from bot.store.outbox import SqlOutbox
from bot.store.posts import SqlPosts
from tests.contracts.letters import HOLDER, answer, ask_alone, turn

DAY = 86_400.0


@pytest.fixture
def posts(database: Database) -> SqlPosts:
    return SqlPosts(database)


async def _show(posts: SqlPosts, turn: str, *receipts: str, key: str = "1") -> None:
    for part, receipt in enumerate(receipts, start=1):
        assert await posts.begin("slack", key, turn, part=part)
        assert await posts.made("slack", turn, part=part, receipt=receipt)


async def _close(posts: SqlPosts, *but: str, key: str = "1") -> list[tuple[str, int, str | None]]:
    closed = await posts.close("slack", key, but=but)
    return [(shown.turn, shown.part, shown.receipt) for shown in closed]


async def _age(database: Database, table: Any, *, seconds: float) -> None:
    await database.write(lambda line: line.execute(update(table).values(at=table.at - seconds)))


async def _count(database: Database, table: Any) -> int:
    count = select(func.count()).select_from(table)
    return await database.read(lambda line: line.execute(count).scalar_one())


async def test_what_is_shown_is_closed_once_another_turn_answers(posts: SqlPosts) -> None:
    await _show(posts, "old", "r1", "r2")
    await _show(posts, "mine", "r3")
    await _show(posts, "elsewhere", "r4", key="2")
    assert await _close(posts, "mine") == [("old", 1, "r1"), ("old", 2, "r2")]
    assert await _close(posts, "mine", key="3") == []


async def test_a_part_that_nobody_named_is_closed_with_the_time_of_its_beginning(
    posts: SqlPosts,
) -> None:
    await posts.begin("slack", "1", "old", part=1)
    (shown,) = await posts.close("slack", "1", but=())
    assert shown.receipt is None
    assert shown.at > 1_700_000_000


async def test_a_closed_turn_shows_nothing_more(posts: SqlPosts) -> None:
    await _show(posts, "old", "r1")
    assert await posts.begin("slack", "1", "old", part=2)
    await _close(posts)
    assert not await posts.made("slack", "old", part=2, receipt="r2")
    assert not await posts.begin("slack", "1", "old", part=3)
    assert await posts.begin("slack", "1", "new", part=1)


async def test_a_part_may_be_begun_twice_by_one_who_did_not_hear_the_answer(
    posts: SqlPosts,
) -> None:
    await _show(posts, "mine", "r1")
    assert await posts.begin("slack", "1", "mine", part=1)
    assert await _close(posts) == [("mine", 1, "r1")]


async def test_what_was_closed_is_told_until_it_is_removed(posts: SqlPosts) -> None:
    await _show(posts, "old", "r1")
    assert await _close(posts) == await _close(posts) == [("old", 1, "r1")]
    await posts.settle("slack", "1", "new")
    assert await _close(posts) == []
    assert not await posts.begin("slack", "1", "old", part=2)


async def test_a_settled_turn_has_nothing_left_to_be_removed(
    posts: SqlPosts, database: Database
) -> None:
    await _show(posts, "mine", "r1", "r2")
    await posts.begin("slack", "1", "mine", part=3)
    await _show(posts, "elsewhere", "r4", key="2")
    await posts.settle("slack", "1", "mine")
    assert await _close(posts) == []
    assert not await posts.made("slack", "mine", part=3, receipt="late")
    assert await _count(database, tables.Post) == 1


async def test_a_turn_that_another_process_delivered_stays_closed(posts: SqlPosts) -> None:
    await _show(posts, "mine", "r1")
    await _close(posts)
    await posts.settle("slack", "1", "mine")
    assert not await posts.begin("slack", "1", "mine", part=2)


async def test_a_reply_that_was_sent_is_not_begun(posts: SqlPosts, database: Database) -> None:
    store, outbox = SqlConversations(database), SqlOutbox(database)
    kept = turn(answers=1)
    await answer(store, await ask_alone(store, channel="slack", key="1"), kept)
    await outbox.take(channels={"slack"}, holder=HOLDER, seconds=15)
    assert await posts.begin("slack", "1", kept.id, part=1)
    await outbox.sent(kept.id, receipt="r1")
    assert not await posts.begin("slack", "1", kept.id, part=2)


async def test_what_was_removed_is_forgotten_after_an_hour(
    posts: SqlPosts, database: Database
) -> None:
    await _show(posts, "old", "r1")
    await _close(posts)
    await _age(database, tables.Post, seconds=3_700)
    assert await _close(posts) == [("old", 1, "r1")]
    await posts.settle("slack", "1", "new")
    assert await _count(database, tables.Post) == 0


async def test_no_part_slips_through_while_its_turn_is_closed(posts: SqlPosts) -> None:
    for key in map(str, range(20)):
        await _show(posts, f"old-{key}", "r1", key=key)
        begins = (posts.begin("slack", key, f"old-{key}", part=part) for part in range(2, 6))
        closed, begun = await asyncio.gather(_close(posts, key=key), asyncio.gather(*begins))
        assert len(closed) == 1 + sum(begun)


# --- Notices ----------------------------------------------------------------------------------


async def test_a_notice_is_sent_once_in_two_days(posts: SqlPosts, database: Database) -> None:
    told = await asyncio.gather(*(posts.once("slack", "too-long:m1") for _ in range(5)))
    assert sorted(told) == [False, False, False, False, True]
    assert await posts.once("slack", "too-long:m2")
    assert await posts.once("teams", "too-long:m1")
    await _age(database, tables.Notice, seconds=2 * DAY - 60)
    assert not await posts.once("slack", "too-long:m1")
    await _age(database, tables.Notice, seconds=120)
    assert await posts.once("slack", "too-long:m1")
    assert await _count(database, tables.Notice) == 1
