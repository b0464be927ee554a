"""Writes a conversation down as Markdown, for its customer to keep."""

from datetime import UTC, datetime

from bot.messages import Author
from bot.store.base import Entry, Visit, Visits

_PAGE = 200


async def transcript(visits: Visits, visit: Visit, *, bot: str) -> str:
    """Return all that was said, each with who said it and when (UTC)."""
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
    sources = [
        f"[{each.number}] {each.title}" + (f" <{each.link}>" if each.link else "")
        for each in entry.citations
    ]
    return "\n\n".join([f"**{name}**, {at} UTC", message.text, *sources])
