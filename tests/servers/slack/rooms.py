"""Channels, and the messages in them with their history."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.servers.slack.clock import Clock

Json = dict[str, Any]

_TYPES = {"D": "im", "G": "group", "C": "channel"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What happened to a message, when (the fake's clock), and its words afterwards."""

    at: float
    deed: str
    text: str


@dataclass(kw_only=True, slots=True)
class Message:
    """A message as Slack keeps it. ``text`` of a stream is everything that was appended."""

    channel: str
    ts: str
    at: float
    user: str
    team: str
    text: str
    thread: str | None = None
    bot_id: str | None = None
    subtype: str | None = None
    blocks: Sequence[Json] = ()
    metadata: Json | None = None
    files: Sequence[Json] = ()
    client_msg_id: str | None = None
    edited: str | None = None
    only_for: str | None = None  # an ephemeral message: who sees it
    stream: bool = False
    streaming: bool = False
    stopped_by: str | None = None
    deleted: bool = False
    history: list[Change] = field(default_factory=list)

    @property
    def root(self) -> str:
        """Return the thread that it is in, or would begin."""
        return self.thread or self.ts

    @property
    def is_ours(self) -> bool:
        """Tell whether a bot posted it."""
        return self.bot_id is not None

    @property
    def shown(self) -> str:
        """Return the words that a person reads: a stream's, else the blocks', else the text."""
        if self.stream:
            return self.text
        return "".join(_words(self.blocks)) or self.text

    @property
    def actions(self) -> list[Json]:
        """Return what can be clicked in it."""
        return [
            element
            for block in self.blocks
            for element in (*block.get("elements", ()), block.get("accessory", {}))
            if "action_id" in element
        ]


def _words(blocks: Sequence[Json]) -> Iterator[str]:
    for block in blocks:
        text = block.get("text", "")
        if block["type"] == "markdown":
            yield text
        elif block["type"] in {"section", "header"}:
            yield text.get("text", "") if isinstance(text, Mapping) else ""


@dataclass(kw_only=True, slots=True)
class Channel:
    """A room. ``members`` are the bots in it; ``person`` is whose direct messages they are.

    ``kind`` is Slack's word for it where its id does not tell: "channel", "group" or "mpim".
    """

    id: str
    team: str
    person: str | None = None
    members: set[str] = field(default_factory=set)
    archived: bool = False
    kind: str | None = None
    shared: bool = False  # Slack Connect: people of other organisations are in it

    @property
    def is_direct(self) -> bool:
        """Tell whether nobody but a person and the bot are in it."""
        return self.id.startswith("D")

    @property
    def type(self) -> str:
        """Return Slack's word for its kind."""
        return self.kind or _TYPES.get(self.id[0], "channel")


class Rooms:
    """Every channel and every message; what is deleted is kept with its history."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.channels: dict[str, Channel] = {}
        self.messages: dict[str, Message] = {}  # by ts: ours are unique over all channels

    def add(self, **facts: Any) -> Message:
        """Keep a message; its ``ts`` is later than every one before."""
        message = Message(ts=self._clock.ts(), at=self._clock.now(), **facts)
        self.messages[message.ts] = message
        self.note(message, "posted")
        return message

    def note(self, message: Message, deed: str) -> None:
        """Write into a message's history what was done to it."""
        message.history.append(Change(at=self._clock.now(), deed=deed, text=message.text))

    def find(self, channel: str, ts: str) -> Message | None:
        """Return a message that is still there."""
        found = self.messages.get(ts)
        return found if found and found.channel == channel and not found.deleted else None

    def in_thread(self, channel: str, ts: str) -> list[Message]:
        """Return what everybody in the channel sees of a thread, its root first."""
        return [
            each
            for each in self.messages.values()
            if each.channel == channel
            and each.root == ts
            and not each.deleted
            and each.only_for is None
        ]
