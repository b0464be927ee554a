"""A whole bot whose customers are in the fake Slack; what they say comes to it without a door."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.app import App
from bot.backends.base import Backend
from bot.messages import Inbound
from bot.settings import SlackSettings
from bot.store.base import Accepted
from channels.slack.calls import Calls
from channels.slack.errors import SlackBusy, refusal
from channels.slack.joining import joined
from channels.slack.pace import Pace
from channels.slack.places import CHANNEL, Place, customer, message_id
from channels.slack.wire import Heard, Wire
from channels.slack.workspaces import OneWorkspace, Workspace
from tests.house import house
from tests.servers.slack import FakeSlack

PACE = Pace().faster(10)


@dataclass(slots=True, kw_only=True)
class Fault:
    """What goes wrong at the next call of ``method``, ``times`` times.

    ``error`` is raised; where there is ``held``, the call waits for that; else it never ends, and
    no other does. It is ``done`` before that, or not.
    """

    method: str
    error: Exception | None = None
    held: asyncio.Event | None = None
    done: bool = False
    times: int = 1
    after: int = 0  # so many calls that go well
    met: int = 0


class FrailWire(Wire):
    """A wire on which things go wrong as a test says; ``dead`` it carries nothing any more."""

    def __init__(self, *faults: Fault, api_url: str, seconds: float = 20.0) -> None:
        super().__init__(api_url=api_url, seconds=seconds)
        self.faults = list(faults)
        self.dead = False

    async def ask(self, method: str, **arguments: Any) -> Heard:
        if self.dead:
            await asyncio.Event().wait()
        fault = next((each for each in self.faults if each.method == method), None)
        if fault is None or fault.met >= fault.times:
            return await super().ask(method, **arguments)
        if fault.after > 0:
            fault.after -= 1
            return await super().ask(method, **arguments)
        fault.met += 1
        heard = await super().ask(method, **arguments) if fault.done else None
        if fault.error is not None:
            raise fault.error
        if fault.held is not None:
            await fault.held.wait()
            return heard or await super().ask(method, **arguments)
        self.dead = True
        return await self.ask(method, **arguments)


def lost(method: str, **keywords: Any) -> Fault:
    """Let the answer of a call be lost."""
    error = SlackBusy(f"The answer to {method} was lost.", uncertain=True)
    return Fault(method=method, error=error, **keywords)


def refused(method: str, error: str, **keywords: Any) -> Fault:
    """Let Slack refuse a call with its code ``error``."""
    return Fault(method=method, error=refusal(error, method=method, where="T1"), **keywords)


def busy(method: str, seconds: float, **keywords: Any) -> Fault:
    """Let Slack ask to come again in ``seconds``."""
    error = SlackBusy(f"Too often for {method}.", retry_after=seconds)
    return Fault(method=method, error=error, **keywords)


@asynccontextmanager
async def shop(
    folder: Path,
    slack: FakeSlack,
    *backends: Backend,
    faults: Sequence[Fault] = (),
    wire: FrailWire | None = None,
    pace: Pace = PACE,
    settings: SlackSettings | None = None,
    **sections: Any,
) -> AsyncIterator[App]:
    """Open a bot that answers in ``slack``, over a wire with ``faults``."""
    wire = wire or FrailWire(*faults, api_url=slack.api_url)
    calls = Calls(workspaces=OneWorkspace(workspace(slack)), wire=wire)
    chosen = settings or SlackSettings()
    try:
        async with house(
            folder,
            *backends,
            channels=(CHANNEL,),
            joins=[lambda parts: joined(parts, calls=calls, settings=chosen, pace=pace)],
            **sections,
        ) as app:
            yield app
    finally:
        await calls.close()


def workspace(slack: FakeSlack) -> Workspace:
    """Return the fake's one workspace."""
    return Workspace(
        install=slack.team,
        token=SecretStr(slack.bot_token),
        team="A team",
        bot_user=slack.bot_user,
        bot_id=slack.bot_id,
        app_id=slack.app_id,
        scopes=frozenset(),
    )


def place(slack: FakeSlack, ts: str, *, channel: str = "D1") -> Place:
    """Return the thread that hangs on a message."""
    return Place(install=slack.team, channel=channel, thread=ts)


async def hear(
    app: App,
    slack: FakeSlack,
    text: str,
    *,
    channel: str = "D1",
    user: str = "U1",
    thread: str | None = None,
) -> tuple[str, Accepted]:
    """Let a person say something, and the bot hear it; return the thread."""
    ts = await slack.say(text, channel=channel, user=user, thread=thread)
    root = thread or ts
    inbound = Inbound(
        channel=CHANNEL,
        key=place(slack, root, channel=channel).key,
        customer=customer(slack.team, user),
        external_id=message_id(channel, ts),
        text=text,
    )
    return root, await app.engine.accept(inbound)


def reply(slack: FakeSlack, thread: str, *, channel: str = "D1") -> str:
    """Return all that the bot shows in a thread, one message after the other."""
    return "".join(message.shown for message in slack.answers(channel, thread))


def is_delivered(slack: FakeSlack, thread: str, *, channel: str = "D1") -> bool:
    """Tell whether the last part of a reply stands in a thread."""
    return any(
        message.metadata["event_payload"].get("last")
        for message in slack.answers(channel, thread)
        if message.metadata
    )
