"""Threads as text, as a person would see them."""

from collections.abc import Iterable

from tests.servers.slack.events import plain
from tests.servers.slack.rooms import Message


def line(message: Message) -> str:
    """Return a message with who wrote it and what is special about it."""
    who = "bot" if message.is_ours else message.user
    marks = [
        *(["…"] if message.streaming else []),
        *(["edited"] if message.edited else []),
        *([f"only {message.only_for} sees this"] if message.only_for else []),
        *(f"file: {file['name']}" for file in message.files),
    ]
    note = f"  ({', '.join(marks)})" if marks else ""
    body = plain(message.shown).replace("\n", "\n        ")
    lines = [f"    {who}: {body}{note}"]
    for block in message.blocks:
        if block["type"] == "context":
            lines += [f"        | {each.get('text', '')}" for each in block["elements"]]
    lines += [f"        [{each['action_id']}]" for each in message.actions]
    return "\n".join(lines)


def threads(messages: Iterable[Message]) -> str:
    """Return whole threads, each under its channel and its root's ts."""
    roots: dict[tuple[str, str], list[Message]] = {}
    for message in messages:
        if not message.deleted:
            roots.setdefault((message.channel, message.root), []).append(message)
    return "\n\n".join(
        "\n".join([f"{channel} {ts}", *map(line, thread)])
        for (channel, ts), thread in roots.items()
    )
