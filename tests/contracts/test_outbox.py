"""Whoever keeps an outbox gives each reply to one courier at a time, in order, until it is sent."""

import asyncio

import anyio
import pytest
from sqlalchemy import select, update

from bot.messages import Turn
from bot.store import tables
from bot.store.archive import SqlArchive
from bot.store.base import Process
from bot.store.conversations import SqlConversations
from bot.store.database import Database
from bot.store.outbox import SqlOutbox
from bot.store.processes import SqlProcesses
from tests.contracts.letters import HOLDER, OTHER, answer, ask_alone, turn

WEB = {"web"}


@pytest.fixture
def store(database: Database) -> SqlConversations:
    return SqlConversations(database)


@pytest.fixture
def outbox(database: Database) -> SqlOutbox:
    return SqlOutbox(database)


async def _answered(store: SqlConversations, *, key: str = "visitor-1", seq: int = 1) -> Turn:
    """Ask, answer and return the turn; ``seq`` is the question's."""
    kept = turn(answers=seq, text=f"Answer to {seq}.")
    await answer(store, await ask_alone(store, key=key), kept)
    return kept


async def _states(database: Database) -> list[str]:
    query = select(tables.Delivery.state).order_by(tables.Delivery.seq)
    return await database.read(lambda line: list(line.scalars(query)))


async def test_an_empty_outbox_gives_nothing(outbox: SqlOutbox) -> None:
    assert await outbox.take(channels=WEB, holder=HOLDER, seconds=15) is None


async def test_a_taken_delivery_says_all_that_a_courier_needs(
    store: SqlConversations, outbox: SqlOutbox
) -> None:
    kept = await _answered(store)
    delivery = await outbox.take(channels=WEB, holder=HOLDER, seconds=15)
    assert delivery
    assert (delivery.turn, delivery.text) == (kept.id, "Answer to 1.")
    assert (delivery.channel, delivery.key, delivery.customer) == ("web", "visitor-1", "ada")
    assert delivery.citations == kept.reply.citations
    assert delivery.attempts == 1


async def test_each_delivery_is_taken_once_however_many_try(
    store: SqlConversations, outbox: SqlOutbox
) -> None:
    turns = {(await _answered(store, key=f"visitor-{n}")).id for n in range(5)}
    taken = await asyncio.gather(
        *(outbox.take(channels=WEB, holder=HOLDER, seconds=15) for _ in range(10))
    )
    got = [delivery.turn for delivery in taken if delivery]
    assert len(got) == len(set(got))
    while delivery := await outbox.take(channels=WEB, holder=HOLDER, seconds=15):
        got.append(delivery.turn)
    assert sorted(got) == sorted(turns)


async def test_a_reply_is_left_to_whoever_wrote_it_but_not_for_long(
    store: SqlConversations, outbox: SqlOutbox, database: Database
) -> None:
    await _answered(store)
    assert await outbox.take(channels=WEB, holder=OTHER, seconds=15) is None
    earlier = update(tables.Delivery).values(due_at=tables.Delivery.due_at - 2.5)
    await database.write(lambda line: line.execute(earlier))
    assert await outbox.take(channels=WEB, holder=OTHER, seconds=15)


async def test_deliveries_of_other_channels_are_left(
    store: SqlConversations, outbox: SqlOutbox
) -> None:
    await _answered(store)
    assert await outbox.take(channels={"slack"}, holder=HOLDER, seconds=15) is None
    assert await outbox.take(channels=(), holder=HOLDER, seconds=15) is None
    assert await outbox.take(channels={"slack", "web"}, holder=HOLDER, seconds=15)


async def test_a_conversations_replies_leave_in_their_order(
    store: SqlConversations, outbox: SqlOutbox
) -> None:
    first = await _answered(store)
    second = await _answered(store, seq=3)
    elsewhere = await _answered(store, key="visitor-2")

    one = await outbox.take(channels=WEB, holder=HOLDER, seconds=15)
    assert one
    assert one.turn == first.id
    other = await outbox.take(channels=WEB, holder=HOLDER, seconds=15)
    assert other
    assert other.turn == elsewhere.id
    assert await outbox.take(channels=WEB, holder=HOLDER, seconds=15) is None
    await outbox.put_back(one, error="busy", seconds=60)
    assert await outbox.take(channels=WEB, holder=HOLDER, seconds=15) is None
    await outbox.sent(first.id, receipt="ts-1")
    two = await outbox.take(channels=WEB, holder=HOLDER, seconds=15)
    assert two
    assert two.turn == second.id


async def test_couriers_that_come_at_once_do_not_overtake_each_other(
    store: SqlConversations, outbox: SqlOutbox
) -> None:
    first = await _answered(store)
    await _answered(store, seq=3)
    taken = await asyncio.gather(
        *(outbox.take(channels=WEB, holder=HOLDER, seconds=15) for _ in range(6))
    )
    assert [delivery.turn for delivery in taken if delivery] == [first.id]


async def test_a_delivery_is_sent_once(
    store: SqlConversations, outbox: SqlOutbox, database: Database
) -> None:
    kept = await _answered(store)
    taken = await outbox.take(channels=WEB, holder=HOLDER, seconds=15)
    assert taken
    sent = await asyncio.gather(*(outbox.sent(kept.id, receipt="ts-1") for _ in range(3)))
    assert sorted(sent) == [False, False, True]
    await outbox.put_back(taken, error="late", seconds=0)
    assert await _states(database) == ["sent"]
    assert await outbox.take(channels=WEB, holder=HOLDER, seconds=15) is None


