"""The arms of a split are compared by what is kept of their turns."""

from bot.messages import Attempt, Outcome, Rating
from bot.store.archive import SqlArchive
from bot.store.arms import arms
from bot.store.conversations import SqlConversations
from bot.store.database import Database
from bot.store.standing import Arm
from tests.contracts.letters import answer, ask_alone, turn

DAY = 86_400.0


async def made(database: Database, key: str, **changed: object) -> str:
    """Keep a turn in the conversation ``key``; return its id."""
    store = SqlConversations(database)
    accepted = await ask_alone(store, key=key)
    kept = turn(answers=1, **changed)  # type: ignore[arg-type]
    await answer(store, accepted, kept)
    return kept.id


async def test_each_arm_tells_how_its_turns_went(database: Database) -> None:
    cheap = (Attempt(backend="b", model="b", cost=0.002),)
    split = "split new: b"
    liked = await made(database, "1", route=split, seconds=1.0, attempts=cheap)
    await made(database, "2", route=split, seconds=9.0, attempts=cheap, outcome=Outcome.UNANSWERED)
    await made(
        database,
        "3",
        route=f"{split}; cascade: small was sure",
        seconds=3.0,
        attempts=(Attempt(backend="b", model="b", error="busy"), Attempt(backend="c", model="c")),
        outcome=Outcome.FAILED,
    )
    disliked = await made(database, "4", route="split rest: a", seconds=2.0, attempts=())
    await made(database, "5", route="rule 1: a")
    await made(database, "6", route="split old: a", started=1.0)
    archive = SqlArchive(database)
    await archive.rate(liked, Rating.GOOD, comment="")
    await archive.rate(disliked, Rating.BAD, comment="")
    assert await arms(database, seconds=DAY) == [
        Arm(
            name="new",
            conversations=3,
            turns=3,
            unanswered=1,
            failed=1,
            good=1,
            bad=0,
            dollars=0.004,
            unpriced=1,
            median_seconds=3.0,
        ),
        Arm(
            name="rest",
            conversations=1,
            turns=1,
            unanswered=0,
            failed=0,
            good=0,
            bad=1,
            dollars=0,
            unpriced=0,
            median_seconds=2.0,
        ),
    ]
