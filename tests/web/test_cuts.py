"""Lines that break while an answer streams: all of it arrives, none of it twice, soon again."""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest

from tests.web.chats import Chat
from tests.web.conftest import Visit
from tests.web.line import Line, line
from tests.web.shops import Shop
from tests.web.texts import numbered, numbers

CUTS = 200
VISITORS = 5
SOON = 2.0
QUESTION = "Tell me everything."


@dataclass(kw_only=True)
class Follower:
    """A visitor whose line is cut; ``back`` are the seconds until more came after each time."""

    chat: Chat
    line: Line
    back: list[float] = field(default_factory=list)

    async def shown(self) -> int:
        """Return how many words of the answer are shown; each of them is there once."""
        shown = numbers(await self.chat.words())
        assert shown == list(range(1, len(shown) + 1))
        return len(shown)


Follow = Callable[[], Awaitable[Follower]]


@pytest.fixture
async def follow(visit: Visit, shop: Shop) -> AsyncIterator[Follow]:
    """Return what makes a visitor who has asked, over a line of their own."""
    async with AsyncExitStack() as stack:

        async def follower() -> Follower:
            own = await stack.enter_async_context(line(shop.server.port))
            page = await (await visit()).open(shop.site.embedding(own.url))
            return Follower(chat=await Chat(page).open(), line=own)

        yield follower


async def _ask(follower: Follower, *, shown: int = 1) -> None:
    await follower.chat.send(QUESTION)
    await follower.chat.until_shown(f"word{shown} ")


async def _assert_whole(follower: Follower, words: int, *, seconds: float = 60.0) -> None:
    text = await follower.chat.whole_answer(seconds=seconds)
    assert numbers(text) == list(range(1, words + 1))
    assert await follower.chat.answers.count() == 1
    assert await follower.chat.questions.count() == 1


@pytest.mark.timeout(600)
async def test_two_hundred_cuts_lose_and_double_nothing(follow: Follow, shop: Shop) -> None:
    words = 2400  # more than the cuts take: the rest comes at once
    shop.model.seconds, shop.model.answer = 0.1, numbered(words)
    followers = [await follow() for _ in range(VISITORS)]
    await asyncio.gather(*map(_ask, followers))
    luck = (random.Random(seed) for seed in range(VISITORS))
    async with asyncio.TaskGroup() as cutting:
        for follower, its_luck in zip(followers, luck, strict=True):
            cutting.create_task(_cut_often(follower, its_luck))
    shop.model.seconds = 0.0
    await asyncio.gather(*(_assert_whole(one, words) for one in followers))
    back = sorted(seconds for one in followers for seconds in one.back)
    assert len(back) == CUTS
    soon = SOON * _share()
    assert back[CUTS * 95 // 100] < soon, back
    assert back[-1] < 3 * soon, back


def _share() -> float:
    """Return how many want each core of this machine: so much longer does everything take."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


async def _cut_often(follower: Follower, luck: random.Random) -> None:
    """Cut the line at random until it was a visitor's share; now and then it stays away."""
    clock = asyncio.get_running_loop()
    while len(follower.back) < CUTS / VISITORS:
        await asyncio.sleep(luck.uniform(0.02, 0.25))
        if luck.random() < 0.2:
            await follower.line.down()
            await asyncio.sleep(luck.uniform(0.05, 1.0))
            await follower.line.up()
        elif not follower.line.cut():
            continue  # the cut before is not mended yet
        shown, since = await follower.shown(), clock.time()
        async with asyncio.timeout(60):
            while await follower.shown() <= shown:  # noqa: ASYNC110 - a page knows no events
                await asyncio.sleep(0.02)
        follower.back.append(clock.time() - since)


async def test_an_answer_that_ends_while_nobody_is_there_arrives(
    follow: Follow, shop: Shop
) -> None:
    shop.model.seconds, shop.model.answer = 0.3, numbered(200)
    follower = await follow()
    await _ask(follower)
    await follower.line.down()
    shop.model.seconds = 0.0
    await shop.model.idle()
    await follower.chat.show("line-down")
    assert await follower.shown() < 200
    await follower.line.up()
    await _assert_whole(follower, 200)


async def test_a_message_that_is_sent_without_a_line_arrives_once(
    follow: Follow, shop: Shop
) -> None:
    shop.model.answer = numbered(20)
    follower = await follow()
    await follower.line.down()
    await follower.chat.send(QUESTION)
    await asyncio.sleep(1)
    await follower.line.up()
    await _assert_whole(follower, 20)


async def test_a_killed_server_loses_and_doubles_nothing(follow: Follow, shop: Shop) -> None:
    shop.model.seconds, shop.model.answer = 0.3, numbered(100)
    follower = await follow()
    await _ask(follower, shown=5)
    await shop.server.kill()
    shop.model.seconds = 0.0
    await shop.server.start()
    await _assert_whole(follower, 100)
    assert len(shop.model.heard) >= 2


async def test_a_server_that_is_replaced_loses_and_doubles_nothing(
    follow: Follow, shop: Shop
) -> None:
    shop.model.seconds, shop.model.answer = 0.3, numbered(100)
    follower = await follow()
    await _ask(follower, shown=5)
    await shop.server.stop()
    shop.model.seconds = 0.0
    await shop.server.start()
    await _assert_whole(follower, 100)


async def test_a_proxy_that_cuts_after_three_seconds_loses_nothing(
    follow: Follow, shop: Shop
) -> None:
    shop.model.seconds, shop.model.answer = 0.02, numbered(400)
    follower = await follow()
    follower.line.longest = 3.0
    follower.line.cut()
    await _ask(follower)
    await _assert_whole(follower, 400)
    assert follower.line.cuts >= 2


async def test_behind_a_proxy_that_buffers_the_answer_arrives(follow: Follow, shop: Shop) -> None:
    shop.model.seconds, shop.model.answer = 0.02, numbered(50)
    follower = await follow()
    follower.line.buffering = True
    follower.line.cut()
    await follower.chat.send(QUESTION)
    await _assert_whole(follower, 50)
