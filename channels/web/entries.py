"""Turns what the store keeps into what clients are sent."""

from bot.messages import Author, Changed, Citation
from bot.store.base import Entry, Mark
from channels.web.links import allowed
from channels.web.nodes import said, written
from channels.web.schemas import MessageView, Source, State


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
