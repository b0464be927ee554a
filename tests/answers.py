"""Looks whether each message of a conversation has its one reply."""

from itertools import pairwise

from bot.app import App
from bot.messages import Author


async def each_is_answered_once(app: App, conversation: int) -> None:
    """Fail unless every message of the customer is answered by one turn, in order."""
    turns = await app.archive.turns(conversation)
    asked = [
        message.seq
        for message in await app.archive.messages(conversation)
        if message.author is Author.CUSTOMER
    ]
    answered = [[seq for seq in asked if turn.first <= seq <= turn.reply.answers] for turn in turns]
    assert [seq for seqs in answered for seq in seqs] == asked
    assert all(answered)
    assert all(one.reply.answers < other.first for one, other in pairwise(turns))
