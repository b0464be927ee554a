"""Whoever keeps an overview counts what is unfinished, and tells no customer's word."""

from collections.abc import Awaitable, Callable

import anyio
import pytest

from bot.messages import Attempt, LeftAlone, Noticed, Outcome, Usage
from bot.store.base import Process
from bot.store.conversations import SqlConversations
from bot.store.database import Database
from bot.store.outbox import SqlOutbox
from bot.store.overview import SqlOverview
from bot.store.processes import SqlProcesses
from bot.store.standing import Holding, Outgoing, Queue, Seen, SetAside, Standing
from tests.contracts.letters import HOLDER, OTHER, answer, ask, ask_alone, turn
from tests.sql import execute

WEB = {"web"}
Look = Callable[[], Awaitable[Standing]]


@pytest.fixture
def store(database: Database) -> SqlConversations:
    return SqlConversations(database)


@pytest.fixture
def outbox(database: Database) -> SqlOutbox:
    return SqlOutbox(database)


@pytest.fixture
def processes(database: Database) -> SqlProcesses:
    return SqlProcesses(database)


@pytest.fixture
def look(database: Database) -> Look:
    return lambda: SqlOverview(database).standing(few=3)


def process(holder: str = HOLDER) -> Process:
    return Process(holder=holder, host="ada-laptop", pid=4711, channels=("web", "slack"))


async def test_nothing_is_an_overview_too(look: Look) -> None:
    seen = await look()
    assert seen.at > 1_700_000_000
    assert seen == Standing(at=seen.at)


# --- Customers --------------------------------------------------------------------------------


async def test_a_days_upset_customers_and_topics_are_counted(
    store: SqlConversations, look: Look, database_url: str
) -> None:
    moods = {"one": "upset", "two": "upset", "three": "content", "old": "upset"}
    for key, mood in moods.items():
        noticed = Noticed(mood=mood, topic="returns" if key == "one" else "delivery")
        lease = await ask_alone(store, key=key)
        await answer(store, lease, turn(answers=1, noticed=noticed))
    await execute(database_url, "UPDATE conversations SET latest_at = 1 WHERE key = 'old'")
    await ask(store, key="none")
    seen = await look()
    assert seen.upset == 2
    assert dict(seen.topics) == {"delivery": 2, "returns": 1}
    assert list(seen.topics) == ["delivery", "returns"]  # the most frequent first


# --- What waits -------------------------------------------------------------------------------


async def test_what_waits_is_counted_by_channel_and_by_whose_hands_it_is_in(
    store: SqlConversations, look: Look, database_url: str
) -> None:
    await ask(store, key="held")
    await store.abandon(await ask_alone(store, key="free"))
    await store.abandon(await ask_alone(store, key="free", channel="slack"))
    await ask(store, key="human")
    await execute(database_url, "UPDATE conversations SET owner = 'operator' WHERE key = 'human'")
    await answer(store, await ask_alone(store, key="answered"), turn(answers=1))
    assert (await look()).queues == (
        Queue(channel="slack", held=0, free=1, with_a_person=0),
        Queue(channel="web", held=1, free=1, with_a_person=1),
    )


async def test_who_has_waited_longest_comes_first_with_the_first_message_that_has_no_reply(
    store: SqlConversations, look: Look, database_url: str
) -> None:
    first = await ask_alone(store, key="answered before")
    await answer(store, first, turn(answers=1))
    await ask(store, key="new")
    for text in ("Where is it?", "Hello?"):
        await ask(store, text, key="answered before")
    await execute(database_url, "UPDATE messages SET at = at - 100 WHERE text = 'Where is it?'")
    await execute(
        database_url, "UPDATE messages SET at = at - 900 WHERE seq < 3 AND author = 'bot'"
    )
    seen = await look()
    assert [waiting.key for waiting in seen.longest] == ["answered before", "new"]
    assert seen.longest[0].conversation == first.conversation
    assert (seen.longest[0].channel, seen.longest[0].holder) == ("web", HOLDER)
    assert 100 <= seen.at - seen.longest[0].since < 130
    assert 0 <= seen.at - seen.longest[1].since < 30


