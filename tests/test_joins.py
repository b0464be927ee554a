"""A channel's side joins the house before the engine runs and leaves after the last post."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from bot.app import Join, Parts, Side
from bot.backends.scripted import ScriptedBackend
from bot.errors import SettingsError
from tests.house import house, says
from tests.test_delivery import Board


def joining(board: Board, lived: list[str]) -> Join:
    @asynccontextmanager
    async def join(parts: Parts) -> AsyncIterator[Side]:
        assert await parts.visits.find("terminal", "one") is None
        lived.append("joined")
        yield Side(poster=board)
        lived.append(f"left after {len(board.posted)} posts")

    return join


async def test_who_joins_stays_until_the_last_reply_is_posted(tmp_path: Path) -> None:
    board, lived = Board(), list[str]()
    backend = ScriptedBackend("Posted at the very end.")
    async with house(tmp_path, backend, joins=[joining(board, lived)]) as app:
        assert lived == ["joined"]
        await app.engine.accept(says("hello"))
    assert [delivery.text for delivery in board.posted] == ["Posted at the very end."]
    assert lived == ["joined", "left after 1 posts"]


async def test_who_cannot_join_keeps_the_house_closed(tmp_path: Path) -> None:
    def join(parts: Parts) -> AbstractAsyncContextManager[Side]:
        raise SettingsError(f"No key for {parts.settings.bot.name}.")

    with pytest.raises(SettingsError, match="No key"):
        async with house(tmp_path, ScriptedBackend("Hello."), joins=[join]):
            pytest.fail("It opened.")
