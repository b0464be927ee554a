"""Where in Slack a conversation happens, and what its people and messages are called in ours."""

from dataclasses import dataclass
from typing import Final

CHANNEL: Final = "slack"

_PARTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A thread of a channel, which is one conversation.

    ``install`` is the workspace's id ("T…"), or the organisation's ("E…") where the bot is
    installed to a whole one; ``channel`` a channel's, group's or direct message's ("C…", "G…",
    "D…"); ``thread`` the ``ts`` of the message that the thread hangs on.
    """

    install: str
    channel: str
    thread: str

    @property
    def key(self) -> str:
        """The conversation's key within the channel ``slack``."""
        return f"{self.install}:{self.channel}:{self.thread}"

    @property
    def is_direct(self) -> bool:
        """Whether only one person and the bot are there."""
        return self.channel.startswith("D")

    @classmethod
    def of(cls, key: str) -> "Place":
        """Return the place of a conversation's key.

        Raises:
            ValueError: it is no key of a conversation in Slack.
        """
        parts = key.split(":")
        if len(parts) != _PARTS or not all(parts):
            raise ValueError(f"{key!r} is no key of a conversation in Slack.")
        install, channel, thread = parts
        return cls(install=install, channel=channel, thread=thread)


def customer(install: str, user: str) -> str:
    """Return the name of the customer who is ``user`` there; ids are only unique in one install."""
    return f"{install}:{user}"


def user_of(customer: str) -> str:
    """Return Slack's id of a customer's person."""
    return customer.rpartition(":")[2]


def message_id(channel: str, ts: str) -> str:
    """Return the id of one message, however often it is delivered and as whatever event.

    Workspaces that share a channel have one id for it, and each may be told of the message.
    """
    return f"{channel}:{ts}"
