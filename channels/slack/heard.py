"""What can be heard from Slack, as values."""

from dataclasses import dataclass
from enum import StrEnum

from bot.messages import Inbound, Rating
from channels.slack.places import CHANNEL, Place, customer, message_id


class Call(StrEnum):
    """Whether a message speaks to the bot."""

    DIRECT = "direct"  # nobody else is there
    MENTION = "mention"
    REPLY = "reply"  # in a thread: to the bot, if that is a conversation with it
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A person wrote. ``team`` is their own workspace, empty where that is not told."""

    place: Place
    ts: str
    user: str
    team: str
    text: str
    call: Call

    @property
    def external_id(self) -> str:
        return message_id(self.place.channel, self.ts)

    @property
    def inbound(self) -> Inbound:
        """The message as the engine takes it."""
        install = self.place.install
        return Inbound(
            channel=CHANNEL,
            key=self.place.key,
            external_id=self.external_id,
            text=self.text,
            customer=customer(install, self.user),
            attributes={"team": self.team} if self.team not in {"", install} else {},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A person changed what they wrote; ``said`` is how it stands now."""

    said: Said


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """A message is gone."""

    external_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """A person said what a reply was worth."""

    place: Place
    user: str
    turn: str
    rating: Rating


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """A person wants no more of the present answer. ``trigger`` is that of no other such wish."""

    place: Place
    trigger: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A person asked by other means than a message: a command, a shortcut, a button.

    ``trigger`` names what they set off: no two are the same. ``channel`` is where they were, empty
    if in none; ``spoken`` tells whether Slack shows them what is answered at once.
    """

    install: str
    channel: str
    user: str
    text: str
    trigger: str
    spoken: bool

    @property
    def external_id(self) -> str:
        return f"{self.install}:{self.user}:{self.trigger}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedHome:
    """A person looks at the bot's App Home."""

    install: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedMessages:
    """A person opened their direct messages with the bot."""

    install: str
    user: str
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Began:
    """A person opened a new thread with the assistant, and has not said anything yet."""

    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A workspace removed the bot, at a time in seconds since the epoch (0: not told)."""

    install: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Nothing for the bot. ``kind`` and ``reason`` are fit for a log."""

    kind: str
    reason: str


Heard = (
    Said
    | Edited
    | Deleted
    | Rated
    | Stopped
    | Asked
    | OpenedHome
    | OpenedMessages
    | Began
    | Left
    | Ignored
)