async def test_only_a_few_are_told_and_those_with_a_person_never(
    store: SqlConversations, look: Look, database_url: str
) -> None:
    for number in range(5):
        await ask(store, key=f"visitor-{number}")
    await execute(database_url, "UPDATE conversations SET owner = 'operator' WHERE id < 3")
    seen = await look()
    assert [waiting.key for waiting in seen.longest] == ["visitor-2", "visitor-3", "visitor-4"]


async def test_what_was_tried_in_vain_is_told_with_its_trouble(
    store: SqlConversations, look: Look
) -> None:
    await ask(store, key="at ease")
    await store.fail(await ask_alone(store, key="poison"), trouble="it broke", pause=0)
    [lease] = await store.claim(channels=WEB, holder=OTHER, seconds=15, limit=9)
    await store.fail(lease, trouble="it broke again", pause=60)
    [retried] = (await look()).retried
    assert (retried.key, retried.tries, retried.trouble) == ("poison", 2, "it broke again")
    assert retried.holder == ""


# --- Leases -----------------------------------------------------------------------------------


async def test_leases_are_counted_by_holder_and_those_past_their_time_are_told(
    store: SqlConversations, look: Look, database_url: str
) -> None:
    for key in ("one", "two"):
        await ask(store, key=key)
    await ask(store, key="three")
    await execute(
        database_url,
        "UPDATE conversations SET lease_owner = 'process-2', lease_until = lease_until - 60"
        " WHERE key = 'three'",
    )
    seen = await look()
    mine, theirs = seen.holdings
    assert (mine.holder, mine.leases) == (HOLDER, 2)
    assert (mine.overdue, mine.overdue_since) == (0, None)
    assert mine.first_until is not None
    assert 0 < mine.first_until - seen.at <= 15
    assert theirs.overdue_since is not None
    assert 40 < seen.at - theirs.overdue_since < 75
    assert theirs == Holding(
        holder=OTHER,
        leases=0,
        first_until=None,
        overdue=1,
        overdue_since=theirs.overdue_since,
    )
    assert seen.queues == (Queue(channel="web", held=2, free=1, with_a_person=0),)


async def test_what_a_person_took_over_is_nobodys_overdue_work(
    store: SqlConversations, look: Look, database_url: str
) -> None:
    await ask(store)
    await execute(database_url, "UPDATE conversations SET owner = 'operator', lease_until = 1")
    assert (await look()).holdings == ()


# --- Processes --------------------------------------------------------------------------------


async def test_a_process_is_seen_until_it_ends(processes: SqlProcesses, look: Look) -> None:
    await processes.seen(process(), left_alone={}, queues={}, seconds=15)
    seen = await look()
    [one] = seen.processes
    assert one == Seen(
        holder=HOLDER,
        host="ada-laptop",
        pid=4711,
        channels=("web", "slack"),
        started=one.started,
        seen=one.seen,
        gone=False,
        left_alone=(),
        queues={},
    )
    assert one.started <= one.seen <= seen.at
    await processes.ended(process())
    assert (await look()).processes == ()


async def test_a_process_that_is_seen_again_began_when_it_began(
    processes: SqlProcesses, look: Look
) -> None:
    await processes.seen(process(), left_alone={}, queues={}, seconds=15)
    await anyio.sleep(0.05)
    await processes.seen(process(), left_alone={}, queues={}, seconds=15)
    [one] = (await look()).processes
    assert one.seen - one.started >= 0.04


