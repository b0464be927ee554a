"""The methods that show what the bot is at: sessions, statuses, titles, prompts, the home tab."""

from collections.abc import Mapping

from tests.servers.slack.calling import Arguments, Caller, Method
from tests.servers.slack.errors import Refused
from tests.servers.slack.rooms import Json
from tests.servers.slack.world import Session, World


class Sessions:
    """``agents.sessions.*``, ``assistant.threads.*`` and ``views.*``."""

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def methods(self) -> Mapping[str, Method]:
        """Return what can be called here."""
        write, assist = ("chat:write",), ("assistant:write",)
        return {
            "agents.sessions.setStatus": Method(scopes=write, tier=3, run=self.set_session),
            "agents.sessions.rename": Method(scopes=write, tier=3, run=self.rename),
            "assistant.threads.setStatus": Method(scopes=write, tier=3, run=self.set_status),
            "assistant.threads.setTitle": Method(scopes=assist, tier=3, run=self.set_title),
            "assistant.threads.setSuggestedPrompts": Method(
                scopes=assist, tier=3, run=self.set_prompts
            ),
            "views.publish": Method(tier=4, run=self.publish),
            "views.open": Method(tier=4, run=self.open),
        }

    # --- Agents --------------------------------------------------------------------------------

    async def set_session(self, caller: Caller, arguments: Arguments) -> Json:
        """Create a session or change its status."""
        thread = self._thread(caller, arguments)
        status, title = arguments.get("status"), arguments.get("title") or ""
        session = self.turn(*thread, str(status), title=title)
        return {"status": "ok", "agent_status": session.status, "title": session.title}

    async def rename(self, caller: Caller, arguments: Arguments) -> Json:
        """Give a session another title."""
        thread = self._thread(caller, arguments)
        session = self._world.sessions.get(thread)
        if session is None:
            raise Refused("session_not_found")
        session.title = arguments["title"]
        return {"title": session.title}

    def turn(self, channel: str, thread: str, status: str, *, title: str = "") -> Session:
        """Give a session its status; the title counts only where it is new."""
        made = Session(channel=channel, thread=thread, status=status, title=title)
        session = self._world.sessions.setdefault((channel, thread), made)
        session.status = status
        self._world.show_status(channel, thread, status)
        return session

    def begin(self, channel: str, thread: str) -> None:
        """A stream sets its session to work by itself."""
        self.turn(channel, thread, "processing")

    # --- Assistants ----------------------------------------------------------------------------

    async def set_status(self, caller: Caller, arguments: Arguments) -> Json:
        """Show "is thinking …", for two minutes at most."""
        thread = self._thread(caller, arguments)
        self._world.show_status(*thread, arguments["status"])
        return {}

    async def set_title(self, caller: Caller, arguments: Arguments) -> Json:
        """Give a thread its title."""
        thread = self._thread(caller, arguments)
        self._world.titles[thread] = arguments["title"]
        return {}

    async def set_prompts(self, caller: Caller, arguments: Arguments) -> Json:
        """Suggest what a person could ask."""
        channel = self._world.entered(caller.installed, arguments.get("channel_id"))
        self._world.prompts[channel.id, arguments.get("thread_ts") or ""] = list(
            arguments["prompts"]
        )
        return {}

    def shown(self, channel: str, thread: str) -> str:
        """Return the status that a person sees now."""
        changes = [
            each
            for each in self._world.statuses
            if (each.channel, each.thread) == (channel, thread)
        ]
        if not changes:
            return ""
        lasting = self._world.rules.seconds(self._world.rules.status_seconds)
        is_session = (channel, thread) in self._world.sessions
        old = self._world.clock.now() - changes[-1].at >= lasting
        return "" if old and not is_session else changes[-1].status

    # --- Views ---------------------------------------------------------------------------------

    async def publish(self, caller: Caller, arguments: Arguments) -> Json:
        """Fill a person's home tab."""
        person = self._world.people.persons.get(arguments.get("user_id") or "")
        if person is None:
            raise Refused("user_not_found")
        if person.gone:
            raise Refused("user_disabled")
        view = dict(arguments["view"])
        self._world.homes[person.id] = view
        bot = caller.installed.bot_id
        return {
            "view": {"id": f"V{person.id}", "bot_id": bot, "hash": self._world.clock.ts(), **view}
        }

    async def open(self, caller: Caller, arguments: Arguments) -> Json:
        """Open a dialog over what the person looks at."""
        if not str(arguments.get("trigger_id", "")).startswith("trigger."):
            raise Refused("invalid_trigger_id")
        self._world.views.append(dict(arguments["view"]))
        return {"view": {"id": "VMODAL", "bot_id": caller.installed.bot_id, **arguments["view"]}}

    def _thread(self, caller: Caller, arguments: Arguments) -> tuple[str, str]:
        channel = self._world.entered(caller.installed, arguments.get("channel_id"))
        thread = arguments.get("thread_ts")
        if not thread:
            raise Refused("invalid_thread_ts")
        if self._world.rooms.find(channel.id, thread) is None:
            raise Refused("thread_not_found")
        return channel.id, thread
