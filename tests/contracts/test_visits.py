"""Whoever keeps visits shows customers their own conversations, and nothing else."""

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import insert, update

from bot.messages import Author, Outcome, Owner, Rating
from bot.store import tables
from bot.store.archive import SqlArchive
from bot.store.base import Entry, Mark
from bot.store.conversations import SqlConversations
from bot.store.database import Database
from bot.store.visits import SqlVisits
from tests.contracts.letters import answer, ask, ask_alone, turn

HUGE = 10**30


@pytest.fixture
def store(database: Database) -> SqlConversations:
    return SqlConversations(database)


@pytest.fixture
def visits(database: Database) -> SqlVisits:
    return SqlVisits(database)


async def _change(database: Database, conversation: int, **values: Any) -> None:
    change = update(tables.Conversation).where(tables.Conversation.id == conversation)
    await database.write(lambda line: line.execute(change.values(values)))


async def _say(database: Database, conversation: int, seq: int, **values: Any) -> None:
    """Keep a message that no turn wrote."""
    said = {"conversation_id": conversation, "seq": seq, "tokens": 1, "at": 1.0, **values}
    await database.write(lambda line: line.execute(insert(tables.Message), said))


def _seqs(entries: Sequence[Entry]) -> list[int]:
    return [entry.message.seq for entry in entries]


# --- Finding one's way back -------------------------------------------------------------------


async def test_a_conversation_is_found_again_with_how_far_it_is(
    store: SqlConversations, visits: SqlVisits
) -> None:
    lease = await ask_alone(store, "Where is my parcel?")
    await answer(store, lease, turn(answers=1))
    await ask(store, "Hello?")
    visit = await visits.find("web", "visitor-1")
    assert visit
    assert visit.conversation == (await store.read(lease.conversation)).conversation
    assert visit.opening == "Where is my parcel?"
    assert visit.mark == Mark(
        conversation=lease.conversation, seq=3, asked=3, answered=1, owner=Owner.BOT, read=0
    )
    assert visit.latest > 1_700_000_000


@pytest.mark.parametrize("key", ["visitor-2", "", "v" * 10_000, "visitor-1\0", "\ud800"])
async def test_a_key_that_is_not_there_finds_nothing(
    store: SqlConversations, visits: SqlVisits, key: str
) -> None:
    await ask(store)
    assert await visits.find("web", key) is None
    assert await visits.find("slack", "visitor-1") is None


async def test_a_customer_finds_their_own_conversations_newest_first(
    store: SqlConversations, visits: SqlVisits
) -> None:
    for key in ("one", "two", "three", "one"):
        await ask(store, f"This is {key}", key=key)
    await ask(store, key="theirs", customer="bob")
    await ask(store, key="elsewhere", channel="slack")
    mine = await visits.of("web", "ada", limit=9)
    assert [visit.conversation.key for visit in mine] == ["one", "three", "two"]
    assert [visit.opening for visit in mine] == ["This is one", "This is three", "This is two"]
    assert await visits.of("web", "ada", limit=2) == mine[:2]
    assert await visits.of("web", "ada", limit=HUGE) == mine
    assert await visits.of("web", "nobody", limit=9) == []
    assert await visits.of("web", "a" * 10_000, limit=9) == []


async def test_a_long_opening_is_told_by_its_beginning(
    store: SqlConversations, visits: SqlVisits
) -> None:
    await ask(store, "é" * 5_000)
    visit = await visits.find("web", "visitor-1")
    assert visit
    assert visit.opening == "é" * 200


# --- A page of it -----------------------------------------------------------------------------


async def test_a_page_shows_what_was_said_with_its_sources_and_rating(
    store: SqlConversations, visits: SqlVisits, database: Database
) -> None:
    lease = await ask_alone(store, "Where is it?", external_id="m-1")
    kept = turn(answers=1)
    await answer(store, lease, kept)
    await SqlArchive(database).rate(kept.id, Rating.GOOD, comment="")
    asked, replied = await visits.page(lease.conversation, limit=9)
    assert asked.message.text == "Where is it?"
    assert (asked.external_id, asked.outcome, asked.rating) == ("m-1", None, None)
    assert replied.message.text == kept.reply.text
    assert (replied.message.author, replied.message.answers) == (Author.BOT, 1)
    assert replied.message.turn == kept.id
    assert replied.citations == kept.reply.citations
    assert (replied.outcome, replied.rating) == (Outcome.ANSWERED, Rating.GOOD)
    assert replied.external_id is None


async def test_only_a_reply_that_was_stopped_in_its_middle_is_cut_short(
    store: SqlConversations, visits: SqlVisits
) -> None:
    first, second, third = (
        turn(answers=1, outcome=Outcome.STOPPED),
        turn(answers=3, outcome=Outcome.STOPPED, first_piece=None),
        turn(answers=5),
    )
    for kept in (first, second, third):
        await answer(store, await ask_alone(store), kept)
    visit = await visits.find("web", "visitor-1")
    assert visit
    replies = (await visits.page(visit.conversation.id, limit=9))[1::2]
    assert [entry.cut_short for entry in replies] == [True, False, False]
    assert [entry.message.stopped for entry in replies] == [True, True, False]


