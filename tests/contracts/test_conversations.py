"""Whoever keeps conversations loses no message, answers none twice and has one holder each."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace

import anyio
import pytest
from sqlalchemy import func, select, update

from bot.errors import LeaseLost, StoreError
from bot.messages import Author, Message, Noticed, Outcome, Owner, Summary
from bot.store import tables
from bot.store.archive import SqlArchive
from bot.store.base import Accepted, Finish, Lease
from bot.store.conversations import SqlConversations
from bot.store.database import Database
from tests.contracts.letters import HOLDER, OTHER, answer, ask, ask_alone, inbound, turn


@pytest.fixture
def store(database: Database) -> SqlConversations:
    return SqlConversations(database)


async def _give_to(database: Database, owner: Owner) -> None:
    give = update(tables.Conversation).values(owner=owner)
    await database.write(lambda line: line.execute(give))


async def _rows(database: Database) -> dict[str, int]:
    """Return how many rows each table of a turn has."""
    counted = (tables.Message, tables.Turn, tables.ToolCall, tables.Delivery)
    return await database.read(
        lambda line: {
            table.__tablename__: line.scalar(select(func.count()).select_from(table)) or 0
            for table in counted
        }
    )


# --- Accept -----------------------------------------------------------------------------------


async def test_a_first_message_makes_the_conversation_and_takes_its_lease(
    store: SqlConversations,
) -> None:
    accepted = await ask(store, "Hello", name="Ada", language="en", attributes={"plan": "gold"})
    assert accepted.seq == 1
    assert not accepted.duplicate
    assert accepted.lease == Lease(conversation=accepted.conversation, holder=HOLDER, epoch=1)

    history = await store.read(accepted.conversation)
    conversation = history.conversation
    assert (conversation.channel, conversation.key) == ("web", "visitor-1")
    assert (conversation.customer, conversation.customer_name) == ("ada", "Ada")
    assert conversation.attributes == {"plan": "gold"}
    assert (conversation.language, conversation.owner) == ("en", Owner.BOT)
    assert (conversation.asked, conversation.answered) == (1, 0)
    (message,) = history.messages
    assert message == Message(seq=1, author=Author.CUSTOMER, text="Hello", tokens=5, at=message.at)


async def test_a_second_message_joins_the_conversation_without_the_lease(
    store: SqlConversations,
) -> None:
    first = await ask(store)
    second = await ask(store)
    assert second == Accepted(conversation=first.conversation, seq=2)


async def test_a_second_delivery_changes_nothing_and_is_told_so(
    store: SqlConversations,
) -> None:
    said = inbound(external_id="m-1")
    first = await store.accept(said, tokens=5, holder=HOLDER, seconds=15)
    await ask(store)
    before = await store.read(first.conversation)
    again = await store.accept(said, tokens=5, holder=OTHER, seconds=15)
    assert again == Accepted(conversation=first.conversation, seq=1, duplicate=True)
    assert await store.read(first.conversation) == before
    assert (await ask(store)).seq == 3


async def test_a_second_delivery_takes_no_lease_that_is_free(store: SqlConversations) -> None:
    said = inbound()
    first = await store.accept(said, tokens=5, holder=HOLDER, seconds=15)
    assert first.lease
    await store.abandon(first.lease)
    again = await store.accept(said, tokens=5, holder=OTHER, seconds=15)
    assert again.duplicate
    assert again.lease is None
    assert len(await store.claim(channels={"web"}, holder=OTHER, seconds=15, limit=5)) == 1


async def test_the_same_message_under_another_key_makes_no_conversation(
    store: SqlConversations, database: Database
) -> None:
    first = await ask(store, external_id="m-1")
    again = await ask(store, external_id="m-1", key="visitor-2")
    assert again == Accepted(conversation=first.conversation, seq=1, duplicate=True)
    assert await SqlArchive(database).find("web", "visitor-2") is None


async def test_the_same_id_in_another_channel_is_another_message(store: SqlConversations) -> None:
    await ask(store, external_id="m-1")
    assert not (await ask(store, external_id="m-1", channel="slack")).duplicate


async def test_concurrent_second_deliveries_keep_the_message_once(
    store: SqlConversations,
) -> None:
    said = inbound()
    all_accepted = await asyncio.gather(
        *(store.accept(said, tokens=5, holder=f"p-{n}", seconds=15) for n in range(10))
    )
    assert [accepted.duplicate for accepted in all_accepted].count(False) == 1
    assert len([accepted for accepted in all_accepted if accepted.lease]) == 1
    history = await store.read(all_accepted[0].conversation)
    assert [message.seq for message in history.messages] == [1]


async def test_messages_that_come_at_once_get_every_seq_and_one_lease(
    store: SqlConversations,
) -> None:
    all_accepted = await asyncio.gather(*(ask(store, f"Message {n}") for n in range(20)))
    assert sorted(accepted.seq for accepted in all_accepted) == list(range(1, 21))
    assert len({accepted.conversation for accepted in all_accepted}) == 1
    assert [bool(accepted.lease) for accepted in all_accepted].count(True) == 1


async def test_conversations_that_begin_at_once_share_their_customer(
    store: SqlConversations,
) -> None:
    all_accepted = await asyncio.gather(
        *(ask(store, key=f"visitor-{n % 5}", name=f"Ada {n}") for n in range(20))
    )
    assert len({accepted.conversation for accepted in all_accepted}) == 5
    assert all(accepted.seq in range(1, 5) for accepted in all_accepted)


async def test_what_a_channel_says_anew_of_a_customer_is_kept(store: SqlConversations) -> None:
    accepted = await ask(store, name="Ada", language="en", attributes={"plan": "free"})
    await ask(store, name="Ada L.", language="de", attributes={"plan": "gold"})
    await ask(store)
    conversation = (await store.read(accepted.conversation)).conversation
    assert (conversation.customer_name, conversation.language) == ("Ada L.", "de")
    assert conversation.attributes == {"plan": "gold"}


async def test_a_second_person_in_a_thread_does_not_rename_the_first(
    store: SqlConversations,
) -> None:
    accepted = await ask(store, name="Ada")
    await ask(store, customer="grace", name="Grace")
    conversation = (await store.read(accepted.conversation)).conversation
    assert (conversation.customer, conversation.customer_name) == ("ada", "Ada")


async def test_a_message_to_a_persons_conversation_is_kept_without_a_lease(
    store: SqlConversations, database: Database
) -> None:
    lease = await ask_alone(store)
    await store.abandon(lease)
    await _give_to(database, Owner.OPERATOR)
    accepted = await ask(store)
    assert (accepted.seq, accepted.lease) == (2, None)


@pytest.mark.parametrize(
    "text",
    [
        "Grüße, 你好, 👩‍👩‍👧, مرحبا",
        "x" * 1_000_000,
        "👍" * 250_000,
        "",
        "{{ 7 * 7 }} %s $1 :name \\ ' \" \r\n\t",
    ],
    ids=["unicode", "1 MB", "1 MB of emoji", "empty", "markup"],
)
async def test_a_text_comes_back_as_it_was(store: SqlConversations, text: str) -> None:
    accepted = await ask(store, text)
    (message,) = (await store.read(accepted.conversation)).messages
    assert message.text == text


async def test_what_no_database_keeps_is_marked(store: SqlConversations) -> None:
    accepted = await ask(
        store, "a\0b\ud83dc", name="A\0da", attributes={"note": "x\0y\ud800"}, external_id="m\0"
    )
    history = await store.read(accepted.conversation)
    assert history.messages[0].text == "a\ufffdb\ufffdc"
    assert history.conversation.customer_name == "A\ufffdda"
    assert set(history.conversation.attributes) == {"note"}


async def test_a_key_that_is_too_long_is_refused_and_nothing_is_kept(
    store: SqlConversations, database: Database
) -> None:
    with pytest.raises(StoreError, match=r"300 characters.*at most 255"):
        await ask(store, external_id="m" * 300)
    assert (await _rows(database))["messages"] == 0


# --- Lease ------------------------------------------------------------------------------------


async def test_a_waiting_conversation_is_claimed_once_however_many_try(
    store: SqlConversations,
) -> None:
    for number in range(6):
        await store.abandon(await ask_alone(store, key=f"visitor-{number}"))
    claims = await asyncio.gather(
        *(store.claim(channels={"web"}, holder=f"p-{n}", seconds=15, limit=2) for n in range(10))
    )
    claimed = [lease.conversation for leases in claims for lease in leases]
    assert len(claimed) == len(set(claimed))
    rest = await store.claim(channels={"web"}, holder=HOLDER, seconds=15, limit=10)
    assert len(claimed) + len(rest) == 6
    assert all(len(leases) <= 2 for leases in claims)


async def test_only_what_waits_for_the_bot_in_ones_channels_is_claimed(
    store: SqlConversations, database: Database
) -> None:
    answered = await ask_alone(store, key="answered")
    await answer(store, answered, turn(answers=1))
    await ask(store, key="held")
    await store.abandon(await ask_alone(store, key="elsewhere", channel="slack"))
    assert await store.claim(channels={"web"}, holder=OTHER, seconds=15, limit=9) == []
    assert await store.claim(channels=(), holder=OTHER, seconds=15, limit=9) == []
    await _give_to(database, Owner.OPERATOR)
    assert await store.claim(channels={"web", "slack"}, holder=OTHER, seconds=15, limit=9) == []
    await _give_to(database, Owner.BOT)
    assert len(await store.claim(channels={"web", "slack"}, holder=OTHER, seconds=15, limit=9)) == 1


async def test_a_lease_that_ran_out_is_claimed_with_a_higher_epoch(
    store: SqlConversations,
) -> None:
    accepted = await store.accept(inbound(), tokens=5, holder=HOLDER, seconds=15)
    assert accepted.lease
    assert await store.claim(channels={"web"}, holder=OTHER, seconds=15, limit=1) == []
    await store.renew(accepted.lease, seconds=0.1)
    await anyio.sleep(0.2)
    (claimed,) = await store.claim(channels={"web"}, holder=OTHER, seconds=15, limit=1)
    assert claimed == Lease(conversation=accepted.conversation, holder=OTHER, epoch=2, tries=2)


async def test_a_message_takes_a_lease_that_ran_out(store: SqlConversations) -> None:
    await store.accept(inbound(), tokens=5, holder=HOLDER, seconds=1.0)
    await anyio.sleep(1.1)
    accepted = await store.accept(inbound(), tokens=5, holder=OTHER, seconds=15)
    assert accepted.lease
    assert accepted.lease.epoch == 2


async def test_a_renewed_lease_does_not_run_out(store: SqlConversations) -> None:
    accepted = await store.accept(inbound(), tokens=5, holder=HOLDER, seconds=1.0)
    assert accepted.lease
    await store.renew(accepted.lease, seconds=15)
    await anyio.sleep(1.1)
    assert await store.claim(channels={"web"}, holder=OTHER, seconds=15, limit=1) == []


async def test_a_holder_hears_with_its_renewal_up_to_where_to_stop(store: SqlConversations) -> None:
    accepted = await store.accept(inbound(), tokens=5, holder=HOLDER, seconds=15)
    assert accepted.lease
    assert await store.renew(accepted.lease, seconds=15) == 0
    await store.stop(accepted.conversation)
    await store.accept(inbound(), tokens=5, holder=HOLDER, seconds=15)
    assert await store.renew(accepted.lease, seconds=15) == accepted.seq


async def test_a_holder_that_lost_its_lease_writes_nothing(
    store: SqlConversations, database: Database
) -> None:
    accepted = await store.accept(inbound(), tokens=5, holder=HOLDER, seconds=0)
    assert accepted.lease
    # Even the same process, under another epoch: it died and was started again.
    (claimed,) = await store.claim(channels={"web"}, holder=HOLDER, seconds=15, limit=1)
    before = await _rows(database)
    writes: list[Awaitable[object]] = [
        store.renew(accepted.lease, seconds=15),
        store.release(accepted.lease),
        store.finish(accepted.lease, turn(answers=1), tokens=9, shown=True),
        store.finish(accepted.lease, turn(answers=1), tokens=9, shown=False),
    ]
    for write in writes:
        with pytest.raises(LeaseLost):
            await write
    await store.abandon(accepted.lease)
    assert await _rows(database) == before
    await store.renew(claimed, seconds=15)


async def test_a_person_who_takes_over_ends_the_lease(
    store: SqlConversations, database: Database
) -> None:
    lease = await ask_alone(store)
    await _give_to(database, Owner.OPERATOR)
    before = await _rows(database)
    with pytest.raises(LeaseLost):
        await store.renew(lease, seconds=15)
    with pytest.raises(LeaseLost):
        await store.finish(lease, turn(answers=1), tokens=9, shown=True)
    with pytest.raises(LeaseLost):
        await store.finish(lease, turn(answers=1), tokens=9, shown=False)
    assert await _rows(database) == before
    assert await store.release(lease) is False


async def test_a_release_keeps_the_lease_while_a_message_waits(store: SqlConversations) -> None:
    lease = await ask_alone(store)
    assert await store.release(lease) is True
    await store.renew(lease, seconds=15)
    assert await answer(store, lease, turn(answers=1)) is Finish.RELEASED
    with pytest.raises(LeaseLost):
        await store.release(lease)


async def test_an_abandoned_conversation_is_free_at_once(store: SqlConversations) -> None:
    lease = await ask_alone(store)
    await store.abandon(lease)
    await store.abandon(lease)
    (claimed,) = await store.claim(channels={"web"}, holder=OTHER, seconds=15, limit=1)
    assert claimed.epoch == lease.epoch + 1


# --- Finish -----------------------------------------------------------------------------------


async def test_a_finished_turn_is_kept_whole(store: SqlConversations, database: Database) -> None:
    lease = await ask_alone(store)
    kept = turn(answers=1)
    assert await answer(store, lease, kept) is Finish.RELEASED
    history = await store.read(lease.conversation)
    assert history.conversation.answered == 1
    reply = history.messages[1]
    assert reply == Message(
        seq=2,
        author=Author.BOT,
        text=kept.reply.text,
        tokens=9,
        at=reply.at,
        answers=1,
        turn=kept.id,
    )
    assert await SqlArchive(database).turns(lease.conversation) == [kept]
    counts = {"messages": 2, "turns": 1, "tool_calls": 1, "deliveries": 1}
    assert await _rows(database) == counts
    assert (await ask(store)).seq == 3


async def test_a_shown_turn_is_finished_and_the_lease_kept_for_the_newer_message(
    store: SqlConversations,
) -> None:
    lease = await ask_alone(store)
    await ask(store)
    assert await answer(store, lease, turn(answers=1), shown=True) is Finish.WAITING
    assert (await store.read(lease.conversation)).conversation.answered == 1
    assert await answer(store, lease, turn(answers=2), shown=True) is Finish.RELEASED


async def test_a_turn_of_which_nothing_was_shown_is_superseded(
    store: SqlConversations, database: Database
) -> None:
    lease = await ask_alone(store)
    await ask(store)
    before = await _rows(database), await store.read(lease.conversation)
    assert await answer(store, lease, turn(answers=1), shown=False) is Finish.SUPERSEDED
    assert (await _rows(database), await store.read(lease.conversation)) == before
    await store.renew(lease, seconds=15)
    both = turn(first=1, answers=2)
    assert await answer(store, lease, both, shown=False) is Finish.RELEASED


async def test_no_message_is_stranded_between_a_finish_and_an_accept(
    store: SqlConversations,
) -> None:
    for number in range(8):
        key = f"visitor-{number}"
        lease = await ask_alone(store, key=key)
        finished, accepted = await asyncio.gather(
            answer(store, lease, turn(answers=1)), ask(store, key=key)
        )
        # Either the turn saw the message and keeps the lease for it, or the message took it.
        assert (finished is Finish.WAITING) != bool(accepted.lease)


async def test_the_reply_to_each_question_of_a_burst_is_found(store: SqlConversations) -> None:
    lease = await ask_alone(store)
    await ask(store)
    assert await store.reply(lease.conversation, seq=1) is None
    burst, later = turn(first=1, answers=2), turn(answers=4, text="You are welcome.")
    await answer(store, lease, burst)
    await answer(store, await ask_alone(store), later)
    replies = [await store.reply(lease.conversation, seq=seq) for seq in (1, 2, 4, 5)]
    assert replies == [burst.reply, burst.reply, later.reply, None]


async def test_a_stopped_reply_is_marked(store: SqlConversations) -> None:
    lease = await ask_alone(store)
    await answer(store, lease, turn(answers=1, outcome=Outcome.STOPPED))
    assert (await store.read(lease.conversation)).messages[1].stopped


async def test_what_a_model_wrote_never_stops_a_turn_from_being_kept(
    store: SqlConversations, database: Database
) -> None:
    lease = await ask_alone(store)
    odd = "\0\ud800" + "ü" * 500
    call = turn(answers=1).refused_calls[0]
    kept = turn(
        answers=1,
        text=odd,
        reasoning=odd,
        refused_calls=(type(call)(id=odd, name=odd, arguments=odd),),
    )
    assert await answer(store, lease, kept) is Finish.RELEASED
    (back,) = await SqlArchive(database).turns(lease.conversation)
    marked = "\ufffd\ufffd" + "ü" * 500
    assert back.reply.text == back.reasoning == marked
    assert back.refused_calls[0].name == back.refused_calls[0].id == marked


# --- Notice -----------------------------------------------------------------------------------


async def test_what_a_turn_notices_goes_onto_the_conversation(store: SqlConversations) -> None:
    lease = await ask_alone(store, language="en")
    noticed = Noticed(language="de", mood="upset", topic="delivery", facts={"order": "A-1"})
    await answer(store, lease, turn(answers=1, noticed=noticed))
    found = (await store.read(lease.conversation)).conversation
    assert (found.language, found.mood, found.topic) == ("de", "upset", "delivery")
    assert found.facts == {"order": "A-1"}


async def test_what_a_turn_does_not_notice_stays_as_it_was(store: SqlConversations) -> None:
    lease = await ask_alone(store)
    noticed = Noticed(language="de", mood="upset", topic="delivery", facts={"order": "A-1"})
    await answer(store, lease, turn(answers=1, noticed=noticed))
    before = (await store.read(lease.conversation)).conversation
    again = await ask_alone(store, language="en")  # the browser's, whatever they write
    await answer(store, again, turn(answers=3, noticed=Noticed()))
    found = (await store.read(lease.conversation)).conversation
    assert found == replace(before, asked=3, answered=3)


async def test_what_a_superseded_turn_noticed_is_forgotten(store: SqlConversations) -> None:
    lease = await ask_alone(store)
    await ask(store)
    noticed = turn(answers=1, noticed=Noticed(mood="upset"))
    assert await answer(store, lease, noticed, shown=False) is Finish.SUPERSEDED
    assert (await store.read(lease.conversation)).conversation.mood == ""


# --- Read, fold and prefer --------------------------------------------------------------------


async def test_a_fold_hides_what_its_summary_stands_for(store: SqlConversations) -> None:
    conversation = (await ask(store, "One")).conversation
    for text in ("Two", "Three"):
        await ask(store, text)
    assert await store.fold(conversation, since=0, summary=Summary(upto=2, text="Ada counts."))
    history = await store.read(conversation)
    assert [message.text for message in history.messages] == ["Three"]
    assert (history.conversation.summary, history.conversation.summary_seq) == ("Ada counts.", 2)


async def test_of_two_folds_the_first_stands(store: SqlConversations) -> None:
    conversation = (await ask(store)).conversation
    await ask(store)
    folds = await asyncio.gather(
        *(
            store.fold(conversation, since=0, summary=Summary(upto=1, text=f"Fold {n}"))
            for n in range(4)
        )
    )
    assert folds.count(True) == 1
    summary = (await store.read(conversation)).conversation.summary
    assert summary == f"Fold {folds.index(True)}"


async def test_a_conversations_overrides_are_set_and_taken_back(store: SqlConversations) -> None:
    conversation = (await ask(store)).conversation
    await store.prefer(conversation, backend="gpt", strategy="chain_of_thought")
    kept = (await store.read(conversation)).conversation
    assert (kept.backend, kept.strategy) == ("gpt", "chain_of_thought")
    await store.prefer(conversation, backend=None, strategy="direct")
    kept = (await store.read(conversation)).conversation
    assert (kept.backend, kept.strategy) == (None, "direct")


async def test_the_newest_question_is_told(store: SqlConversations) -> None:
    accepted = await ask(store)
    await ask(store)
    assert (await store.owed(accepted.conversation)).upto == 2


async def test_an_unknown_conversation_is_an_error(store: SqlConversations) -> None:
    with pytest.raises(StoreError, match="no conversation 404"):
        await store.read(404)
    with pytest.raises(StoreError, match="no conversation 404"):
        await store.owed(404)


async def test_a_prompt_is_kept_once(store: SqlConversations, database: Database) -> None:
    for _ in range(2):
        await store.keep_prompt("a" * 32, name="answer", source="Be kind.")
    count = select(func.count()).select_from(tables.Prompt)
    assert await database.read(lambda line: line.scalar(count)) == 1


async def test_who_is_to_answer_is_told_what_there_is_to_read(store: SqlConversations) -> None:
    first = await ask(store, "Hello", name="Ada")
    assert first.lease
    assert first.history == await store.read(first.conversation)
    assert (await ask(store, "Anyone?")).history is None  # whoever has the lease reads it
    await answer(store, first.lease, turn(answers=2))
    third = await ask(store, "And now?")
    assert third.history == await store.read(first.conversation)


async def test_what_cannot_be_read_keeps_no_message_from_being_kept(
    store: SqlConversations, database: Database
) -> None:
    await answer(store, await ask_alone(store), turn(answers=1))
    strange = update(tables.Message).values(author="oracle")
    await database.write(lambda line: line.execute(strange))
    accepted = await ask(store, "Still there?")
    assert accepted.lease
    assert (accepted.seq, accepted.history) == (3, None)


# --- Tries ------------------------------------------------------------------------------------


async def test_a_try_that_failed_is_counted_and_the_next_one_waits(
    store: SqlConversations,
) -> None:
    lease = await ask_alone(store)
    await store.fail(lease, trouble="KeyError at fitting.py:7", pause=3.0)
    assert await store.claim(channels={"web"}, holder=OTHER, seconds=15, limit=1) == []
    assert (await ask(store)).lease is None  # nobody takes it early, for a new message neither
    owed = await store.owed(lease.conversation)
    assert (owed.after, owed.upto, owed.trouble) == (0, 2, "KeyError at fitting.py:7")
    await anyio.sleep(3.1)
    (claimed,) = await store.claim(channels={"web"}, holder=OTHER, seconds=15, limit=1)
    assert claimed.tries == 2
    await answer(store, claimed, turn(answers=2))
    assert (await store.owed(lease.conversation)).trouble == ""
    assert (await ask_alone(store)).tries == 1


async def test_a_try_that_was_given_up_in_good_order_counts_for_nothing(
    store: SqlConversations,
) -> None:
    for _ in range(3):
        lease = await ask_alone(store)
        assert lease.tries == 1
        await store.abandon(lease)


async def test_who_lost_the_lease_counts_no_failure(store: SqlConversations) -> None:
    accepted = await store.accept(inbound(), tokens=5, holder=HOLDER, seconds=0.0)
    (taken,) = await store.claim(channels={"web"}, holder=OTHER, seconds=15, limit=1)
    assert accepted.lease
    await store.fail(accepted.lease, trouble="late", pause=0.0)
    await store.abandon(accepted.lease)
    await store.renew(taken, seconds=15)
    assert (await store.owed(accepted.conversation)).trouble == ""
