"""A hall for tests: the fake Slack, its sockets, Bolt and a whole bot behind them."""

import asyncio
import sqlite3
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp

from bot.app import App
from bot.backends.base import Backend
from bot.backends.scripted import ScriptedBackend
from bot.messages import Author, Message
from bot.settings.slack import SlackSettings
from bot.store.base import Visit
from channels.slack.bolt import make_bolt
from channels.slack.calls import Calls
from channels.slack.hall import open_hall
from channels.slack.joining import joined
from channels.slack.pace import Pace
from channels.slack.places import CHANNEL, Place, customer
from channels.slack.socket import open_socket
from channels.slack.taking import taken
from channels.slack.wire import Wire
from channels.slack.workspaces import NotInstalled, Workspace
from tests.house import house, until
from tests.servers.slack import FakeSlack

T = TypeVar("T")


class Known:
    """Workspaces by their names, as a test puts them in; those that left are remembered."""

    def __init__(self, *workspaces: Workspace) -> None:
        self._known = {each.install: each for each in workspaces}
        self.left: list[tuple[str, float]] = []

    def know(self, workspace: Workspace) -> None:
        """Know of one more, or of another bot there."""
        self._known[workspace.install] = workspace

    async def find(self, install: str) -> Workspace:
        if install not in self._known:
            raise NotInstalled(install)
        return self._known[install]

    async def newer(self, workspace: Workspace) -> Workspace | None:  # noqa: ARG002 - the promise
        return None

    async def forget(self, install: str, *, at: float) -> None:
        self.left.append((install, at))
        self._known.pop(install, None)


@dataclass(frozen=True, kw_only=True)
class Visited:
    """A bot that hears what happens in ``slack``."""

    slack: FakeSlack
    app: App
    bolt: AsyncApp
    workspaces: Known

    async def conversation(
        self, ts: str, *, channel: str = "D1", install: str = "T1"
    ) -> Visit | None:
        """Return the conversation of a thread."""
        place = Place(install=install, channel=channel, thread=ts)
        return await self.app.visits.find(CHANNEL, place.key)

    async def messages(self, ts: str, *, channel: str = "D1", install: str = "T1") -> list[Message]:
        """Return all that was said in a thread."""
        found = await self.conversation(ts, channel=channel, install=install)
        return list(await self.app.archive.messages(found.conversation.id)) if found else []

    async def texts(self, ts: str, *, channel: str = "D1", install: str = "T1") -> list[str]:
        """Return the words of all that was said in a thread."""
        return [each.text for each in await self.messages(ts, channel=channel, install=install)]

    async def conversations(self, user: str = "U1") -> list[Visit]:
        """Return the conversations that a person is in, newest first."""
        return list(await self.app.visits.of(CHANNEL, customer("T1", user), limit=20))

    def notices(self) -> list[str]:
        """Return what the bot said itself, to everybody who was there."""
        return [
            each.shown
            for each in self.slack.messages
            if each.metadata and each.metadata["event_type"] == "frontdesk_notice"
        ]


async def comes(look: Callable[[], Awaitable[T]], *, seconds: float = 30.0) -> T:
    """Look again and again until there is something to see; return it."""
    async with asyncio.timeout(seconds):
        while not (seen := await look()):  # noqa: ASYNC110 - what is looked at knows no events
            await asyncio.sleep(0.02)
        return seen


async def answered(hall: Visited, ts: str, *, replies: int = 1, channel: str = "D1") -> list[str]:
    """Wait until a thread has so many replies; return all that was said in it."""

    async def look() -> list[str]:
        said = await hall.messages(ts, channel=channel)
        return [each.text for each in said] if len(replies_of(said)) >= replies else []

    return await comes(look)


def replies_of(messages: Sequence[Message]) -> list[Message]:
    return [each for each in messages if each.author is Author.BOT]


async def heard(hall: Visited) -> None:
    """Wait until nothing is on its way to the bot any more."""
    await until(lambda: hall.slack.idle)


@asynccontextmanager
async def visited(
    folder: Path,
    *backends: Backend,
    slack: FakeSlack | None = None,
    slack_settings: Mapping[str, Any] | None = None,
    install: Iterable[Workspace] = (),
    clock: Callable[[], float] | None = None,
    speaks: bool = False,
    **sections: Any,
) -> AsyncIterator[Visited]:
    """Open a bot that hears over the fake's sockets and answers with ``backends``.

    Its replies are kept; only where it ``speaks`` are they shown in Slack.
    """
    async with AsyncExitStack() as stack:
        if slack is None:
            slack = await stack.enter_async_context(FakeSlack())
        workspaces = Known(to_workspace(slack), *install)
        wire = Wire(api_url=slack.api_url)
        stack.push_async_callback(wire.close)
        calls = Calls(workspaces=workspaces, wire=wire)
        settings = SlackSettings.model_validate(
            {"api_url": slack.api_url, **(slack_settings or {})}
        )
        join = partial(joined, calls=calls, settings=settings, pace=Pace().faster(10))
        answers = backends or (ScriptedBackend("It is on its way."),)
        app = await stack.enter_async_context(
            house(
                folder,
                *answers,
                channels=(CHANNEL,),
                articles={},
                joins=[join] if speaks else (),
                **sections,
            )
        )
        hall = await stack.enter_async_context(
            open_hall(
                app,
                calls=calls,
                workspaces=workspaces,
                settings=settings,
                clock=clock or slack.world.clock.epoch,
            )
        )
        bolt = make_bolt(hall, api_url=slack.api_url)
        token = SecretStr(slack.app_token)
        socket = await stack.enter_async_context(
            open_socket(bolt=bolt, token=token, wire=wire, place="SLACK_APP_TOKEN")
        )
        lines = await stack.enter_async_context(asyncio.TaskGroup())
        stop = asyncio.Event()
        stack.callback(stop.set)
        lines.create_task(socket.serve(stop))
        await slack.linked()
        yield Visited(slack=slack, app=app, bolt=bolt, workspaces=workspaces)


def to_workspace(slack: FakeSlack, install: str = "T1") -> Workspace:
    """Return where the app is installed in the fake."""
    installed = slack.installed(install)
    return Workspace(
        install=install,
        token=SecretStr(installed.token),
        team="The shop",
        bot_user=installed.bot_user,
        bot_id=installed.bot_id,
        app_id=slack.app_id,
        scopes=frozenset(installed.scopes),
    )


async def dispatched(bolt: AsyncApp, body: dict[str, Any]) -> Any:
    """Hand a body to Bolt as a socket does."""
    return await taken(bolt, body, headers={})


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let nobody write into the database of a bot in ``folder``."""
    with closing(sqlite3.connect(folder / "frontdesk.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
