"""Values to put into a store: what customers write and what turns answer."""

import uuid

from bot.messages import (
    Attempt,
    Citation,
    Found,
    Inbound,
    Outcome,
    Reading,
    Reply,
    Step,
    ToolCall,
    Turn,
    Usage,
)
from bot.store.base import Accepted, Conversations, Finish, Lease

HOLDER = "process-1"
OTHER = "process-2"


def inbound(text: str = "Where is my order?", **changed: object) -> Inbound:
    """Return a message of Ada's, with an id of its own."""
    said: dict[str, object] = {
        "channel": "web",
        "key": "visitor-1",
        "external_id": uuid.uuid4().hex,
        "text": text,
        "customer": "ada",
    }
    return Inbound(**{**said, **changed})  # type: ignore[arg-type]  # said in words


def turn(
    *,
    answers: int,
    first: int | None = None,
    text: str = "It is on its way [1].",
    outcome: Outcome = Outcome.ANSWERED,
    started: float = 1_800_000_000.0,
    **changed: object,
) -> Turn:
    """Return a turn in which everything that can be kept is set."""
    number = uuid.uuid4().hex
    reply = Reply(
        turn=number,
        text=text,
        outcome=outcome,
        answers=answers,
        citations=(
            Citation(number=1, passage=7, title="Shipping", heading="Tracking", link="/s#tracking"),
        ),
    )
    kept: dict[str, object] = {
        "id": number,
        "reply": reply,
        "first": first or answers,
        "started": started,
        "seconds": 1.5,
        "first_piece": 0.25,
        "strategy": "direct",
        "prompt": "answer",
        "prompt_hash": "a" * 32,
        "reasoning": "They ask for an order.",
        "passages": (Found(7, 4.5, 0.9), Found(3, 1.25, 0.4)),
        "refused_calls": (ToolCall(id="call-1", name="refund", arguments='{"order": 1}'),),
        "attempts": (
            Attempt(backend="gpt", model="gpt-4o", error="busy", seconds=0.5),
            Attempt(
                backend="claude",
                model="claude-sonnet-5-5",
                first_piece=0.2,
                seconds=1.0,
                usage=Usage(input=900, output=30, cache_read=800, cache_write=50),
                cost=0.001,
                step="sample 1",
            ),
        ),
        "steps": (Step(name="sample 1", text="Two days."), Step(name="judge", error="nonsense")),
        "readings": (
            Reading(task="sentiment", value="upset", score=0.9, by="rule", seconds=0.001),
            Reading(task="topic", by="small", seconds=2.0, error="took too long"),
        ),
        "route": "cascade: small was unsure",
    }
    return Turn(**{**kept, **changed})  # type: ignore[arg-type]


async def ask(
    store: Conversations, text: str = "Where is my order?", **changed: object
) -> Accepted:
    """Keep a message of Ada's for ``HOLDER``."""
    return await store.accept(inbound(text, **changed), tokens=5, holder=HOLDER, seconds=15)


async def ask_alone(store: Conversations, text: str = "Hello?", **changed: object) -> Lease:
    """Keep a message of Ada's and return the lease that came with it."""
    accepted = await ask(store, text, **changed)
    assert accepted.lease is not None
    return accepted.lease


async def answer(store: Conversations, lease: Lease, kept: Turn, *, shown: bool = True) -> Finish:
    return await store.finish(lease, kept, tokens=9, shown=shown)