async def test_a_page_never_shows_what_happened_behind_the_scenes(
    store: SqlConversations, visits: SqlVisits, database: Database
) -> None:
    lease = await ask_alone(store, "Refund me", external_id="mine")
    parts = {
        "calls": [{"id": "c-1", "name": "refund", "arguments": "SECRET"}],
        "results": [{"call_id": "c-1", "text": "SECRET"}],
    }
    kept = turn(answers=1, reasoning="SECRET", trouble="SECRET", text="Done.")
    await answer(store, lease, kept)
    here = lease.conversation
    await _say(database, here, 3, author=Author.TOOL, text="SECRET", parts=parts)
    await _say(database, here, 4, author=Author.BOT, text="", parts=parts, turn_id=kept.id)
    interim = {"text": "One moment.", "parts": parts, "turn_id": kept.id}
    await _say(database, here, 5, author=Author.BOT, **interim)
    await _say(
        database,
        here,
        6,
        author=Author.OPERATOR,
        text="Ada here.",
        channel="desk",
        external_id="SECRET",
    )
    await ask(store, "SECRET", key="visitor-2")
    await ask(store, "SECRET", key="visitor-3", customer="bob")

    shown = await visits.page(here, limit=99)
    assert [entry.message.text for entry in shown] == [
        "Refund me",
        "Done.",
        "One moment.",
        "Ada here.",
    ]
    assert "SECRET" not in repr(shown)
    assert "refund'" not in repr(shown)
    assert [entry.external_id for entry in shown] == ["mine", None, None, None]
    assert [len(entry.citations) for entry in shown] == [0, 1, 0, 0]
    assert await visits.page(here, before=99, limit=99) == shown


async def test_pages_are_read_forwards_and_backwards(
    store: SqlConversations, visits: SqlVisits
) -> None:
    here = (await ask(store, "Part 1")).conversation
    for number in range(2, 8):
        await ask(store, f"Part {number}")
    await ask(store, key="visitor-2")
    assert _seqs(await visits.page(here, limit=3)) == [1, 2, 3]
    assert _seqs(await visits.page(here, after=3, limit=3)) == [4, 5, 6]
    assert _seqs(await visits.page(here, after=6, limit=3)) == [7]
    assert _seqs(await visits.page(here, after=7, limit=3)) == []
    assert _seqs(await visits.page(here, before=8, limit=3)) == [5, 6, 7]
    assert _seqs(await visits.page(here, before=5, limit=9)) == [1, 2, 3, 4]
    assert _seqs(await visits.page(here, after=2, before=5, limit=9)) == [3, 4]
    assert _seqs(await visits.page(here, before=1, limit=9)) == []
    assert _seqs(await visits.page(404, limit=9)) == []


async def test_numbers_that_no_column_holds_are_the_ends(
    store: SqlConversations, visits: SqlVisits
) -> None:
    here = (await ask(store)).conversation
    assert _seqs(await visits.page(here, after=-HUGE, limit=HUGE)) == [1]
    assert _seqs(await visits.page(here, after=HUGE, limit=9)) == []
    assert _seqs(await visits.page(here, before=HUGE, limit=9)) == [1]
    assert _seqs(await visits.page(here, before=-HUGE, limit=9)) == []
    assert _seqs(await visits.page(here, limit=-1)) == []


# --- How far it is ----------------------------------------------------------------------------


async def test_marks_tell_how_far_many_conversations_are(
    store: SqlConversations, visits: SqlVisits, database: Database
) -> None:
    first = await ask_alone(store)
    await answer(store, first, turn(answers=1))
    second = (await ask(store, key="visitor-2")).conversation
    await ask(store, key="visitor-3")
    await visits.read_upto(first.conversation, 2)
    await _change(database, second, owner=Owner.OPERATOR)
    assert await visits.marks([first.conversation, second, 404]) == {
        first.conversation: Mark(
            conversation=first.conversation, seq=2, asked=1, answered=1, owner=Owner.BOT, read=2
        ),
        second: Mark(conversation=second, seq=1, asked=1, answered=0, owner=Owner.OPERATOR, read=0),
    }
    assert await visits.marks([]) == {}
    assert len(await visits.marks(range(40_000))) == 3


async def test_what_was_read_never_becomes_unread(
    store: SqlConversations, visits: SqlVisits
) -> None:
    here = (await ask(store)).conversation
    await ask(store)
    await ask(store)

    async def read(seq: int) -> int:
        await visits.read_upto(here, seq)
        return (await visits.marks([here]))[here].read

    assert await read(-HUGE) == 0
    assert await read(2) == 2
    assert await read(1) == 2
    assert await read(HUGE) == 3  # and not what is yet to come
    await ask(store)
    assert await read(3) == 3
    await asyncio.gather(*(visits.read_upto(here, seq) for seq in (1, 4, 2, 3, 1)))
    assert await read(4) == 4
    await visits.read_upto(404, 1)


