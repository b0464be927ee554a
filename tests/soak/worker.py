"""One process of the bot: the real house, a courier to the mailbox, and a small door for messages.

    python -m tests.soak.worker --database URL --provider URL --mailbox URL

It says its door's url on its first line. The door answers 200 once the engine has accepted the
message; whoever hears anything else sends again. SIGTERM ends it in good order.
"""

import argparse
import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from typing import Any

from bot.app import App, open_app
from bot.errors import FrontdeskError, StoreUnavailable
from bot.messages import Inbound
from bot.settings import Settings
from bot.store.base import Accepted
from channels.stopping import told_to_stop
from tests.servers.mailbox import MailboxPoster
from tests.servers.plain import Refused, serve
from tests.servers.process import end_with_parent

CHANNEL = "mailbox"

# Nothing is set aside here: what is killed often is no poison.
_ANY = 1000


def settings(
    *, database: str, provider: str, lease: float, patience: float, grace: float = 5.0
) -> Settings:
    """Return what a worker runs on; a delivery may take ``patience`` seconds."""
    return Settings.model_validate(
        {
            "database": {"url": database},
            "engine": {
                "lease_seconds": lease,
                "sweep_seconds": 0.3,
                "grace_seconds": grace,
                "delivery_seconds": patience,
                "tries": _ANY,
            },
            "backends": {"claude": {"kind": "anthropic", "base_url": provider}},
        }
    )


@asynccontextmanager
async def working(settings: Settings, *, mailbox: str) -> AsyncIterator[App]:
    """Open the bot with the mailbox for its channel."""
    poster = MailboxPoster(mailbox, name=CHANNEL)
    async with open_app(settings, channels=(CHANNEL,), posters=(poster,)) as app:
        yield app


class Door:
    """Takes messages in, and looks on as a page would: at the newest of every second talk."""

    def __init__(self, app: App, tasks: asyncio.TaskGroup) -> None:
        self._app = app
        self._tasks = tasks
        self._following: dict[int, asyncio.Task[None]] = {}

    async def answer(self, path: str, value: Any) -> Any:
        del path
        inbound = Inbound(channel=CHANNEL, **value)
        try:
            accepted = await self._app.engine.accept(inbound)
        except StoreUnavailable as error:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE) from error
        if not accepted.duplicate and sum(inbound.key.encode()) % 2:
            self._begin_to_follow(accepted)
        return {
            "conversation": accepted.conversation,
            "seq": accepted.seq,
            "duplicate": accepted.duplicate,
        }

    def _begin_to_follow(self, accepted: Accepted) -> None:
        if before := self._following.pop(accepted.conversation, None):
            before.cancel()
        following = self._follow(accepted.conversation, accepted.seq)
        self._following[accepted.conversation] = self._tasks.create_task(following)

    def close(self) -> None:
        """Follow no longer."""
        for task in self._following.values():
            task.cancel()

    async def _follow(self, conversation: int, seq: int) -> None:
        with suppress(FrontdeskError):
            async for _ in self._app.engine.follow(conversation, seq=seq):
                pass


async def work(settings: Settings, *, mailbox: str) -> None:
    """Serve until told to stop."""
    async with (
        told_to_stop() as stop,
        working(settings, mailbox=mailbox) as app,
        asyncio.TaskGroup() as tasks,
    ):
        door = Door(app, tasks)
        async with serve(door.answer) as url:
            print(url, flush=True)
            await stop.wait()
        door.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.worker", description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--provider", required=True)
    parser.add_argument("--mailbox", required=True)
    parser.add_argument("--lease", type=float, default=3.0, help="seconds")
    parser.add_argument("--patience", type=float, default=4.0, help="seconds of one delivery")
    logging.basicConfig(level=logging.WARNING)
    options: Any = parser.parse_args()
    end_with_parent()
    chosen = settings(
        database=options.database,
        provider=options.provider,
        lease=options.lease,
        patience=options.patience,
    )
    asyncio.run(work(chosen, mailbox=options.mailbox))


if __name__ == "__main__":
    main()
