"""Reads the fake's books: was every message answered once, whole, and is nothing left over?"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.servers.slack import FakeSlack, Message
from tests.soak.provider import orders
from tests.soak.slack.model import answer

Asked = Mapping[str, tuple[str, str]]
"""Order → the channel and the thread in which it was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What stands in a thread of one turn, all its parts together."""

    turn: str
    channel: str
    thread: str
    text: str
    whole: bool

    @property
    def about(self) -> tuple[str, ...]:
        """Return the orders that it names at its begin."""
        return orders(self.text.partition(":")[0])


def visible(slack: FakeSlack) -> list[Message]:
    """Return what the bot shows to everybody."""
    return [each for each in slack.messages if each.is_ours and not (each.deleted or each.only_for)]


def replies(slack: FakeSlack) -> list[Reply]:
    """Return the replies that stand, put together from their messages."""
    parts: dict[str, list[Message]] = defaultdict(list)
    for message in visible(slack):
        if _kind(message) == "frontdesk_reply":
            assert message.metadata
            parts[str(message.metadata["event_payload"]["turn"])].append(message)
    return [_together(turn, messages) for turn, messages in parts.items()]


def _together(turn: str, messages: Sequence[Message]) -> Reply:
    facts = [(message.metadata or {})["event_payload"] for message in messages]
    numbered = sorted(zip(facts, messages, strict=True), key=lambda pair: int(pair[0]["part"]))
    numbers = [int(fact["part"]) for fact in facts]
    first = messages[0]
    return Reply(
        turn=turn,
        channel=first.channel,
        thread=first.root,
        text=_spaced(" ".join(message.shown for _, message in numbered)),
        whole=len(set(numbers)) == len(numbers) and bool(numbered[-1][0]["last"]),
    )


def restless(slack: FakeSlack, asked: Asked) -> list[tuple[str, str]]:
    """Return the threads that still show that the bot is at work."""
    threads = dict.fromkeys(asked.values())
    return [place for place in threads if slack.status(*place) not in {"", "active"}]


def judge(slack: FakeSlack, asked: Asked) -> Iterator[str]:
    """Tell all that is wrong."""
    yield from _left_over(slack)
    found: dict[str, list[Reply]] = defaultdict(list)
    for reply in replies(slack):
        yield from _wrong(reply)
        for order in reply.about:
            found[order].append(reply)
    for order, place in asked.items():
        yield from _answered_once(order, place, found.pop(order, []))
    for order in found:
        yield f"unknown: nobody asked for {order}"


def _answered_once(order: str, place: tuple[str, str], answers: Sequence[Reply]) -> Iterator[str]:
    if not answers:
        yield f"lost: {order} has no answer"
    elif len(answers) > 1:
        yield f"twice: {order} has {len(answers)}: turns {[each.turn for each in answers]}"
    elif (answers[0].channel, answers[0].thread) != place:
        yield f"astray: {order} is answered in another thread"


def _left_over(slack: FakeSlack) -> Iterator[str]:
    for message in visible(slack):
        if message.streaming:
            yield f"open: {message.ts} still streams {message.shown[:60]!r}"
        elif _kind(message) == "":
            deeds = [change.deed for change in message.history]
            yield f"orphan: {message.ts} is of no turn: {message.shown[:60]!r} {deeds}"
        elif _kind(message) != "frontdesk_reply":
            yield f"notice: {message.shown[:80]!r}"
    for event in slack.world.deliverer.lost:
        yield f"given up: {event['event_id']}"


def _wrong(reply: Reply) -> Iterator[str]:
    if not reply.whole:
        yield f"broken: turn {reply.turn} has not all its parts, or one of them twice"
    if reply.text != _spaced(answer(reply.about)):
        yield f"garbled: turn {reply.turn} is not what the model said: {reply.text[:80]!r}"


def _kind(message: Message) -> str:
    return str((message.metadata or {}).get("event_type", ""))


def _spaced(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
