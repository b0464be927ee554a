"""What people do in Slack: write, edit, click, stop, invite, archive, leave."""

import secrets
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from tests.servers.slack import events
from tests.servers.slack.delivering import Ack
from tests.servers.slack.people import Install
from tests.servers.slack.reading import Reading
from tests.servers.slack.rooms import Channel, Json, Message
from tests.servers.slack.sessions import Sessions
from tests.servers.slack.streams import Streams
from tests.servers.slack.world import MAIN_TEAM, World


class Acting:
    """The people of the fake. What they do is on its way to the app when a deed returns."""

    world: World
    streams: Streams
    sessions: Sessions
    reading: Reading

    # --- Messages ------------------------------------------------------------------------------

    async def say(
        self,
        text: str,
        *,
        user: str = "U1",
        channel: str = "D1",
        thread: str | None = None,
        mention: bool = False,
        deliveries: int | None = None,
        files: Sequence[str] = (),
        team: str = MAIN_TEAM,
        of: str | None = None,
        blocks: Sequence[Json] | None = None,
        subtype: str | None = None,
    ) -> str:
        """Write a message, in the channel of ``team``; ``of`` is the writer's own, if another.

        Returns its ts. ``files`` are names. ``deliveries`` overrules the moods.
        """
        room = self._room(channel, team=team, user=user)
        person = self.world.people.person(user, team=of or team)
        if person.team != room.team:
            room.shared = True
        install = self.world.people.of_team(room.team)
        if mention and install:
            text = f"<@{install.bot_user}> {text}"
        text = events.typed(text)
        at = self.world.clock.epoch()
        message = self.world.rooms.add(
            channel=room.id,
            user=user,
            team=person.team,
            text=text,
            thread=thread,
            subtype="file_share" if files else subtype,
            blocks=events.rich_text(text) if blocks is None else blocks,
            files=[events.file(name, user=user, at=at) for name in files],
            client_msg_id=str(uuid.uuid4()),
        )
        self.world.tell_posted(message, copies=deliveries)
        return message.ts

    async def edit(self, ts: str, text: str) -> None:
        """Change a person's message."""
        message = self.message(ts)
        before = self.world.body(message)
        message.text = events.typed(text)
        message.blocks = events.rich_text(message.text)
        message.edited = self.world.clock.ts()
        self.world.rooms.note(message, "edited")
        self.world.tell_changed(before, message)

    async def delete(self, ts: str) -> None:
        """Delete a message."""
        self.world.remove(self.message(ts))

    async def deliver(
        self, event: Mapping[str, Any], *, team: str = MAIN_TEAM, deliveries: int | None = None
    ) -> None:
        """Bring any event; one that is a whole envelope already is brought as it is."""
        if event.get("type") == "event_callback" or "event" in event:
            self.world.carry(dict(event), copies=deliveries)
        else:
            self.world.tell(event, team=team, copies=deliveries)

    # --- Clicks --------------------------------------------------------------------------------

    async def click(
        self, ts: str, action_id: str, value: str | None = None, user: str = "U1"
    ) -> Ack | None:
        """Click a button of a message; LookupError where it has none of that name.

        Returns what the app said; None where it said nothing in time.
        """
        message = self.message(ts)
        found = [each for each in message.actions if each["action_id"] == action_id]
        if not found:
            raise LookupError(f"Nothing to click is called {action_id!r} in {message.shown!r}.")
        action = {
            "type": found[0]["type"],
            "action_id": action_id,
            "block_id": _block_of(message, action_id),
            "value": value if value is not None else found[0].get("value"),
            "action_ts": self.world.clock.ts(),
        }
        container = {
            "type": "message",
            "message_ts": ts,
            "channel_id": message.channel,
            "is_ephemeral": message.only_for is not None,
            **({"thread_ts": message.thread} if message.thread else {}),
        }
        body = {} if message.only_for else {"message": self.world.body(message)}
        return await self.interact(
            {
                "type": "block_actions",
                "container": container,
                "channel": {"id": message.channel, "name": message.channel.lower()},
                "state": {"values": {}},
                "actions": [action],
                **body,
            },
            user=user,
            channel=message.channel,
        )

    async def shortcut(
        self, ts: str, *, callback_id: str = "frontdesk_ask", user: str = "U1"
    ) -> Ack | None:
        """Choose the app's shortcut in a message's menu."""
        message = self.message(ts)
        return await self.interact(
            {
                "type": "message_action",
                "callback_id": callback_id,
                "action_ts": self.world.clock.ts(),
                "message_ts": ts,
                "message": self.world.body(message),
                "channel": {"id": message.channel, "name": message.channel.lower()},
            },
            user=user,
            channel=message.channel,
        )

    async def command(
        self,
        text: str,
        user: str = "U1",
        *,
        command: str = "/ask",
        channel: str = "C1",
        team: str = MAIN_TEAM,
    ) -> Ack | None:
        """Type a slash command."""
        self.world.people.person(user, team=team)
        room = self._room(channel, team=team, user=user)
        install = self.world.people.of_team(team)
        payload = {
            "token": "verification-token-of-old",
            "team_id": team,
            "team_domain": team.lower(),
            "channel_id": room.id,
            "channel_name": "directmessage" if room.is_direct else room.id.lower(),
            "user_id": user,
            "user_name": user.lower(),
            "command": command,
            "text": text,
            "api_app_id": "A1",
            "is_enterprise_install": str(bool(install and install.is_org)).lower(),
            "response_url": self._response_url(room, user),
            "trigger_id": self._trigger(),
        }
        if install and install.enterprise:
            payload |= {"enterprise_id": install.enterprise, "enterprise_name": "Org"}
        ack = await self.world.deliverer.once("slash_commands", payload)
        if ack and ack.payload and ack.payload.get("text"):
            self.answer_at(room.id, user, ack.payload)
        return ack

    async def interact(self, payload: Json, *, user: str, channel: str | None = None) -> Ack | None:
        """Bring an interaction, filled up with who did it where."""
        room = self.world.rooms.channels.get(channel or "")
        team = room.team if room else MAIN_TEAM
        person = self.world.people.person(user, team=team)
        install = self.world.people.of_team(team)
        enterprise = install.enterprise if install else None
        whole = {
            "team": {"id": team, "domain": team.lower()},
            "user": {
                "id": user,
                "username": person.name,
                "name": person.name,
                "team_id": person.team,
            },
            "api_app_id": "A1",
            "token": "verification-token-of-old",
            "trigger_id": self._trigger(),
            "enterprise": {"id": enterprise, "name": "Org"} if enterprise else None,
            "is_enterprise_install": bool(install and install.is_org),
            **({"response_url": self._response_url(room, user)} if room else {}),
            **payload,
        }
        return await self.world.deliverer.once("interactive", whole)

    async def stop(self, thread: str, *, channel: str = "D1", user: str = "U1") -> list[str]:
        """Click Slack's own stop button; LookupError where none is shown.

        Returns the streams that Slack stopped.
        """
        session = self.world.sessions.get((channel, thread))
        if session is None or session.status != "processing":
            raise LookupError("No stop button is shown: the session is not processing.")
        stopped = self.streams.halt(channel, thread, user)
        event = {
            "type": "agent_session_stopped",
            "channel": channel,
            "thread_ts": thread,
            "user": user,
            "streaming_message_ts": stopped,
            "event_ts": self.world.clock.ts(),
        }
        self.world.tell(event, team=self.world.rooms.channels[channel].team)
        return stopped

    async def open_home(
        self, user: str = "U1", tab: str = "home", *, team: str = MAIN_TEAM
    ) -> Channel:
        """Open the app's home; in an agent's direct messages ``tab`` is "messages"."""
        self.world.people.person(user, team=team)
        channel = self._home(user, team=team)
        view = self.world.homes.get(user)
        event = {
            "type": "app_home_opened",
            "user": user,
            "channel": channel.id,
            "tab": tab,
            "event_ts": self.world.clock.ts(),
            **({"view": view} if view and tab == "home" else {}),
        }
        self.world.tell(event, team=team)
        return channel

    async def open_assistant(self, user: str = "U1", *, channel: str = "D1") -> str:
        """Begin a thread in the older assistant's pane; returns its root's ts."""
        room = self._room(channel, team=MAIN_TEAM, user=user)
        install = self.world.people.of_team(room.team)
        assert install
        root = self.world.rooms.add(
            channel=room.id,
            user=install.bot_user,
            team=room.team,
            bot_id=install.bot_id,
            text="New Assistant Thread",
            subtype="assistant_app_thread",
        )
        context = {"channel_id": "C1", "team_id": room.team, "enterprise_id": install.enterprise}
        thread = {"user_id": user, "context": context, "channel_id": room.id, "thread_ts": root.ts}
        event = {
            "type": "assistant_thread_started",
            "assistant_thread": thread,
            "event_ts": self.world.clock.ts(),
        }
        self.world.tell(event, team=room.team)
        return root.ts

    # --- What befalls the app ------------------------------------------------------------------

    def install(
        self,
        team: str | None = None,
        *,
        enterprise: str | None = None,
        scopes: set[str] | None = None,
    ) -> Install:
        """Install the app in another team, or with ``enterprise`` alone in an organisation."""
        installed = self.world.people.install(team=team, enterprise=enterprise)
        if scopes is not None:
            installed.scopes = scopes
        return installed

    def belongs(self, team: str, *, enterprise: str) -> None:
        """Make a team one of an organisation."""
        self.world.people.domains[team] = enterprise

    async def uninstall(self, team: str = MAIN_TEAM) -> None:
        """Remove the app: it hears so, twice, and its token ends."""
        install = self.world.people.of_team(team)
        assert install
        self.reading.remove(install)

    def revoke(self, team: str = MAIN_TEAM, *, error: str = "token_revoked") -> None:
        """End a token without a word."""
        install = self.world.people.of_team(team)
        assert install
        install.error = error

    def room(self, channel: str, *, kind: str, team: str = MAIN_TEAM) -> Channel:
        """Make a channel of a ``kind`` that its id does not tell: "group" or "mpim"."""
        made = self.world.channel(channel, team=team)
        made.kind = kind
        return made

    def archive(self, channel: str, *, archived: bool = True) -> None:
        """Archive a channel."""
        self.world.channel(channel).archived = archived

    def kick(self, channel: str) -> None:
        """Remove the bot from a channel."""
        self.world.channel(channel).members.clear()

    def invite(self, channel: str, *, team: str = MAIN_TEAM) -> None:
        """Bring the bot into a channel."""
        install = self.world.people.of_team(team)
        assert install
        self.world.channel(channel, team=team).members.add(install.bot_user)

    def deactivate(self, user: str, *, team: str = MAIN_TEAM) -> None:
        """Deactivate a person."""
        self.world.people.person(user, team=team).gone = True

    # --- What they share -----------------------------------------------------------------------

    def message(self, ts: str) -> Message:
        """Return a message that is still there; LookupError where it is not."""
        found = self.world.rooms.messages.get(ts)
        if found is None or found.deleted:
            raise LookupError(f"There is no message {ts}.")
        return found

    def answer_at(self, channel: str, user: str, said: Json) -> Message:
        """Show what the app answers a person outside of the Web API."""
        room = self.world.rooms.channels[channel]
        install = self.world.people.of_team(room.team)
        assert install
        message = self.world.rooms.add(
            channel=channel,
            user=install.bot_user,
            bot_id=install.bot_id,
            team=room.team,
            text=said.get("text") or "",
            blocks=said.get("blocks") or (),
            thread=said.get("thread_ts"),
            only_for=None if said.get("response_type") == "in_channel" else user,
        )
        self.world.tell_posted(message)
        return message

    def _room(self, channel: str, *, team: str, user: str) -> Channel:
        room = self.world.channel(channel, team=team)
        if room.is_direct and room.person is None:
            room.person = user
        return room

    def _home(self, user: str, *, team: str) -> Channel:
        return self.world.direct(user, team=team)

    def _trigger(self) -> str:
        return f"trigger.{secrets.token_hex(8)}"

    def _response_url(self, room: Channel, user: str) -> str:
        return f"{self.world.url()}/respond/{room.id}/{user}/{secrets.token_hex(8)}"


def _block_of(message: Message, action_id: str) -> str:
    for block in message.blocks:
        if any(each.get("action_id") == action_id for each in block.get("elements", ())):
            return str(block.get("block_id", ""))
    return ""