async def test_a_reply_that_was_shown_already_needs_no_courier(
    store: SqlConversations, outbox: SqlOutbox
) -> None:
    kept = await _answered(store)
    assert await outbox.sent(kept.id, receipt="")
    assert await outbox.take(channels=WEB, holder=HOLDER, seconds=15) is None


async def test_a_dead_couriers_delivery_is_taken_again(
    store: SqlConversations, outbox: SqlOutbox
) -> None:
    await _answered(store)
    await outbox.take(channels=WEB, holder=HOLDER, seconds=1.0)
    assert await outbox.take(channels=WEB, holder=OTHER, seconds=15) is None
    await anyio.sleep(1.1)
    again = await outbox.take(channels=WEB, holder=OTHER, seconds=15)
    assert again
    assert again.attempts == 2


async def test_a_late_courier_puts_nothing_back_that_another_has_taken(
    store: SqlConversations, outbox: SqlOutbox, database: Database
) -> None:
    await _answered(store)
    late = await outbox.take(channels=WEB, holder=HOLDER, seconds=1.0)
    assert late
    await anyio.sleep(1.1)
    assert await outbox.take(channels=WEB, holder=OTHER, seconds=15)
    await outbox.put_back(late, error="timed out", seconds=0)
    assert await _states(database) == ["sending"]


async def test_a_delivery_that_was_put_back_is_due_later(
    store: SqlConversations, outbox: SqlOutbox
) -> None:
    await _answered(store)
    taken = await outbox.take(channels=WEB, holder=HOLDER, seconds=15)
    assert taken
    await outbox.put_back(taken, error="429", seconds=1.0)
    assert await outbox.take(channels=WEB, holder=OTHER, seconds=15) is None
    await anyio.sleep(1.1)
    assert await outbox.take(channels=WEB, holder=OTHER, seconds=15)


async def test_a_delivery_that_was_given_up_lets_the_next_one_go(
    store: SqlConversations, outbox: SqlOutbox, database: Database
) -> None:
    await _answered(store)
    second = await _answered(store, seq=3)
    taken = await outbox.take(channels=WEB, holder=HOLDER, seconds=15)
    assert taken
    await outbox.put_back(taken, error="channel_not_found", seconds=None)
    assert await _states(database) == ["failed", "pending"]
    two = await outbox.take(channels=WEB, holder=HOLDER, seconds=15)
    assert two
    assert two.turn == second.id


# --- What nobody shows any more ------------------------------------------------------------------

GONE = "its terminal is gone"


async def _long_ago(database: Database) -> None:
    earlier = update(tables.Delivery).values(due_at=tables.Delivery.due_at - 2.5)
    await database.write(lambda line: line.execute(earlier))


async def _see(database: Database, *, seconds: float) -> None:
    """Let ``HOLDER`` be a process that is gone in ``seconds``."""
    process = Process(holder=HOLDER, host="ada-laptop", pid=1, channels=())
    await SqlProcesses(database).seen(process, left_alone={}, queues={}, seconds=seconds)


@pytest.mark.parametrize("seconds", [-1.0, None])
async def test_what_a_process_that_is_gone_left_is_given_up(
    store: SqlConversations, outbox: SqlOutbox, database: Database, seconds: float | None
) -> None:
    kept = await _answered(store)
    await _long_ago(database)
    if seconds is not None:
        await _see(database, seconds=seconds)
    assert await outbox.give_up(channels=WEB, error=GONE) == 1
    [record] = await SqlArchive(database).record(kept.id)
    assert (record.delivery, record.undelivered) == ("failed", GONE)
    assert await outbox.take(channels=WEB, holder=OTHER, seconds=15) is None
    assert await outbox.give_up(channels=WEB, error=GONE) == 0


async def test_what_a_running_process_holds_is_left_to_it(
    store: SqlConversations, outbox: SqlOutbox, database: Database
) -> None:
    await _answered(store)
    assert await outbox.give_up(channels=WEB, error=GONE) == 0  # it is not seen yet
    await _long_ago(database)
    await _see(database, seconds=60)
    assert await outbox.give_up(channels=WEB, error=GONE) == 0
    assert await _states(database) == ["pending"]


async def test_what_others_post_or_have_posted_is_not_given_up(
    store: SqlConversations, outbox: SqlOutbox, database: Database
) -> None:
    first = await _answered(store)
    await _answered(store, seq=3)
    await _answered(store, key="visitor-2")
    await outbox.sent(first.id, receipt="ts-1")
    assert await outbox.take(channels=WEB, holder=HOLDER, seconds=15)
    await _long_ago(database)
    assert await outbox.give_up(channels={"slack"}, error=GONE) == 0
    assert await outbox.give_up(channels=(), error=GONE) == 0
    assert await outbox.give_up(channels=WEB, error=GONE) == 1
    assert sorted(await _states(database)) == ["failed", "sending", "sent"]


async def test_what_was_given_up_and_is_shown_after_all_is_sent(
    store: SqlConversations, outbox: SqlOutbox, database: Database
) -> None:
    kept = await _answered(store)
    await _long_ago(database)
    await outbox.give_up(channels=WEB, error=GONE)
    assert await outbox.sent(kept.id, receipt="terminal")
    [record] = await SqlArchive(database).record(kept.id)
    assert (record.delivery, record.undelivered) == ("sent", "")
