"""A watch breaks off the wait that is too long, and no other."""

import asyncio

import pytest

from bot.router.watch import Watch


async def never() -> None:
    await asyncio.Event().wait()


async def test_what_comes_in_time_is_returned() -> None:
    watch = Watch()
    assert await watch.wait(asyncio.sleep(0, "word"), 60) == "word"
    assert await watch.wait(asyncio.sleep(0, "word"), None) == "word"
    watch.stop()
    assert not watch.expired


async def test_a_wait_that_is_too_long_is_broken_off() -> None:
    watch = Watch()
    with pytest.raises(TimeoutError):
        await watch.wait(never(), 0.01)
    assert watch.expired
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()


async def test_a_short_wait_after_a_long_one_is_kept_to() -> None:
    watch = Watch()
    await watch.wait(asyncio.sleep(0), 3600)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(60):
            await watch.wait(never(), 0.01)
    assert watch.expired


async def test_a_long_wait_after_a_short_one_is_not_broken_off_early() -> None:
    watch = Watch()
    await watch.wait(asyncio.sleep(0), 0.01)
    await watch.wait(asyncio.sleep(0.05), 60)
    assert not watch.expired
    watch.stop()


async def test_nothing_is_broken_off_between_two_waits() -> None:
    watch = Watch()
    await watch.wait(asyncio.sleep(0), 0.01)
    await asyncio.sleep(0.05)
    with pytest.raises(TimeoutError):
        await watch.wait(never(), 0.01)


async def test_an_error_of_what_is_waited_for_goes_its_way() -> None:
    async def broken() -> None:
        raise TimeoutError

    watch = Watch()
    with pytest.raises(TimeoutError):
        await watch.wait(broken(), 60)
    watch.stop()
    assert not watch.expired


async def test_whoever_ends_the_task_ends_the_wait() -> None:
    watch = Watch()
    waiting = asyncio.ensure_future(watch.wait(never(), 60))  # noqa: TID251 - awaited below
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    watch.stop()
    assert not watch.expired


async def test_whoever_ends_the_task_goes_before_the_watch() -> None:
    async def slow_to_end() -> None:
        try:
            await never()
        except asyncio.CancelledError:
            ending.set()
            await asyncio.sleep(0.05)
            raise

    ending, watch = asyncio.Event(), Watch()
    waiting = asyncio.ensure_future(watch.wait(slow_to_end(), 0.01))  # noqa: TID251 - awaited below
    await ending.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert watch.expired
