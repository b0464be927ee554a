"""Whoever keeps conversations lets customers change what they said, and counts what still waits."""

import asyncio

import pytest

from bot.messages import Author, Summary
from bot.store.archive import SqlArchive
from bot.store.base import Finish, Owed, Revised
from bot.store.conversations import SqlConversations
from bot.store.database import Database
from bot.store.visits import SqlVisits
from tests.contracts.letters import HOLDER, OTHER, answer, ask, ask_alone, inbound, turn

WEB = {"web"}


@pytest.fixture
def store(database: Database) -> SqlConversations:
    return SqlConversations(database)


async def _edit(store: SqlConversations, external_id: str, text: str) -> Revised | None:
    return await store.revise("web", external_id, text=text, tokens=7)


async def _delete(store: SqlConversations, external_id: str) -> Revised | None:
    return await store.revise("web", external_id, text="", tokens=0)


async def _said(store: SqlConversations, conversation: int) -> list[str]:
    history = await store.read(conversation)
    return [message.text for message in history.messages if message.author is Author.CUSTOMER]


async def test_an_edited_message_says_its_new_words(store: SqlConversations) -> None:
    accepted = await ask(store, "Where is it?", external_id="m1")
    revised = await _edit(store, "m1", "Where is order 7?")
    assert revised == Revised(conversation=accepted.conversation, seq=1, revision=1)
    history = await store.read(accepted.conversation)
    (message,) = history.messages
    assert (message.text, message.tokens) == ("Where is order 7?", 7)
    assert history.conversation.revision == 1
    assert (history.conversation.asked, history.conversation.answered) == (1, 0)


@pytest.mark.parametrize("external_id", ["m2", "", "m" * 10_000, "m1\0", "\ud800"])
async def test_a_message_that_is_not_kept_is_not_changed(
    store: SqlConversations, external_id: str
) -> None:
    accepted = await ask(store, "Hello?", external_id="m1")
    assert await _edit(store, external_id, "Changed.") is None
    assert await store.revise("slack", "m1", text="Changed.", tokens=1) is None
    assert await _said(store, accepted.conversation) == ["Hello?"]


async def test_an_edit_that_changes_nothing_is_no_revision(store: SqlConversations) -> None:
    accepted = await ask(store, "Hello?", external_id="m1")
    revised = await _edit(store, "m1", "Hello?")
    assert revised == Revised(conversation=accepted.conversation, seq=1, revision=None)
    assert (await store.owed(accepted.conversation)).revision == 0


async def test_what_was_deleted_stays_deleted(store: SqlConversations) -> None:
    accepted = await ask(store, "Hello?", external_id="m1")
    await _delete(store, "m1")
    for late in (await _edit(store, "m1", "Hello again?"), await _delete(store, "m1")):
        assert late
        assert late.revision is None
    again = await store.accept(
        inbound("Hello?", external_id="m1"), tokens=5, holder=HOLDER, seconds=15
    )
    assert again.duplicate
    assert await _said(store, accepted.conversation) == [""]
    assert await store.owed(accepted.conversation) == Owed(after=0, upto=0, revision=1)


async def test_a_deleted_question_waits_for_nobody(store: SqlConversations) -> None:
    lease = await ask_alone(store, external_id="m1")
    await store.fail(lease, trouble="odd", pause=0)
    await _delete(store, "m1")
    assert await store.claim(channels=WEB, holder=OTHER, seconds=15, limit=9) == []
    next_one = await ask_alone(store, "Something else?")
    assert next_one.tries == 1
    assert (await store.owed(next_one.conversation)).trouble == ""


async def test_who_holds_a_deleted_question_lets_it_go(store: SqlConversations) -> None:
    lease = await ask_alone(store, external_id="m1")
    await _delete(store, "m1")
    assert not await store.release(lease)
    assert (await ask_alone(store, "Something else?")).tries == 1


@pytest.mark.parametrize(("deleted", "left"), [("m1", "two"), ("m2", "one")])
async def test_of_two_messages_the_one_that_is_left_waits(
    store: SqlConversations, deleted: str, left: str
) -> None:
    lease = await ask_alone(store, "one", external_id="m1")
    await ask(store, "two", external_id="m2")
    revised = await _delete(store, deleted)
    assert revised
    history = await store.read(lease.conversation)
    waits = [message for message in history.messages if message.text]
    assert [message.text for message in waits] == [left]
    assert history.conversation.asked == waits[0].seq
    kept = turn(answers=waits[0].seq)
    assert await answer(store, lease, kept, shown=False) is Finish.RELEASED


