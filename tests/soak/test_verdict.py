"""The soak's verdict sees each thing that can go wrong, and nothing where all went well."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.servers.mailbox import Post
from tests.soak.evidence import Conversation, Delivery, Evidence, Message, Turn
from tests.soak.plan import Plan, Said
from tests.soak.sender import Ack
from tests.soak.verdict import Kind, judge

PLAN = Plan(
    seed=1,
    deeds=(),
    conversations=[
        [
            Said(number=number, key="c0", burst=0, text=f"Where is order-{number}?", pause=0.0)
            for number in (1, 2, 3)
        ]
    ],
)
ACKS = {
    number: [Ack(conversation=7, seq=seq, duplicate=False, at=0.0)]
    for number, seq in ((1, 1), (2, 2), (3, 4))
}


def asked(seq: int, number: int) -> Message:
    text = f"Where is order-{number}?"
    return Message(
        conversation=7, seq=seq, author="customer", text=text, external_id=f"m{number}", turn=None
    )


def replied(seq: int, turn: str, text: str) -> Message:
    return Message(conversation=7, seq=seq, author="bot", text=text, external_id=None, turn=turn)


def turn(name: str, *, first: int, answers: int, reply: int) -> Turn:
    return Turn(
        id=name, conversation=7, first=first, answers=answers, reply=reply, outcome="answered"
    )


def post(number: int, name: str, text: str) -> Post:
    return Post(number=number, turn=name, key="c0", text=text, at=1.0)


FIRST, SECOND = "About order-1, order-2.", "About order-3."
GOOD = Evidence(
    conversations=[Conversation(id=7, key="c0", asked=4, answered=4, holder=None)],
    messages=[
        asked(1, 1),
        asked(2, 2),
        replied(3, "a", FIRST),
        asked(4, 3),
        replied(5, "b", SECOND),
    ],
    turns=[turn("a", first=1, answers=2, reply=3), turn("b", first=4, answers=4, reply=5)],
    deliveries=[
        Delivery(turn="a", state="sent", attempts=1),
        Delivery(turn="b", state="sent", attempts=2),
    ],
    posts=[post(1, "a", FIRST), post(2, "b", SECOND)],
    looks=[],
)


def kinds(evidence: Evidence) -> set[Kind]:
    return {finding.kind for finding in judge(PLAN, ACKS, evidence)}


def test_where_all_went_well_nothing_is_found() -> None:
    assert judge(PLAN, ACKS, GOOD) == []


WRONGS: dict[str, tuple[Kind, Callable[[Evidence], Evidence]]] = {
    "an acknowledged message is gone": (
        Kind.LOST,
        lambda good: replace(good, messages=[*good.messages[:3], *good.messages[4:]]),
    ),
    "a message is kept twice": (
        Kind.TWICE,
        lambda good: replace(good, messages=[*good.messages, asked(6, 1)]),
    ),
    "a message has no reply": (
        Kind.LOST,
        lambda good: replace(good, turns=[replace(good.turns[0], answers=1), good.turns[1]]),
    ),
    "a message has two replies": (
        Kind.TWICE,
        lambda good: replace(good, turns=[good.turns[0], replace(good.turns[1], first=2)]),
    ),
    "a reply answers something else": (
        Kind.WRONG,
        lambda good: replace(good, messages=[*good.messages[:4], replied(5, "b", FIRST)]),
    ),
    "a reply is an apology": (
        Kind.WRONG,
        lambda good: replace(good, turns=[good.turns[0], replace(good.turns[1], outcome="failed")]),
    ),
    "a reply was not posted": (Kind.LOST, lambda good: replace(good, posts=good.posts[:1])),
    "a reply was posted twice": (
        Kind.TWICE,
        lambda good: replace(good, posts=[*good.posts, post(3, "b", SECOND)]),
    ),
    "the posts stand in the wrong order": (
        Kind.DISORDER,
        lambda good: replace(good, posts=[post(1, "b", SECOND), post(2, "a", FIRST)]),
    ),
    "something was posted that is not kept": (
        Kind.ZOMBIE,
        lambda good: replace(good, posts=[*good.posts, post(3, "z", "About order-9.")]),
    ),
    "a reply was posted in other words": (
        Kind.ZOMBIE,
        lambda good: replace(good, posts=[good.posts[0], post(2, "b", "About order-3, sorry.")]),
    ),
    "a reply is still in the outbox": (
        Kind.LOST,
        lambda good: replace(
            good, deliveries=[good.deliveries[0], Delivery(turn="b", state="sending", attempts=1)]
        ),
    ),
    "a conversation is still held": (
        Kind.WRONG,
        lambda good: replace(
            good, conversations=[replace(good.conversations[0], holder="somebody")]
        ),
    ),
}


@pytest.mark.parametrize("wrong", WRONGS)
def test_it_is_seen_that(wrong: str) -> None:
    kind, spoil = WRONGS[wrong]
    assert kind in kinds(spoil(GOOD))


def test_messages_that_are_kept_in_another_order_than_they_came_are_seen() -> None:
    acks = {**ACKS, 1: ACKS[2], 2: ACKS[1]}
    assert Kind.DISORDER in {finding.kind for finding in judge(PLAN, acks, GOOD)}


def test_a_message_that_was_twice_acknowledged_as_new_is_seen() -> None:
    acks = {**ACKS, 1: [*ACKS[1], *ACKS[1]]}
    assert Kind.TWICE in {finding.kind for finding in judge(PLAN, acks, GOOD)}
