"""A fake Slack: one HTTP server with the Web API, Socket Mode, OAuth and what people do there."""

import asyncio
import random
from contextlib import AsyncExitStack
from typing import Any, Self

import aiohttp
from aiohttp import web

from tests.servers.slack.acting import Acting
from tests.servers.slack.api import Api
from tests.servers.slack.calling import Call
from tests.servers.slack.clock import Clock
from tests.servers.slack.delivering import Deliverer, Delivery
from tests.servers.slack.hooks import Hook
from tests.servers.slack.moods import Moods, Rules
from tests.servers.slack.oauth import OAuth
from tests.servers.slack.people import Credentials, Install, People
from tests.servers.slack.posting import Posting
from tests.servers.slack.reading import Reading
from tests.servers.slack.rooms import Message, Rooms
from tests.servers.slack.sessions import Sessions
from tests.servers.slack.sockets import Sockets
from tests.servers.slack.streams import Streams
from tests.servers.slack.tasks import Tasks
from tests.servers.slack.world import MAIN_TEAM, Status, World

_SOON = 5.0


class FakeSlack(Acting):
    """Slack on this machine, with one workspace ``T1`` where the app is installed.

    In a test::

        async with FakeSlack(moods=Moods(deliveries=3)) as slack:
            ...  # run the app with slack.bot_token, slack.app_token and slack.api_url
            ts = await slack.say("How long does shipping take?")
            await until(lambda: len(slack.thread("D1", ts)) == 2)

    Channels and people are there as soon as somebody speaks of them: "D…" are direct messages,
    "C…" channels that the bot is in.
    """

    def __init__(
        self,
        *,
        rules: Rules | None = None,
        moods: Moods | None = None,
        port: int = 0,
        credentials: Credentials | None = None,
    ) -> None:
        self._port = port
        self._runner: web.AppRunner | None = None
        self._stack = AsyncExitStack()
        self._url = ""
        self._hook: Hook | None = None
        self._rules = rules or Rules()
        self._moods = moods or Moods()
        self._credentials = credentials or Credentials()
        self._people = People()
        self._first = self._people.install(team=MAIN_TEAM)

    # --- Its life ------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        tasks = await self._stack.enter_async_context(asyncio.TaskGroup())
        self._build(tasks)
        app = web.Application(client_max_size=10_000_000)
        app.router.add_route("*", "/api/{method}", self.api.answer)
        app.router.add_get("/link/", self.sockets.link)
        app.router.add_get("/oauth/v2/authorize", self.oauth.authorize)
        app.router.add_post("/respond/{channel}/{user}/{ticket}", self._respond)
        self.extend(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    def _build(self, tasks: asyncio.TaskGroup) -> None:
        clock, luck = Clock(), random.Random(self._moods.seed)
        shared: dict[str, Any] = {"clock": clock, "rules": self._rules}
        self.sockets = Sockets(**shared, moods=self._moods, luck=luck)
        deliverer = Deliverer(**shared, moods=self._moods, luck=luck, line=self.sockets)
        self.world = World(
            **shared,
            moods=self._moods,
            luck=luck,
            people=self._people,
            rooms=Rooms(clock),
            credentials=self._credentials,
            deliverer=deliverer,
            tasks=Tasks(tasks),
            url=lambda: self.url,
        )
        self.oauth = OAuth(self.world)
        self.sessions = Sessions(self.world)
        self.reading = Reading(self.world, sockets=self.sockets)
        posting = Posting(self.world)
        self.streams = Streams(self.world, posting=posting, sessions=self.sessions)
        parts = (self.oauth, self.sessions, self.reading, posting, self.streams)
        methods = {name: each for part in parts for name, each in part.methods.items()}
        self.api = Api(self.world, methods=methods)

    def extend(self, app: web.Application) -> None:
        """Add routes of one's own before the server begins."""

    async def __aexit__(self, *_: object) -> None:
        assert self._runner
        self.world.tasks.cancel()
        await self.sockets.close()
        await self._runner.cleanup()
        if self._hook:
            await self._hook.close()
        await self._stack.aclose()

    # --- What an app is configured with --------------------------------------------------------

    @property
    def url(self) -> str:
        """Return its address, without a slash."""
        return self._url

    @property
    def api_url(self) -> str:
        """Return the Web API's address, with the slash that SDKs want."""
        return f"{self._url}/api/"

    @property
    def bot_token(self) -> str:
        """Return the token of the first workspace's bot."""
        return self._people.installs[MAIN_TEAM].token

    @property
    def app_token(self) -> str:
        """Return the app's token for Socket Mode."""
        return self._credentials.app_token

    @property
    def signing_secret(self) -> str:
        """Return what HTTP requests are signed with."""
        return self._credentials.signing_secret

    @property
    def client_id(self) -> str:
        """Return the app's name in OAuth."""
        return self._credentials.client_id

    @property
    def client_secret(self) -> str:
        """Return the app's secret in OAuth."""
        return self._credentials.client_secret

    @property
    def app_id(self) -> str:
        """Return the app's id."""
        return self._credentials.app_id

    @property
    def team(self) -> str:
        """Return the first workspace."""
        return MAIN_TEAM

    @property
    def bot_user(self) -> str:
        """Return the bot's user id in the first workspace."""
        return self._first.bot_user

    @property
    def bot_id(self) -> str:
        """Return the bot's id in the first workspace."""
        return self._first.bot_id

    def installed(self, name: str = MAIN_TEAM) -> Install:
        """Return the install of a team or an organisation."""
        return self._people.installs[name]

    def send_to(self, url: str | None) -> None:
        """Bring events to ``url`` as signed HTTP from now on; None: over sockets again."""
        if url is None:
            self.world.deliverer.line = self.sockets
            return
        self._hook = Hook(
            url, secret=self.signing_secret, clock=self.world.clock, rules=self._rules
        )
        self.world.deliverer.line = self._hook

    # --- What it has seen ----------------------------------------------------------------------

    @property
    def calls(self) -> list[Call]:
        """Return every call of the Web API, in order."""
        return self.api.calls

    def called(self, method: str) -> list[Call]:
        """Return the calls of one method."""
        return [call for call in self.calls if call.method == method]

    @property
    def deliveries(self) -> list[Delivery]:
        """Return every carriage of an event."""
        return self.world.deliverer.deliveries

    @property
    def acks(self) -> list[float]:
        """Return the seconds that each acknowledgement took, late ones too."""
        return self.sockets.acks + (self._hook.acks if self._hook else [])

    @property
    def messages(self) -> list[Message]:
        """Return every message that ever was, in order."""
        self.streams.expire()
        return list(self.world.rooms.messages.values())

    def thread(self, channel: str, ts: str) -> list[Message]:
        """Return what everybody sees of a thread, its root first."""
        self.streams.expire()
        return self.world.rooms.in_thread(channel, ts)

    def answers(self, channel: str, ts: str) -> list[Message]:
        """Return what the bot shows in a thread."""
        return [each for each in self.thread(channel, ts) if each.is_ours and each.ts != ts]

    @property
    def ephemerals(self) -> list[Message]:
        """Return the messages that one person alone sees."""
        return [each for each in self.messages if each.only_for and not each.deleted]

    @property
    def statuses(self) -> list[Status]:
        """Return every change of what people saw of the bot's work."""
        return self.world.statuses

    def status(self, channel: str, thread: str) -> str:
        """Return what a person sees of the bot's work now."""
        return self.sessions.shown(channel, thread)

    @property
    def idle(self) -> bool:
        """Tell whether no event is on its way."""
        return not self.world.tasks.busy

    async def linked(self, count: int = 1) -> None:
        """Wait until the app has ``count`` sockets open."""
        async with asyncio.timeout(_SOON * 6):
            while len(self.sockets.lines) < count:  # noqa: ASYNC110 - sockets know no events
                await asyncio.sleep(0.01)

    async def refresh(self, reason: str = "refresh_requested", *, at_once: bool = False) -> None:
        """Ask every socket to reconnect: warning, refresh_requested or link_disabled."""
        async with asyncio.TaskGroup() as group:
            for socket in tuple(self.sockets.lines):
                group.create_task(self.sockets.dismiss(socket, reason, at_once=at_once))

    async def verify(self) -> bool:
        """Ask the address of ``send_to`` for its challenge, as Slack does when it is entered."""
        challenge = {"type": "url_verification", "token": "t", "challenge": "3eZbrw1aB10FEMAGAZd4"}
        ack = await self.world.deliverer.once("events_api", challenge)
        said = (ack.payload or {}) if ack else {}
        return "3eZbrw1aB10FEMAGAZd4" in {said.get("challenge"), said.get("text")}

    async def browse(self, url: str) -> tuple[int, str]:
        """Follow ``url`` as a person's browser does; the last status and body."""
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            return response.status, await response.text()

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        said = await request.json()
        place = request.match_info
        self.answer_at(place["channel"], place["user"], said)
        return web.Response(text="ok")
