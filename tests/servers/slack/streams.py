"""The methods that show a message while it is written."""

from collections.abc import Mapping
from typing import Any

from tests.servers.slack.calling import Arguments, Caller, Method
from tests.servers.slack.errors import Refused
from tests.servers.slack.people import Install
from tests.servers.slack.posting import Posting
from tests.servers.slack.rooms import Channel, Json, Message
from tests.servers.slack.rules import appended, refusal
from tests.servers.slack.sessions import Sessions
from tests.servers.slack.world import World


class Streams:
    """``chat.startStream``, ``appendStream`` and ``stopStream``."""

    def __init__(self, world: World, *, posting: Posting, sessions: Sessions) -> None:
        self._world = world
        self._posting = posting
        self._sessions = sessions

    @property
    def methods(self) -> Mapping[str, Method]:
        """Return what can be called here."""
        write = ("chat:write",)
        return {
            "chat.startStream": Method(scopes=write, tier=2, run=self.start),
            "chat.appendStream": Method(scopes=write, tier=4, run=self.append),
            "chat.stopStream": Method(scopes=write, tier=2, run=self.stop),
        }

    async def start(self, caller: Caller, arguments: Arguments) -> Json:
        """Begin a message that grows."""
        channel = self._world.entered(caller.installed, arguments.get("channel"))
        self._check_recipient(channel, arguments)
        text = appended(arguments)
        self._check_length(text, 0)
        place = {"thread_ts": arguments["thread_ts"]}
        message = self._posting.add(caller.installed, channel, place)
        message.stream = message.streaming = True
        message.text = text
        self._world.rooms.note(message, "started")
        self._sessions.begin(channel.id, message.root)
        self._world.tell_posted(message)
        return {"channel": channel.id, "ts": message.ts}

    async def append(self, caller: Caller, arguments: Arguments) -> Json:
        """Let a message grow."""
        message = self._streaming(caller.installed, arguments, for_append=True)
        self._grow(message, appended(arguments), "appended")
        return {"channel": message.channel, "ts": message.ts}

    async def stop(self, caller: Caller, arguments: Arguments) -> Json:
        """End a message; now it may have blocks below and metadata."""
        message = self._streaming(caller.installed, arguments)
        before = self._world.body(message)
        status = arguments.get("session_status")
        self._check_blocks(message.text + appended(arguments), arguments)
        self._grow(message, appended(arguments), "stopped")
        message.blocks = arguments.get("blocks") or ()
        message.metadata = arguments.get("metadata")
        message.streaming = False
        if status:
            self._sessions.turn(message.channel, message.root, status)
        self._world.tell_changed(before, message)
        body = self._world.body(message)
        return {"channel": message.channel, "ts": message.ts, "message": body}

    def expire(self) -> None:
        """End the streams that have lived for too long."""
        longest = self._world.rules.seconds(self._world.rules.stream_seconds)
        for message in self._world.rooms.messages.values():
            if message.streaming and self._world.clock.now() - message.at >= longest:
                message.streaming = False
                self._world.rooms.note(message, "expired")

    def halt(self, channel: str, thread: str, user: str) -> list[str]:
        """End every stream of a thread as a person's click on the stop button does."""
        self.expire()
        streams = [each for each in self._world.rooms.in_thread(channel, thread) if each.streaming]
        for message in streams:
            message.streaming = False
            message.stopped_by = user
            self._world.rooms.note(message, "stopped by a person")
        return [message.ts for message in streams]

    # --- What they share -----------------------------------------------------------------------

    def _streaming(
        self, install: Install, arguments: Mapping[str, Any], *, for_append: bool = False
    ) -> Message:
        self.expire()
        channel = self._world.entered(install, arguments.get("channel"))
        message = self._world.rooms.find(channel.id, str(arguments.get("ts")))
        if message is None:
            raise Refused("message_not_found")
        if message.user != install.bot_user:
            raise Refused("message_not_owned_by_app")
        if not message.streaming:
            stopped = for_append and message.stopped_by
            raise Refused("stopped_by_user" if stopped else "message_not_in_streaming_state")
        return message

    def _grow(self, message: Message, text: str, deed: str) -> None:
        self._check_length(text, len(message.text))
        message.text += text
        self._world.rooms.note(message, deed)

    def _check_length(self, text: str, before: int) -> None:
        if before + len(text) > self._world.rules.stream_characters:
            raise Refused("msg_blocks_too_long")

    def _check_blocks(self, text: str, arguments: Mapping[str, Any]) -> None:
        """Blocks stand in one message with the text, and count with it."""
        whole = [{"type": "markdown", "text": text}] if text else []
        blocks = [*whole, *(arguments.get("blocks") or ())]
        whole_message = {"channel": "D1", "text": "…", "blocks": blocks}
        error = refusal("chat.postMessage", whole_message) if arguments.get("blocks") else None
        if error:
            raise Refused(error)

    def _check_recipient(self, channel: Channel, arguments: Mapping[str, Any]) -> None:
        if channel.is_direct:
            return
        person = self._world.people.persons.get(arguments["recipient_user_id"])
        if person is None:
            raise Refused("user_not_found")
        if person.team != arguments["recipient_team_id"]:
            raise Refused("team_not_found")
