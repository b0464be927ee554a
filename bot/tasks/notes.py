"""The note for the person who takes a conversation over: what one must know to go on with it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.messages import Author, Conversation, Message, Outcome, Summary, Turn
from bot.tasks.noticing import Noticing
from bot.window import extracted

_OPEN = {Outcome.UNANSWERED, Outcome.FAILED, Outcome.SET_ASIDE, Outcome.REFUSED}
_OURS = re.compile(r"^You: ", re.MULTILINE)  # the notes of a window are for the bot itself
_TOKENS = 600  # of what happened, where no model writes it


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What the customer wants, what happened, what is still open, and what is known of them.

    ``happened`` is written as ``[tasks.summary]`` says; by rule it is the messages' first
    sentences. ``open`` are the customer's messages without a good answer.
    """

    conversation: int
    channel: str
    customer: str
    customer_name: str | None
    language: str | None
    mood: str
    topic: str
    facts: Mapping[str, Any]
    wants: str
    happened: Summary
    open: tuple[str, ...]


async def make_note(
    noticing: Noticing,
    conversation: Conversation,
    messages: Sequence[Message],
    turns: Sequence[Turn],
) -> Note:
    """Write the note of a conversation: all of its ``messages``, and its ``turns``."""
    asked = [each.text for each in messages if each.author is Author.CUSTOMER and each.text]
    return Note(
        conversation=conversation.id,
        channel=conversation.channel,
        customer=conversation.customer,
        customer_name=conversation.customer_name,
        language=conversation.language,
        mood=conversation.mood,
        topic=conversation.topic,
        facts=conversation.facts,
        wants=asked[0] if asked else "",
        happened=await _happened(noticing, conversation, messages),
        open=tuple(_open(conversation, messages, turns)),
    )


async def _happened(
    noticing: Noticing, conversation: Conversation, messages: Sequence[Message]
) -> Summary:
    left = [each for each in messages if each.seq > conversation.summary_seq]
    upto = messages[-1].seq if messages else 0
    written = await noticing.summary(conversation, left, upto=upto)
    if written.text:
        return written
    return Summary(
        upto=upto,
        text=_OURS.sub("Bot: ", extracted(conversation.summary, left, tokens=_TOKENS)),
        by="rule",
        seconds=written.seconds,
        error=written.error,
        attempts=written.attempts,
    )


def _open(
    conversation: Conversation, messages: Sequence[Message], turns: Sequence[Turn]
) -> Sequence[str]:
    badly = [(turn.first, turn.reply.answers) for turn in turns if turn.reply.outcome in _OPEN]
    return [
        each.text
        for each in messages
        if each.author is Author.CUSTOMER
        and each.text
        and (
            each.seq > conversation.answered
            or any(first <= each.seq <= last for first, last in badly)
        )
    ]
