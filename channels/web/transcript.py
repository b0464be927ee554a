"""Writes a conversation down as Markdown, for its customer to keep."""

from datetime import UTC, datetime

from bot.messages import Author, Citation
from bot.store.base import Entry, Visit, Visits
from channels.web.links import allowed

_PAGE = 200


async def transcript(visits: Visits, visit: Visit, *, bot: str) -> str:
    """Return all that was said, each with who said it and when (UTC), and if it was stopped."""
    names = {Author.CUSTOMER: visit.conversation.customer_name or "You", Author.BOT: bot}
    parts = []
    after = 0
    while page := await visits.page(visit.conversation.id, after=after, limit=_PAGE):
        parts += [_part(entry, names.get(entry.message.author, "Support")) for entry in page]
        after = page[-1].message.seq
    return "\n\n".join(parts) + "\n"


def _part(entry: Entry, name: str) -> str:
    message = entry.message
    at = datetime.fromtimestamp(message.at, UTC).strftime("%Y-%m-%d %H:%M")
    head = f"**{name}**, {at} UTC" + (", stopped" if message.stopped else "")
    return "\n\n".join([head, message.text, *map(_source, entry.citations)])


def _source(citation: Citation) -> str:
    link = allowed(citation.link)
    return f"[{citation.number}] {citation.title}" + (f" <{link}>" if link else "")
