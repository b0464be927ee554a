"""The methods that post, change and delete whole messages."""

import secrets
from collections.abc import Mapping
from typing import Any

from tests.servers.slack.calling import Arguments, Caller, Method
from tests.servers.slack.errors import Refused
from tests.servers.slack.people import Install
from tests.servers.slack.rooms import Channel, Json, Message
from tests.servers.slack.world import World


class Posting:
    """``chat.postMessage`` and its sisters."""

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def methods(self) -> Mapping[str, Method]:
        """Return what can be called here."""
        write = ("chat:write",)
        return {
            "chat.postMessage": Method(scopes=write, tier=3, run=self.post),
            "chat.postEphemeral": Method(scopes=write, tier=4, run=self.post_ephemeral),
            "chat.update": Method(scopes=write, tier=3, run=self.update),
            "chat.delete": Method(scopes=write, tier=3, run=self.delete),
            "chat.getPermalink": Method(tier=4, run=self.permalink),
        }

    async def post(self, caller: Caller, arguments: Arguments) -> Json:
        """Post a message; a person's id posts into their direct messages."""
        install = caller.installed
        channel = self._entered(install, arguments.get("channel"))
        message = self.add(install, channel, arguments)
        self._world.tell_posted(message)
        self._clear(channel, message)
        body = self._world.body(message)
        return {"channel": channel.id, "ts": message.ts, "message": body}

    async def post_ephemeral(self, caller: Caller, arguments: Arguments) -> Json:
        """Post what one person sees."""
        channel = self._entered(caller.installed, arguments.get("channel"))
        person = self._world.people.persons.get(arguments.get("user") or "")
        if person is None:
            raise Refused("user_not_in_channel")
        if person.gone:
            raise Refused("user_disabled")
        message = self.add(caller.installed, channel, arguments, only_for=person.id)
        return {"message_ts": message.ts}

    async def update(self, caller: Caller, arguments: Arguments) -> Json:
        """Change one of its own messages."""
        message = self.own(caller.installed, arguments, error="cant_update_message")
        if message.streaming:
            raise Refused("streaming_state_conflict")
        before = self._world.body(message)
        self._write(message, arguments)
        message.stream = False  # what was appended is no more
        message.edited = self._world.clock.ts()
        self._world.rooms.note(message, "updated")
        self._world.tell_changed(before, message)
        body = self._world.body(message)
        return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": body}

    async def delete(self, caller: Caller, arguments: Arguments) -> Json:
        """Delete one of its own messages."""
        message = self.own(caller.installed, arguments, error="cant_delete_message")
        self._world.remove(message)
        return {"channel": message.channel, "ts": message.ts}

    async def permalink(self, caller: Caller, arguments: Arguments) -> Json:
        """Return a message's address."""
        found = self._world.rooms.find(arguments.get("channel", ""), arguments["message_ts"])
        if found is None or not self._world.sees(
            caller.installed, self._world.rooms.channels[found.channel]
        ):
            raise Refused("message_not_found")
        number = found.ts.replace(".", "")
        link = f"https://team.slack.example/archives/{found.channel}/p{number}"
        return {"channel": found.channel, "permalink": link}

    # --- What they share -----------------------------------------------------------------------

    def add(
        self,
        install: Install,
        channel: Channel,
        arguments: Mapping[str, Any],
        *,
        only_for: str | None = None,
    ) -> Message:
        """Keep a message of the bot."""
        thread = arguments.get("thread_ts")
        if thread and self._world.rooms.find(channel.id, thread) is None:
            raise Refused("thread_not_found")
        message = self._world.rooms.add(
            channel=channel.id,
            user=install.bot_user,
            bot_id=install.bot_id,
            team=channel.team,
            thread=thread,
            text="",
            only_for=only_for,
        )
        self._write(message, arguments)
        message.history.clear()
        self._world.rooms.note(message, "posted")
        return message

    def own(self, install: Install, arguments: Mapping[str, Any], *, error: str) -> Message:
        """Return a message that the bot may change."""
        channel = self._world.entered(install, arguments.get("channel"))
        message = self._world.rooms.find(channel.id, str(arguments.get("ts")))
        if message is None or message.only_for:
            raise Refused("message_not_found")
        if message.user != install.bot_user:
            raise Refused(error)
        return message

    def _entered(self, install: Install, channel: str | None) -> Channel:
        person = self._world.people.persons.get(channel or "")
        if person is None:
            return self._world.entered(install, channel)
        if person.gone:
            raise Refused("user_disabled")
        team = install.team or person.team
        return self._world.direct(person.id, team=team)

    def _write(self, message: Message, arguments: Mapping[str, Any]) -> None:
        given = arguments.get("blocks")
        if text := arguments.get("markdown_text"):
            given = [{"type": "markdown", "text": text}]
        if given is not None or "text" in arguments:
            message.blocks = [_named(block) for block in given or ()]
            message.text = arguments.get("text") or arguments.get("markdown_text") or ""
        message.metadata = arguments.get("metadata", message.metadata) or None

    def _clear(self, channel: Channel, message: Message) -> None:
        """An assistant's status goes when it says something; an agent's session stays."""
        if (channel.id, message.root) not in self._world.sessions:
            self._world.show_status(channel.id, message.root, "")


def _named(block: Mapping[str, Any]) -> Json:
    return {"block_id": secrets.token_hex(3), **block}
