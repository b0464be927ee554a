"""Whoever keeps an archive tells all that was kept, and nothing else."""

from dataclasses import replace

import pytest
from sqlalchemy import insert

from bot.errors import StoreError
from bot.messages import Attempt, Noticed, Outcome, Passage, Rating, Summary
from bot.store import tables
from bot.store.archive import SqlArchive
from bot.store.base import Unanswered
from bot.store.conversations import SqlConversations
from bot.store.database import Database
from bot.store.outbox import SqlOutbox
from tests.contracts.letters import answer, ask, ask_alone, turn


@pytest.fixture
def store(database: Database) -> SqlConversations:
    return SqlConversations(database)


@pytest.fixture
def archive(database: Database) -> SqlArchive:
    return SqlArchive(database)


async def test_a_conversation_is_found_by_its_key(
    store: SqlConversations, archive: SqlArchive
) -> None:
    accepted = await ask(store)
    found = await archive.find("web", "visitor-1")
    assert found == (await store.read(accepted.conversation)).conversation
    assert await archive.find("slack", "visitor-1") is None
    assert await archive.find("web", "visitor-2") is None


async def test_the_latest_conversation_is_the_one_written_in_last(
    store: SqlConversations, archive: SqlArchive
) -> None:
    assert await archive.latest("web") is None
    for key in ("one", "two", "one"):
        await ask(store, key=key)
    await ask(store, key="elsewhere", channel="slack")
    latest = await archive.latest("web")
    assert latest
    assert latest.key == "one"


async def test_the_newest_turn_is_found_though_nothing_is_answered_where_was_written_last(
    store: SqlConversations, archive: SqlArchive
) -> None:
    assert await archive.newest_turn() is None
    newest = turn(answers=1, started=2_000_000_000.0)
    await answer(store, await ask_alone(store, key="one"), newest)
    await answer(store, await ask_alone(store, key="two"), turn(answers=1))
    accepted = await ask(store, key="three")
    assert await archive.newest_turn() == newest.id
    found = await archive.conversation(accepted.conversation)
    assert found
    assert (found.key, await archive.turns(found.id)) == ("three", [])
    assert await archive.conversation(4711) is None


async def test_conversations_are_listed_newest_first(
    store: SqlConversations, archive: SqlArchive
) -> None:
    lease = await ask_alone(store, "Where is my parcel?", key="one")
    await ask(store, "Hello", key="two")
    await answer(store, lease, turn(answers=1))
    one, two = await archive.conversations(limit=5)
    assert (one.conversation.key, one.messages, one.opening) == ("one", 2, "Where is my parcel?")
    assert (two.conversation.key, two.messages, two.opening) == ("two", 1, "Hello")
    assert one.begun <= two.begun <= one.latest
    assert await archive.conversations(limit=1) == [one]


async def test_all_messages_are_told_folded_ones_too(
    store: SqlConversations, archive: SqlArchive
) -> None:
    conversation = (await ask(store, "One")).conversation
    await ask(store, "Two")
    await store.fold(conversation, since=0, summary=Summary(upto=1, text="One."))
    assert [message.text for message in await archive.messages(conversation)] == ["One", "Two"]
    assert await archive.messages(404) == []


async def test_how_a_summary_was_made_is_kept(store: SqlConversations, archive: SqlArchive) -> None:
    conversation = (await ask(store, "One")).conversation
    attempts = (Attempt(backend="small", model="bart", seconds=0.5, cost=0.01, step="summary"),)
    made = Summary(upto=1, text="One.", by="small", seconds=0.6, attempts=attempts)
    assert await store.fold(conversation, since=0, summary=made)
    (kept,) = await archive.summaries(conversation)
    assert kept.at > 1_700_000_000
    assert replace(kept, at=0.0) == made
    assert await archive.summaries(404) == []


async def test_what_a_summary_cost_in_vain_is_kept(
    store: SqlConversations, archive: SqlArchive
) -> None:
    conversation = (await ask(store, "One")).conversation
    attempts = (Attempt(backend="small", model="bart", cost=0.01, step="summary"),)
    failed = Summary(upto=1, text="", by="small", error="It was cut.", attempts=attempts)
    assert not await store.fold(conversation, since=0, summary=failed)
    assert (await store.read(conversation)).conversation.summary_seq == 0
    assert await store.fold(conversation, since=0, summary=Summary(upto=1, text="One."))
    late = Summary(upto=1, text="The first one.", attempts=attempts)
    assert not await store.fold(conversation, since=0, summary=late)
    assert not await store.fold(conversation, since=0, summary=Summary(upto=1, text="Free."))
    kept = [
        (each.text, each.error, each.attempts) for each in await archive.summaries(conversation)
    ]
    assert kept == [
        ("", "It was cut.", attempts),
        ("One.", "", ()),
        ("The first one.", "Another summary came first.", attempts),
    ]
    assert (await store.read(conversation)).conversation.summary == "One."