async def test_a_process_that_is_not_seen_again_is_gone(
    processes: SqlProcesses, look: Look
) -> None:
    await processes.seen(process(), left_alone={}, queues={}, seconds=0.1)
    await processes.seen(process(OTHER), left_alone={}, queues={}, seconds=15)
    await anyio.sleep(0.15)
    assert {one.holder: one.gone for one in (await look()).processes} == {
        HOLDER: True,
        OTHER: False,
    }
    await processes.seen(process(), left_alone={}, queues={}, seconds=15)
    assert [one.gone for one in (await look()).processes] == [False, False]


async def test_a_process_that_is_gone_for_an_hour_is_forgotten(
    processes: SqlProcesses, look: Look, database_url: str
) -> None:
    await processes.seen(process("long gone"), left_alone={}, queues={}, seconds=15)
    await processes.seen(process(OTHER), left_alone={}, queues={}, seconds=15)
    await execute(
        database_url,
        "UPDATE processes SET gone_at = gone_at -"
        " CASE holder WHEN 'long gone' THEN 3700 ELSE 3500 END",
    )
    await processes.seen(process(), left_alone={}, queues={}, seconds=15)
    assert {one.holder for one in (await look()).processes} == {HOLDER, OTHER}


async def test_a_backend_that_is_left_alone_is_told_until_it_is_asked_again(
    processes: SqlProcesses, look: Look
) -> None:
    claude = LeftAlone(since=60.0, rest=20.0, trouble="the key is wrong")
    await processes.seen(process(), left_alone={"claude": claude}, queues={}, seconds=15)
    [one] = (await look()).processes
    [left] = one.left_alone
    assert (left.backend, left.trouble) == ("claude", "the key is wrong")
    assert left.since == pytest.approx(one.seen - 60)
    assert left.until == pytest.approx(one.seen + 20)
    await processes.seen(process(), left_alone={}, queues={}, seconds=15)
    assert (await look()).processes[0].left_alone == ()


async def test_who_waits_in_line_in_a_process_is_told(processes: SqlProcesses, look: Look) -> None:
    await processes.seen(process(), left_alone={}, queues={"llama": 3}, seconds=15)
    assert (await look()).processes[0].queues == {"llama": 3}
    await processes.seen(process(), left_alone={}, queues={}, seconds=15)
    assert (await look()).processes[0].queues == {}


# --- The outbox -------------------------------------------------------------------------------


async def _made(store: SqlConversations, *, key: str, started: float) -> str:
    kept = turn(answers=1, started=started)
    await answer(store, await ask_alone(store, key=key), kept)
    return kept.id


async def test_the_outbox_is_counted_by_state(
    store: SqlConversations, outbox: SqlOutbox, look: Look
) -> None:
    at = (await look()).at
    for number in range(5):
        await _made(store, key=f"visitor-{number}", started=at)
    for seconds in (60, None):
        taken = await outbox.take(channels=WEB, holder=HOLDER, seconds=15)
        assert taken
        await outbox.put_back(taken, error="channel_not_found", seconds=seconds)
    posted = await outbox.take(channels=WEB, holder=HOLDER, seconds=15)
    assert posted
    await outbox.sent(posted.turn, receipt="ts-1")
    assert await outbox.take(channels=WEB, holder=HOLDER, seconds=15)

    seen = await look()
    [outgoing] = seen.outgoing
    assert outgoing.due_since is not None
    assert at <= outgoing.due_since <= seen.at
    assert outgoing == Outgoing(
        channel="web", pending=2, sending=1, due=1, due_since=outgoing.due_since
    )
    assert (seen.made, seen.sent, seen.failed, seen.failed_lately) == ({"answered": 5}, 1, 1, 1)


async def test_a_reply_that_could_not_be_delivered_is_told_without_its_words(
    store: SqlConversations, outbox: SqlOutbox, look: Look
) -> None:
    made = await _made(store, key="visitor-1", started=1.0)
    taken = await outbox.take(channels=WEB, holder=HOLDER, seconds=15)
    assert taken
    await outbox.put_back(taken, error="channel_not_found", seconds=None)
    seen = await look()
    [failed] = seen.undelivered
    assert (failed.turn, failed.channel, failed.key) == (made, "web", "visitor-1")
    assert (failed.attempts, failed.error) == (1, "channel_not_found")
    assert seen.at - 30 < failed.at <= seen.at
    assert taken.text not in repr(seen)


