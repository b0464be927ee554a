"""The scopes that the bot needs in Slack, each with what it is for."""

from collections.abc import Collection
from types import MappingProxyType

SCOPES = MappingProxyType(
    {
        "app_mentions:read": "hears that somebody mentions it in a channel",
        "assistant:write": "shows that it is at work, suggests questions and titles conversations",
        "channels:history": "hears what follows in its threads of public channels",
        "chat:write": "writes its answers, and removes what it withdraws",
        "commands": "takes questions by its slash command and its message shortcut",
        "groups:history": "hears what follows in its threads of private channels",
        "im:history": "hears what it is told directly",
        "mpim:history": "hears what follows in its threads of group messages",
    }
)
"""Scope → why the bot needs it, as it stands in a sentence about the bot."""

VITAL = frozenset({"chat:write"})
"""Without these there is no bot; without the others it does less."""


def lacking(granted: Collection[str]) -> list[str]:
    """Return a line for each scope that was not granted: which, and what for."""
    return [f"{scope}: the bot {why}" for scope, why in SCOPES.items() if scope not in granted]