async def test_conversations_of_a_mood_are_listed_alone(
    store: SqlConversations, archive: SqlArchive
) -> None:
    for key, mood in (("one", "upset"), ("two", "content"), ("three", None)):
        lease = await ask_alone(store, key=key)
        await answer(store, lease, turn(answers=1, noticed=Noticed(mood=mood)))
    assert [
        line.conversation.key for line in await archive.conversations(limit=5, mood="upset")
    ] == ["one"]
    assert len(await archive.conversations(limit=5)) == 3


async def test_turns_are_told_in_the_order_of_their_replies(
    store: SqlConversations, archive: SqlArchive
) -> None:
    # The clock went back between the two: order is the reply's place, never a time.
    first, second = turn(answers=1, started=2_000.0), turn(answers=3, started=1_000.0)
    lease = await ask_alone(store)
    await answer(store, lease, first)
    await answer(store, await ask_alone(store), second)
    assert await archive.turns(lease.conversation) == [first, second]
    assert await archive.turns(404) == []


async def test_a_record_tells_how_an_answer_came_about(
    store: SqlConversations, archive: SqlArchive, database: Database
) -> None:
    passages = [
        {
            "id": number,
            "position": 1,
            "path": f"page-{number}.md",
            "title": "Shipping",
            "headings": ["Shipping", "Tracking"],
            "link": "/s#tracking",
            "text": "Use the link.",
            "length": 3.0,
        }
        for number in (3, 7, 9)
    ]
    await database.write(lambda line: line.execute(insert(tables.Passage), passages))
    await store.keep_prompt("a" * 32, name="answer", source="Be kind.")
    lease = await ask_alone(store, "Where is it?")
    await ask(store, "My order, I mean.")
    kept = turn(first=1, answers=2)
    await answer(store, lease, kept)
    await archive.rate(kept.id, Rating.GOOD, comment="Quick!")
    await SqlOutbox(database).sent(kept.id, receipt="")

    (record,) = await archive.record(kept.id)
    assert (record.conversation, record.turn) == (lease.conversation, kept)
    assert [question.text for question in record.questions] == ["Where is it?", "My order, I mean."]
    assert [passage.article for passage in record.passages] == ["page-7.md", "page-3.md"]
    assert record.passages[0] == Passage(
        id=7,
        article="page-7.md",
        title="Shipping",
        headings=("Shipping", "Tracking"),
        link="/s#tracking",
        text="Use the link.",
        score=4.5,
        coverage=0.9,
    )
    assert (record.template, record.delivery) == ("Be kind.", "sent")
    assert (record.rating, record.comment) == (Rating.GOOD, "Quick!")


async def test_a_record_does_without_what_was_not_kept(
    store: SqlConversations, archive: SqlArchive
) -> None:
    kept = turn(answers=1)
    await answer(store, await ask_alone(store), kept)
    (record,) = await archive.record(kept.id)
    assert (record.passages, record.template, record.rating) == ((), "", None)
    assert record.delivery == "pending"


async def test_a_turn_is_found_by_the_beginning_of_its_id(
    store: SqlConversations, archive: SqlArchive
) -> None:
    lease = await ask_alone(store)
    for number in range(12):
        seq = 2 * number + 1
        kept = turn(answers=seq, id=f"ab{number:02d}%_", started=float(number))
        await answer(store, lease, kept)
        lease = await ask_alone(store)
    assert [record.turn.id for record in await archive.record("ab03")] == ["ab03%_"]
    newest = [record.turn.started for record in await archive.record("ab")]
    assert newest == [float(number) for number in range(11, 1, -1)]
    assert await archive.record("%") == []
    assert await archive.record("AB03") == []


async def test_what_stayed_without_an_answer_is_listed_newest_first(
    store: SqlConversations, archive: SqlArchive
) -> None:
    ends = [Outcome.UNANSWERED, Outcome.ANSWERED, Outcome.FAILED, Outcome.STOPPED]
    kept = []
    for number, end in enumerate(ends):
        lease = await ask_alone(store, f"Question {number}", key=end)
        kept.append(turn(answers=1, outcome=end, started=float(number)))
        await answer(store, lease, kept[-1])
    burst = await ask_alone(store, "Do you", key="burst")
    await ask(store, "sell cars?", key="burst")
    last = turn(first=1, answers=2, outcome=Outcome.UNANSWERED, started=9.0)
    await answer(store, burst, last)

    found = await archive.unanswered(limit=9)
    assert [entry.turn for entry in found] == [last.id, kept[2].id, kept[0].id]
    assert found[0] == Unanswered(
        conversation=burst.conversation, turn=last.id, question="Do you\nsell cars?", at=9.0
    )
    assert await archive.unanswered(limit=1) == found[:1]


async def test_a_second_rating_replaces_the_first(
    store: SqlConversations, archive: SqlArchive
) -> None:
    kept = turn(answers=1)
    await answer(store, await ask_alone(store), kept)
    await archive.rate(kept.id, Rating.GOOD, comment="Quick!")
    await archive.rate(kept.id, Rating.BAD, comment="Wrong.")
    (record,) = await archive.record(kept.id)
    assert (record.rating, record.comment) == (Rating.BAD, "Wrong.")


async def test_an_unknown_turn_is_not_rated(archive: SqlArchive) -> None:
    with pytest.raises(StoreError, match="no turn 'nope'"):
        await archive.rate("nope", Rating.GOOD, comment="")