# --- Whose it is ------------------------------------------------------------------------------


async def test_conversations_follow_a_person_who_says_who_they_are(
    store: SqlConversations, visits: SqlVisits
) -> None:
    held = await ask_alone(store, "One", key="one", customer="v:1")
    for key, customer in (("theirs", "bob"), ("two", "v:1"), ("mine", "u:ada"), ("one", "v:1")):
        await ask(store, f"This is {key}", key=key, customer=customer)
    await ask(store, key="elsewhere", channel="slack", customer="v:1")

    assert await visits.move("web", "v:1", to="u:ada") == 2
    mine = await visits.of("web", "u:ada", limit=9)
    assert [visit.conversation.key for visit in mine] == ["one", "mine", "two"]
    assert await visits.of("web", "v:1", limit=9) == []
    assert len(await visits.of("web", "bob", limit=9)) == 1
    assert len(await visits.of("slack", "v:1", limit=9)) == 1
    assert await visits.move("web", "v:1", to="u:ada") == 0

    # The answer that was being written is kept, by whoever held it, and all stays in its place.
    await store.renew(held, seconds=15)
    await answer(store, held, turn(answers=1))
    assert _seqs(await visits.page(held.conversation, limit=9)) == [1, 2, 3]
    assert (await ask(store, key="one", customer="u:ada")).seq == 4


async def test_a_person_whom_nobody_knew_is_made(
    store: SqlConversations, visits: SqlVisits
) -> None:
    await ask(store, customer="v:1", name="Guest")
    assert await visits.move("web", "v:1", to="u:new") == 1
    (visit,) = await visits.of("web", "u:new", limit=9)
    assert (visit.conversation.customer, visit.conversation.customer_name) == ("u:new", None)
    assert await visits.move("web", "nobody", to="u:new") == 0
    assert await visits.move("web", "u:new", to="u:new") == 0
    assert await visits.move("web", "x" * 10_000, to="u:new") == 0
    assert len(await visits.of("web", "u:new", limit=9)) == 1


async def test_moves_and_messages_at_once_lose_nothing(
    store: SqlConversations, visits: SqlVisits
) -> None:
    for number in range(5):
        await ask(store, key=f"k-{number}", customer="v:1", attributes={"plan": "free"})

    async def write(number: int) -> None:
        attributes = {"plan": f"{number}"}
        key, customer = f"k-{number % 5}", ("v:1", "u:ada")[number % 2]
        await ask(store, key=key, customer=customer, attributes=attributes)

    moves = [visits.move("web", "v:1", to="u:ada") for _ in range(4)]
    moved, _ = await asyncio.gather(
        asyncio.gather(*moves), asyncio.gather(*(write(number) for number in range(40)))
    )
    assert sum(moved) == 5
    mine = await visits.of("web", "u:ada", limit=9)
    assert [visit.mark.seq for visit in mine] == [9] * 5


async def test_a_turn_belongs_to_one_conversation(
    store: SqlConversations, visits: SqlVisits
) -> None:
    kept = turn(answers=1)
    lease = await ask_alone(store)
    await answer(store, lease, kept)
    other = (await ask(store, key="visitor-2")).conversation
    assert await visits.turn_of(lease.conversation, kept.id)
    assert not await visits.turn_of(other, kept.id)
    for wrong in ("", kept.id[:8], kept.id.upper(), "f" * 10_000, "\0", "%"):
        assert not await visits.turn_of(lease.conversation, wrong)


# --- What every process knows alike -----------------------------------------------------------


async def test_a_secret_is_the_first_that_anyone_kept(visits: SqlVisits) -> None:
    kept = await asyncio.gather(*(visits.secret("web", f"fresh-{n}") for n in range(10)))
    assert len(set(kept)) == 1
    assert kept[0].startswith("fresh-")
    assert await visits.secret("web", "later") == kept[0]
    assert await visits.secret("desk", "another") == "another"


async def test_processes_that_start_at_once_know_one_secret(database_url: str) -> None:
    start = (
        "import asyncio, sys, time\n"
        "from bot.store.database import Database\n"
        "from bot.store.visits import SqlVisits\n"
        "async def main():\n"
        "    database = await Database.open(sys.argv[1], clock=time.time)\n"
        "    print(await SqlVisits(database).secret('web', sys.argv[2]))\n"
        "    await database.close()\n"
        "asyncio.run(main())\n"
    )
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", start, database_url, f"fresh-{n}", stdout=subprocess.PIPE
        )
        for n in range(4)
    ]
    told = {(await process.communicate())[0] for process in processes}
    assert len(told) == 1
    assert told.pop().startswith(b"fresh-")
