"""The methods that tell: who am I, what is in a thread, who is this, where do sockets connect."""

from collections.abc import Mapping
from typing import Final

from tests.servers.slack.calling import Arguments, Caller, Method
from tests.servers.slack.errors import Refused
from tests.servers.slack.people import Install
from tests.servers.slack.rooms import Channel, Json, Message
from tests.servers.slack.sockets import Sockets
from tests.servers.slack.world import MAIN_TEAM, World

_HISTORY: Final = {
    "im": "im:history",
    "mpim": "mpim:history",
    "group": "groups:history",
    "channel": "channels:history",
}
_FEW: Final = 15
_MANY: Final = 1000


class Reading:
    """``auth.*``, ``apps.*``, ``conversations.*``, ``users.*``."""

    def __init__(self, world: World, *, sockets: Sockets) -> None:
        self._world = world
        self._sockets = sockets

    @property
    def methods(self) -> Mapping[str, Method]:
        """Return what can be called here."""
        return {
            "api.test": Method(tier=4, run=self.test, open=True),
            "auth.test": Method(tier=4, run=self.who_am_i),
            "auth.revoke": Method(tier=3, run=self.revoke),
            "apps.connections.open": Method(tier=4, run=self.connect),
            "apps.uninstall": Method(tier=4, run=self.uninstall),
            "conversations.open": Method(scopes=("im:write",), tier=3, run=self.open),
            "conversations.info": Method(tier=3, run=self.channel),
            "conversations.replies": Method(tier=3, run=self.replies),
            "users.info": Method(scopes=("users:read",), tier=4, run=self.user),
            "team.info": Method(scopes=("team:read",), tier=3, run=self.team),
        }

    async def test(self, _caller: Caller, arguments: Arguments) -> Json:
        """Say that all is well."""
        return {"args": arguments}

    async def who_am_i(self, caller: Caller, _arguments: Arguments) -> Json:
        """Say whose token it is."""
        install = caller.installed
        team = install.team or MAIN_TEAM
        return {
            "url": f"https://{team.lower()}.slack.example/",
            "team": f"Team {install.name}",
            "user": "frontdesk",
            "team_id": team,
            "user_id": install.bot_user,
            "bot_id": install.bot_id,
            **({"enterprise_id": install.enterprise} if install.enterprise else {}),
            "is_enterprise_install": install.is_org,
            "app_id": "A1",
        }

    async def revoke(self, caller: Caller, _arguments: Arguments) -> Json:
        """End a token."""
        caller.installed.error = "token_revoked"
        return {"revoked": True}

    async def connect(self, caller: Caller, _arguments: Arguments) -> Json:
        """Give the address of a socket."""
        if not caller.is_app:
            raise Refused("not_allowed_token_type")
        address = self._world.url().replace("http://", "ws://")
        return {"url": f"{address}/link/?ticket={self._sockets.ticket()}&app_id=A1"}

    async def uninstall(self, caller: Caller, arguments: Arguments) -> Json:
        """Remove the app from where the token is of."""
        credentials = self._world.credentials
        given = (arguments.get("client_id"), arguments.get("client_secret"))
        if given != (credentials.client_id, credentials.client_secret):
            raise Refused("invalid_client_id")
        self.remove(caller.installed)
        return {}

    def remove(self, install: Install) -> None:
        """Remove the app: its token ends, and it hears so."""
        team = install.team or MAIN_TEAM
        self._world.tell({"type": "app_uninstalled"}, team=team)
        tokens = {"oauth": [], "bot": [install.bot_user]}
        self._world.tell({"type": "tokens_revoked", "tokens": tokens}, team=team)
        install.error = "account_inactive"

    async def open(self, caller: Caller, arguments: Arguments) -> Json:
        """Open the direct messages of a person."""
        person = self._world.people.persons.get(arguments.get("users") or "")
        if person is None:
            raise Refused("user_not_found")
        if person.gone:
            raise Refused("user_disabled")
        channel = self._world.direct(person.id, team=caller.installed.team or person.team)
        return {"channel": {"id": channel.id}}

    async def channel(self, caller: Caller, arguments: Arguments) -> Json:
        """Describe a channel."""
        channel = self._known(caller.installed, arguments)
        return {
            "channel": {
                "id": channel.id,
                "is_channel": channel.type == "channel",
                "is_im": channel.is_direct,
                "is_archived": channel.archived,
                "is_ext_shared": channel.shared,
                "is_member": caller.installed.bot_user in channel.members,
                **({"user": channel.person} if channel.person else {"name": channel.id.lower()}),
            }
        }

    async def replies(self, caller: Caller, arguments: Arguments) -> Json:
        """Return a thread, its root first; a page at a time."""
        channel = self._known(caller.installed, arguments)
        self._may_read(caller.installed, channel)
        if caller.installed.bot_user not in channel.members:
            raise Refused("not_in_channel")
        messages = self._world.rooms.in_thread(channel.id, str(arguments.get("ts")))
        if not messages:
            raise Refused("thread_not_found")
        oldest, latest = str(arguments.get("oldest") or "0"), str(arguments.get("latest") or "9")
        root, later = messages[0], [each for each in messages[1:] if oldest <= each.ts <= latest]
        longest = _FEW if self._world.rules.small_replies else _MANY
        limit = min(int(arguments.get("limit") or longest), longest)
        start = int(arguments.get("cursor") or 0)
        page = [root, *later][start : start + limit]
        whole = str(arguments.get("include_all_metadata")).lower() in {"1", "true"}
        more = start + limit < len(later) + 1
        return {
            "messages": [self._body(each, metadata=whole) for each in page],
            "has_more": more,
            "response_metadata": {"next_cursor": str(start + limit) if more else ""},
        }

    async def user(self, caller: Caller, arguments: Arguments) -> Json:
        """Describe a person."""
        person = self._world.people.persons.get(arguments.get("user") or "")
        if person is None:
            raise Refused("user_not_found")
        names = {"real_name": person.name.title(), "display_name": person.name}
        stranger = person.team != (caller.installed.team or person.team)
        return {
            "user": {
                "id": person.id,
                "team_id": person.team,
                "name": person.name,
                "deleted": person.gone,
                "is_bot": False,
                "is_stranger": stranger,
                "profile": names,
            }
        }

    async def team(self, caller: Caller, _arguments: Arguments) -> Json:
        """Describe the workspace."""
        team = caller.installed.team or MAIN_TEAM
        return {"team": {"id": team, "name": f"Team {team}", "domain": team.lower()}}

    # --- What they share -----------------------------------------------------------------------

    def _known(self, install: Install, arguments: Arguments) -> Channel:
        channel = self._world.rooms.channels.get(str(arguments.get("channel")))
        if channel is None or not self._world.sees(install, channel):
            raise Refused("channel_not_found")
        return channel

    def _may_read(self, install: Install, channel: Channel) -> None:
        needed = _HISTORY[channel.type]
        if needed not in install.scopes:
            provided = ",".join(sorted(install.scopes))
            raise Refused("missing_scope", needed=needed, provided=provided)

    def _body(self, message: Message, *, metadata: bool) -> Json:
        body = self._world.body(message)
        if metadata and message.metadata:
            body["metadata"] = message.metadata
        return body
