"""Everything that the parts of the fake share: clock, rules, people, rooms, sessions, events."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.servers.slack import events
from tests.servers.slack.clock import Clock
from tests.servers.slack.delivering import Deliverer
from tests.servers.slack.errors import Refused
from tests.servers.slack.moods import Moods, Rules
from tests.servers.slack.people import Credentials, Install, People
from tests.servers.slack.rooms import Channel, Json, Message, Rooms
from tests.servers.slack.tasks import Tasks

MAIN_TEAM = "T1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """What a person saw above the composer from ``at`` on; ``status`` "" is nothing."""

    at: float
    channel: str
    thread: str
    status: str


@dataclass(kw_only=True, slots=True)
class Session:
    """An agent's session in a thread. While it is ``processing`` a person sees a stop button."""

    channel: str
    thread: str
    status: str
    title: str = ""


@dataclass(kw_only=True)
class World:
    """Where the methods find each other."""

    clock: Clock
    rules: Rules
    moods: Moods
    luck: random.Random
    people: People
    rooms: Rooms
    credentials: Credentials
    deliverer: Deliverer
    tasks: Tasks
    url: Callable[[], str]
    sessions: dict[tuple[str, str], Session] = field(default_factory=dict)
    statuses: list[Status] = field(default_factory=list)
    titles: dict[tuple[str, str], str] = field(default_factory=dict)
    prompts: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    homes: dict[str, Json] = field(default_factory=dict)
    views: list[Json] = field(default_factory=list)

    # --- Rooms ---------------------------------------------------------------------------------

    def channel(self, channel: str, *, team: str = MAIN_TEAM, person: str | None = None) -> Channel:
        """Return a channel, which is made where there is none; the bots of its team are in it."""
        if channel not in self.rooms.channels:
            install = self.people.of_team(team)
            members = {install.bot_user} if install else set()
            made = Channel(id=channel, team=team, person=person, members=members)
            self.rooms.channels[channel] = made
        return self.rooms.channels[channel]

    def direct(self, user: str, *, team: str) -> Channel:
        """Return the direct messages of ``user`` with the bot of ``team``."""
        for channel in self.rooms.channels.values():
            if channel.is_direct and channel.person == user and channel.team == team:
                return channel
        name = f"D{user[1:]}"
        while name in self.rooms.channels:
            name += "X"
        return self.channel(name, team=team, person=user)

    def entered(self, install: Install, channel: str | None) -> Channel:
        """Return a channel that the bot may write in.

        Raises:
            Refused: there is none, the bot is not in it, it is archived, or its person is gone.
        """
        found = self.rooms.channels.get(channel or "")
        if found is None or not self.sees(install, found):
            raise Refused("channel_not_found")
        if found.archived:
            raise Refused("is_archived")
        if install.bot_user not in found.members:
            raise Refused("channel_not_found" if found.is_direct else "not_in_channel")
        if found.person and self.people.person(found.person, team=found.team).gone:
            raise Refused("user_disabled")
        return found

    def sees(self, install: Install, channel: Channel) -> bool:
        """Tell whether an install may know of a channel."""
        return self.people.of_team(channel.team) is install

    # --- Events --------------------------------------------------------------------------------

    def tell(
        self,
        event: Mapping[str, Any],
        *,
        team: str,
        actor: str | None = None,
        shared: bool = False,
        copies: int | None = None,
    ) -> Json | None:
        """Let the app of ``team`` hear an event, soon; ``actor`` is the team of who did it."""
        install = self.people.of_team(team)
        if install is None or install.error == "account_inactive":
            return None
        payload = events.callback(
            event, install, team=actor or team, at=self.clock.epoch(), shared=shared
        )
        self.carry(payload, copies=copies)
        return payload

    def carry(self, payload: Json, *, copies: int | None = None) -> None:
        """Bring a whole envelope, soon."""
        self.tasks.create_task(self.deliverer.event(payload, copies=copies))

    def hears(self, channel: Channel) -> bool:
        """Tell whether the app hears what happens in a channel."""
        install = self.people.of_team(channel.team)
        return install is not None and install.bot_user in channel.members

    def parent(self, message: Message) -> Message | None:
        """Return the root of a message's thread."""
        return self.rooms.messages.get(message.root)

    def body(self, message: Message) -> Json:
        """Return a message as Slack writes it."""
        return events.message_body(message, parent=self.parent(message))

    def tell_posted(self, message: Message, *, copies: int | None = None) -> None:
        """Let the app hear a message, and once more where it is mentioned in a channel."""
        channel = self.rooms.channels[message.channel]
        if message.only_for or not self.hears(channel):
            return
        parent = self.parent(message)
        facts: dict[str, Any] = {
            "team": channel.team,
            "actor": message.team,
            "shared": channel.shared,
            "copies": copies,
        }
        self.tell(events.message_event(message, channel, parent=parent), **facts)
        install = self.people.of_team(channel.team)
        if install and f"<@{install.bot_user}" in message.text and not channel.is_direct:
            self.tell(events.mention_event(message, channel, parent=parent), **facts)

    def tell_changed(self, before: Json, message: Message) -> None:
        """Let the app hear that a message is not what it was."""
        channel = self.rooms.channels[message.channel]
        if self.hears(channel):
            event = events.changed_event(before, self.body(message), channel, ts=self.clock.ts())
            self.tell(event, team=channel.team, actor=message.team, shared=channel.shared)

    def remove(self, message: Message) -> None:
        """Delete a message, and let the app hear it."""
        before = self.body(message)
        message.deleted = True
        message.streaming = False
        self.rooms.note(message, "deleted")
        channel = self.rooms.channels[message.channel]
        if self.hears(channel):
            event = events.deleted_event(before, channel, ts=self.clock.ts())
            self.tell(event, team=channel.team, actor=message.team, shared=channel.shared)

    # --- What a person sees above the composer -------------------------------------------------

    def show_status(self, channel: str, thread: str, status: str) -> None:
        """Change what a person sees of the bot's work."""
        self.statuses.append(
            Status(at=self.clock.now(), channel=channel, thread=thread, status=status)
        )
