"""Writes the note of a hand-over as a page of Markdown."""

from collections.abc import Iterator

from bot.messages import Summary
from bot.tasks.notes import Note


def to_markdown(note: Note) -> str:
    """Return the page for ``note``: who, what they want, what happened, what is open."""
    name = f" ({note.customer_name})" if note.customer_name else ""
    sections = {
        "They want": _quoted(note.wants),
        "What happened": _story(note.happened),
        "Still open": "\n\n".join(map(_quoted, note.open)) or "Nothing: all was answered.",
    }
    head = f"## Conversation {note.conversation}: {note.channel}, customer {note.customer}{name}"
    known = "\n".join(f"- {line}" for line in _known(note))
    written = [f"### {title}\n\n{text}" for title, text in sections.items() if text]
    return "\n\n".join(part for part in [head, known, *written] if part)


def _known(note: Note) -> Iterator[str]:
    told = {"mood": note.mood, "topic": note.topic, "language": note.language, **note.facts}
    for name, value in told.items():
        if value:
            yield f"{name}: {value}"


def _story(happened: Summary) -> str:
    # A summary by rule has a line for each message; Markdown would run them together.
    text = happened.text.replace("\n", "\n\n") if happened.by == "rule" else happened.text
    mark = f"*(by {happened.by}{f': {happened.error}' if happened.error else ''})*"
    return f"{text}\n\n{mark}" if text else ""


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())
