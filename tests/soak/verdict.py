"""Judges the evidence: what was lost, done twice, out of order, or nobody's."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, pairwise

from tests.servers.mailbox import Post
from tests.soak.evidence import Evidence, Turn
from tests.soak.plan import Plan, Said
from tests.soak.provider import orders
from tests.soak.sender import Ack


class Kind(StrEnum):
    """In which way something is wrong."""

    LOST = "lost"
    TWICE = "twice"
    DISORDER = "out of order"
    ZOMBIE = "zombie's"  # written or posted by one who no longer had the right to
    WRONG = "otherwise wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be."""

    kind: Kind
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


def judge(plan: Plan, acks: Mapping[int, Sequence[Ack]], evidence: Evidence) -> Sequence[Finding]:
    """Return all that is wrong."""
    return [
        *_kept(plan, acks, evidence),
        *_answered(evidence),
        *_posted(evidence),
        *_done(evidence),
    ]


def _kept(plan: Plan, acks: Mapping[int, Sequence[Ack]], evidence: Evidence) -> Iterator[Finding]:
    """Every message is kept once, as it was acknowledged and in the order in which it came."""
    kept = defaultdict(list)
    for message in evidence.messages:
        if message.external_id is not None:
            kept[message.external_id].append((message.conversation, message.seq))
    for said in plan.said:
        yield from _kept_once(said, acks.get(said.number, ()), kept.pop(said.external_id, []))
    for unknown in kept:
        yield Finding(Kind.ZOMBIE, f"message {unknown} is kept and was never said")
    for conversation in plan.conversations:
        places = [acks[said.number][0].seq for said in conversation if said.number in acks]
        if places != sorted(places):
            yield Finding(Kind.DISORDER, f"{conversation[0].key} is kept in the order {places}")
    yield from _without_holes(evidence)


def _kept_once(
    said: Said, acks: Sequence[Ack], kept: Sequence[tuple[int, int]]
) -> Iterator[Finding]:
    if not acks:
        yield Finding(Kind.WRONG, f"message {said.external_id} was never acknowledged")
    elif not kept:
        yield Finding(Kind.LOST, f"message {said.external_id} was acknowledged and is not kept")
    if len(kept) > 1:
        yield Finding(Kind.TWICE, f"message {said.external_id} is kept at {kept}")
    told = {(ack.conversation, ack.seq) for ack in acks}
    if len(kept) == 1 and told - set(kept):
        yield Finding(Kind.TWICE, f"message {said.external_id}, at {kept}, was acknowledged {told}")
    if sum(not ack.duplicate for ack in acks) > 1:
        yield Finding(Kind.TWICE, f"message {said.external_id} was twice acknowledged as new")


def _without_holes(evidence: Evidence) -> Iterator[Finding]:
    places = defaultdict(list)
    for message in evidence.messages:
        places[message.conversation].append(message.seq)
    for conversation, seqs in places.items():
        if sorted(seqs) != list(range(1, len(seqs) + 1)):
            yield Finding(Kind.LOST, f"conversation {conversation} has the places {sorted(seqs)}")


def _answered(evidence: Evidence) -> Iterator[Finding]:
    """Every message has one reply, which answers all of its span and nothing else."""
    turns, asked = _by_conversation(evidence), _asked(evidence)
    for conversation, texts in asked.items():
        for seq in texts:
            yield from _answered_once(conversation, seq, turns[conversation])
    replies = {message.turn: message.text for message in evidence.messages}
    for turn in evidence.turns:
        span = [text for seq, text in asked[turn.conversation].items() if turn.covers(seq)]
        yield from _told(turn, span, replies.get(turn.id))
    for before, after in chain.from_iterable(map(pairwise, turns.values())):
        if after.first <= before.answers:
            yield Finding(Kind.DISORDER, f"turn {after.id} answers what {before.id} did")


def _asked(evidence: Evidence) -> Mapping[int, Mapping[int, str]]:
    asked: dict[int, dict[int, str]] = defaultdict(dict)
    for message in evidence.messages:
        if message.author == "customer":
            asked[message.conversation][message.seq] = message.text
    return asked