async def test_a_shown_answer_is_kept_though_its_question_was_deleted(
    store: SqlConversations,
) -> None:
    lease = await ask_alone(store, external_id="m1")
    await _delete(store, "m1")
    assert await answer(store, lease, turn(answers=1), shown=True) is Finish.RELEASED
    assert await store.claim(channels=WEB, holder=OTHER, seconds=15, limit=9) == []
    assert (await ask_alone(store, "Something else?")).epoch == 2


async def test_a_turn_that_read_other_words_is_superseded(store: SqlConversations) -> None:
    lease = await ask_alone(store, external_id="m1")
    await _edit(store, "m1", "Where is order 7?")
    kept = turn(answers=1)
    before = await store.finish(lease, kept, tokens=9, shown=False, revision=0)
    assert before is Finish.SUPERSEDED
    after = await store.finish(lease, kept, tokens=9, shown=False, revision=1)
    assert after is Finish.RELEASED


async def test_a_message_that_has_its_reply_only_changes_as_it_is_kept(
    store: SqlConversations, database: Database
) -> None:
    lease = await ask_alone(store, "one", external_id="m1")
    await answer(store, lease, turn(answers=1))
    await store.fold(
        lease.conversation, since=0, summary=Summary(upto=0, text="They asked for one.")
    )
    later = await ask_alone(store, "two", external_id="m2")
    revised = await _edit(store, "m1", "another")
    assert revised == Revised(conversation=lease.conversation, seq=1, revision=None)
    assert await _said(store, lease.conversation) == ["another", "two"]
    await _delete(store, "m1")
    assert await _said(store, lease.conversation) == ["", "two"]
    history = await store.read(lease.conversation)
    assert history.conversation.summary == "They asked for one."
    assert (history.conversation.asked, history.conversation.answered) == (3, 1)
    done = await store.finish(later, turn(answers=3), tokens=9, shown=False, revision=0)
    assert done is Finish.RELEASED
    [record, *_] = await SqlArchive(database).turns(lease.conversation)
    assert record.reply.text == "It is on its way [1]."


async def test_only_what_changes_after_its_reply_is_marked(
    store: SqlConversations, database: Database
) -> None:
    lease = await ask_alone(store, "one", external_id="m1")
    await _edit(store, "m1", "another")
    await answer(store, lease, turn(answers=1))
    archive = SqlArchive(database)
    assert [message.edited for message in await archive.messages(lease.conversation)] == [None] * 2
    await _edit(store, "m1", "another")
    assert (await archive.messages(lease.conversation))[0].edited is None
    await _edit(store, "m1", "one more")
    question, reply = await archive.messages(lease.conversation)
    assert question.edited is not None
    assert question.edited >= question.at
    assert reply.edited is None


async def test_a_deleted_message_is_not_shown_any_more(
    store: SqlConversations, database: Database
) -> None:
    lease = await ask_alone(store, "my secret", external_id="m1")
    await answer(store, lease, turn(answers=1))
    await ask(store, "Something else?")
    await _delete(store, "m1")
    [line] = await SqlArchive(database).conversations(limit=9)
    visit = await SqlVisits(database).find("web", "visitor-1")
    assert visit
    assert line.opening == visit.opening == "Something else?"
    page = await SqlVisits(database).page(lease.conversation, limit=9)
    assert [entry.message.seq for entry in page] == [2, 3]


async def test_a_change_comes_before_a_reply_or_after_it(store: SqlConversations) -> None:
    for number in range(20):
        key, name = f"visitor-{number}", f"m-{number}"
        lease = await ask_alone(store, key=key, external_id=name)
        kept, revised = await asyncio.gather(
            store.finish(lease, turn(answers=1), tokens=9, shown=False, revision=0),
            _edit(store, name, "Where is order 7?"),
        )
        assert revised
        superseded = kept is Finish.SUPERSEDED
        assert superseded == (revised.revision is not None)