async def test_what_nobody_tried_to_deliver_is_neither_sent_nor_a_failure(
    store: SqlConversations, outbox: SqlOutbox, look: Look, database_url: str
) -> None:
    await _made(store, key="visitor-1", started=(await look()).at)
    await execute(database_url, "UPDATE deliveries SET due_at = due_at - 2.5")
    assert await outbox.give_up(channels=WEB, error="its terminal is gone") == 1
    seen = await look()
    assert (seen.made, seen.sent, seen.failed, seen.failed_lately) == ({"answered": 1}, 0, 0, 0)
    assert not seen.outgoing + seen.undelivered


async def test_what_failed_long_ago_is_counted_apart(
    store: SqlConversations, outbox: SqlOutbox, look: Look, database_url: str
) -> None:
    for key in ("old", "new"):
        await _made(store, key=key, started=1.0)
        taken = await outbox.take(channels=WEB, holder=HOLDER, seconds=15)
        assert taken
        await outbox.put_back(taken, error=key, seconds=None)
    await execute(database_url, "UPDATE deliveries SET due_at = due_at - 90000 WHERE error = 'old'")
    seen = await look()
    assert (seen.failed, seen.failed_lately) == (2, 1)
    assert [failed.error for failed in seen.undelivered] == ["new", "old"]


async def test_what_was_set_aside_is_told_with_its_reason(
    store: SqlConversations, look: Look
) -> None:
    at, kept = (await look()).at, {}
    for number in range(5):
        lease = await ask_alone(store, key=f"visitor-{number}")
        reason = f"tried {number} times"
        made = turn(answers=1, started=at + number, outcome=Outcome.SET_ASIDE, trouble=reason)
        kept[lease.conversation] = made
        await answer(store, lease, made)
    last, made = kept.popitem()
    newest, *others = (await look()).set_aside
    assert newest == SetAside(
        turn=made.id,
        conversation=last,
        channel="web",
        key="visitor-4",
        at=made.started,
        trouble="tried 4 times",
    )
    assert [one.key for one in others] == ["visitor-3", "visitor-2"]


async def test_replies_of_the_last_day_are_counted_by_their_outcome(
    store: SqlConversations, outbox: SqlOutbox, look: Look
) -> None:
    at = (await look()).at
    for number, (outcome, age) in enumerate(
        [*[(outcome, 60.0) for outcome in Outcome], (Outcome.ANSWERED, 60), (Outcome.FAILED, 9e4)]
    ):
        kept = turn(answers=1, started=at - age, outcome=outcome)
        await answer(store, await ask_alone(store, key=f"visitor-{number}"), kept)
        await outbox.sent(kept.id, receipt="")
    seen = await look()
    assert seen.made == {**{str(outcome): 1 for outcome in Outcome}, "answered": 2}
    assert seen.sent == len(Outcome) + 1


async def test_what_each_backend_reads_for_a_reply_is_the_mean_of_the_newest(
    store: SqlConversations, look: Look
) -> None:
    def read(tokens: int, backend: str = "gpt", *, step: str = "", error: str = "") -> Attempt:
        usage = Usage(input=tokens, output=7)
        return Attempt(backend=backend, model="m", step=step, error=error, usage=usage)

    attempts = [
        (read(1000), read(9, step="note"), read(40, "claude", error="it was empty")),
        (read(1500), Attempt(backend="quotes", model="")),
    ]
    for number, made in enumerate(attempts):
        lease = await ask_alone(store, key=f"c{number}")
        await answer(store, lease, turn(answers=1, attempts=made))
    assert dict((await look()).reads) == {"gpt": 1250, "claude": 40}