def _answered_once(conversation: int, seq: int, turns: Sequence[Turn]) -> Iterator[Finding]:
    covering = [turn.id for turn in turns if turn.covers(seq)]
    place = f"message {seq} of conversation {conversation}"
    if not covering:
        yield Finding(Kind.LOST, f"{place} has no reply")
    if len(covering) > 1:
        yield Finding(Kind.TWICE, f"{place} is answered by the turns {covering}")


def _told(turn: Turn, span: Sequence[str], reply: str | None) -> Iterator[Finding]:
    if reply is None:
        yield Finding(Kind.LOST, f"turn {turn.id} has no reply")
        return
    if turn.outcome != "answered":
        yield Finding(Kind.WRONG, f"turn {turn.id} ended as '{turn.outcome}': {reply}")
    elif set(orders(reply)) != set(orders(" ".join(span))):
        yield Finding(Kind.WRONG, f"turn {turn.id} was asked {span} and answers: {reply}")


def _posted(evidence: Evidence) -> Iterator[Finding]:
    """Every reply is posted once, as it is kept, and in the order of its conversation."""
    turns = {turn.id: turn for turn in evidence.turns}
    posted = Counter(post.turn for post in evidence.posts)
    for each in turns:
        if posted[each] == 0:
            yield Finding(Kind.LOST, f"the reply of turn {each} was not posted")
        if posted[each] > 1:
            yield Finding(Kind.TWICE, f"the reply of turn {each} was posted {posted[each]} times")
    kept = {(message.turn, message.text) for message in evidence.messages}
    keys = {conversation.id: conversation.key for conversation in evidence.conversations}
    series: dict[str, list[Turn]] = defaultdict(list)
    for post in evidence.posts:
        turn = turns.get(post.turn)
        if turn is None or (post.turn, post.text) not in kept:
            yield Finding(Kind.ZOMBIE, f"post {post.number} is of no reply that is kept: {post}")
        elif keys[turn.conversation] != post.key:
            yield Finding(Kind.WRONG, f"post {post.number} went to another conversation: {post}")
        else:
            series[post.key].append(turn)
    for key, row in series.items():
        yield from _in_order(key, row)


def _in_order(key: str, posted: Sequence[Turn]) -> Iterator[Finding]:
    for before, after in pairwise(dict.fromkeys(posted)):
        if after.reply < before.reply:
            text = f"in {key} the turn {after.id} was posted after {before.id}, which came later"
            yield Finding(Kind.DISORDER, text)


def _done(evidence: Evidence) -> Iterator[Finding]:
    """Nothing waits, nothing is held, and the outbox is empty."""
    for conversation in evidence.conversations:
        if conversation.answered < conversation.asked:
            yield Finding(Kind.LOST, f"conversation {conversation.key} is left unanswered")
        if conversation.holder is not None:
            holder = conversation.holder
            yield Finding(Kind.WRONG, f"conversation {conversation.key} is still held by {holder}")
    for delivery in evidence.deliveries:
        if delivery.state != "sent":
            state = f"'{delivery.state}' after {delivery.attempts} attempts"
            yield Finding(Kind.LOST, f"the reply of turn {delivery.turn} is {state}")
    outbox = {delivery.turn for delivery in evidence.deliveries}
    for turn in evidence.turns:
        if turn.id not in outbox:
            yield Finding(Kind.LOST, f"turn {turn.id} never stood in the outbox")


def _by_conversation(evidence: Evidence) -> Mapping[int, Sequence[Turn]]:
    turns: dict[int, list[Turn]] = defaultdict(list)
    for turn in sorted(evidence.turns, key=lambda turn: turn.reply):
        turns[turn.conversation].append(turn)
    return turns


def waits(plan: Plan, acks: Mapping[int, Sequence[Ack]], evidence: Evidence) -> Sequence[float]:
    """Return the seconds from each message's acknowledgement to its reply's post."""
    posted: dict[str, Post] = {}
    for post in evidence.posts:
        posted.setdefault(post.turn, post)
    turns = _by_conversation(evidence)
    return [
        posted[turn.id].at - acks[said.number][0].at
        for said in plan.said
        if said.number in acks
        for turn in turns[acks[said.number][0].conversation]
        if turn.id in posted and turn.covers(acks[said.number][0].seq)
    ]
