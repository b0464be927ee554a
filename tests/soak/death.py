"""Ends this process by SIGKILL at a boundary of the protocol that is named beforehand.

Nothing in the bot knows of it: the keepers of its promises are wrapped, in this process alone.
"""

import os
import signal
from collections.abc import AsyncGenerator, Callable, Mapping
from contextvars import ContextVar
from functools import partial
from typing import Any, NoReturn

from sqlalchemy import Connection

from bot.backends.anthropic import AnthropicBackend
from bot.backends.base import Output, Request, Text
from bot.store.conversations import SqlConversations
from bot.store.database import Database
from bot.store.outbox import SqlOutbox
from bot.store.transactions import Deed
from tests.servers.mailbox import MailboxPoster

Arm = Callable[[], None]

_doomed: ContextVar[bool] = ContextVar("_doomed", default=False)


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("Nobody outlives that.")


def _after(owner: type, deed: str, *, idle: Any = ...) -> None:
    """Die once ``deed`` has returned, unless with ``idle``: then it did nothing."""
    done = getattr(owner, deed)

    async def dying(self: object, *args: Any, **kwargs: Any) -> Any:
        result = await done(self, *args, **kwargs)
        if result != idle:
            _die()
        return result

    setattr(owner, deed, dying)


def _before(owner: type, deed: str) -> None:
    """Die when ``deed`` is to be done."""

    async def dying(*_args: Any, **_kwargs: Any) -> NoReturn:
        _die()

    setattr(owner, deed, dying)


def _before_the_commit(owner: type, deed: str, *, idle: Any = ...) -> None:
    """Die once every statement of ``deed`` is done, and before its transaction is committed."""
    done, write = getattr(owner, deed), Database.write

    async def doomed(self: object, *args: Any, **kwargs: Any) -> Any:
        before = _doomed.set(True)
        try:
            return await done(self, *args, **kwargs)
        finally:
            _doomed.reset(before)

    async def dying(self: Database, statements: Deed[Any]) -> Any:
        def uncommitted(connection: Connection) -> Any:
            result = statements(connection)
            if result != idle:
                _die()
            return result

        return await write(self, uncommitted if _doomed.get() else statements)

    setattr(owner, deed, doomed)
    setattr(Database, "write", dying)  # noqa: B010 - mypy rightly forbids the plain form


def _at_the_first_piece(*, after: bool) -> None:
    """Die before the engine gets the answer's first piece, or once it has told of it."""
    stream = AnthropicBackend.stream

    async def dying(self: AnthropicBackend, request: Request) -> AsyncGenerator[Output]:
        async for output in stream(self, request):
            if isinstance(output, Text) and not after:
                _die()
            yield output
            if isinstance(output, Text):
                _die()

    setattr(AnthropicBackend, "stream", dying)  # noqa: B010


def _commits(name: str, owner: type, deed: str, *, idle: Any = ...) -> dict[str, Arm]:
    return {
        f"before the commit of the {name}": partial(_before_the_commit, owner, deed, idle=idle),
        f"after the commit of the {name}": partial(_after, owner, deed, idle=idle),
    }


# Every boundary, in the order of a message's life.
DEATHS: Mapping[str, Arm] = {
    **_commits("accept", SqlConversations, "accept"),
    **_commits("claim", SqlConversations, "claim", idle=[]),
    "before the first piece": partial(_at_the_first_piece, after=False),
    "after the first piece": partial(_at_the_first_piece, after=True),
    **_commits("finish", SqlConversations, "finish"),
    **_commits("release", SqlConversations, "abandon"),
    **_commits("mark 'sending'", SqlOutbox, "take", idle=None),
    "before the look for an earlier post": partial(_before, MailboxPoster, "find"),
    "after the look for an earlier post": partial(_after, MailboxPoster, "find"),
    "before the post": partial(_before, MailboxPoster, "post"),
    "after the post": partial(_after, MailboxPoster, "post"),
    **_commits("mark 'sent'", SqlOutbox, "sent"),
}


def arm(death: str) -> None:
    """Let this process die at ``death``, one of ``DEATHS``."""
    DEATHS[death]()
