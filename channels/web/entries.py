"""Turns what the store keeps into what clients are sent."""

import asyncio
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from bot.messages import Author, Changed, Citation
from bot.store.base import Entry, Mark
from channels.web.links import allowed
from channels.web.nodes import said, written
from channels.web.schemas import MessageView, Source, State

# Characters that are read in no time; more would keep everyone else waiting.
_AT_ONCE: Final = 1_000
# One thread: many would keep the rest of the process from its turn.
_ASIDE: Final = ThreadPoolExecutor(1, thread_name_prefix="words")

_MOST_AT_ONCE: Final = 100_000  # characters in one answer


def fitting(entries: Iterable[Entry]) -> list[Entry]:
    """Return the first ``entries`` that fit into one answer together, and one at least."""
    found: list[Entry] = []
    length = 0
    for entry in entries:
        length += len(entry.message.text)
        if found and length > _MOST_AT_ONCE:
            break
        found.append(entry)
    return found


async def to_views(entries: Sequence[Entry]) -> list[MessageView]:
    """Return messages as their customer may see them; long ones are read beside all else."""
    if sum(len(entry.message.text) for entry in entries) <= _AT_ONCE:
        return [to_view(entry) for entry in entries]
    loop = asyncio.get_running_loop()
    return [await loop.run_in_executor(_ASIDE, to_view, entry) for entry in entries]


def to_view(entry: Entry) -> MessageView:
    """Return a message as its customer may see it, its words as nodes."""
    message = entry.message
    of_customer = message.author is Author.CUSTOMER
    return MessageView.model_construct(
        seq=message.seq,
        author=message.author,
        at=message.at,
        blocks=said(message.text) if of_customer else written(message.text),
        id=(entry.external_id or "").rpartition("/")[2] or None,
        turn=message.turn,
        answers=message.answers,
        sources=[_to_source(citation) for citation in entry.citations],
        outcome=entry.outcome,
        rating=entry.rating,
        stopped=entry.cut_short,
    )


def _to_source(citation: Citation) -> Source:
    return Source(
        number=citation.number,
        title=citation.title,
        heading=citation.heading,
        link=allowed(citation.link) or "",
    )


def state_of(mark: Mark | Changed) -> State:
    """Return how a conversation stands."""
    return State(
        owner=mark.owner,
        asked=mark.asked,
        answered=mark.answered,
        read=mark.read,
        seq=mark.seq,
    )
