"""What is done after Slack was answered."""

import asyncio

import pytest

from channels.slack.errands import Errands
from tests.house import until


async def _breaks(words: str) -> None:
    raise ValueError(words)


async def test_an_errand_that_fails_ends_no_other(caplog: pytest.LogCaptureFixture) -> None:
    done = asyncio.Event()
    async with Errands() as errands:
        broken = errands.run("a doomed errand", _breaks("what a customer wrote"))
        await until(broken.done)
        assert broken.result() is None
        errands.run("another one", _sets(done))
        await done.wait()
    assert "a doomed errand failed" in caplog.text
    assert "what a customer wrote" not in caplog.text


async def test_the_end_waits_for_what_is_under_way() -> None:
    done = asyncio.Event()
    async with Errands() as errands:
        errands.run("a short errand", _sets(done, after=0.1))
    assert done.is_set()


async def test_the_end_does_not_wait_for_ever() -> None:
    async with Errands(grace=0.05) as errands:
        endless = errands.run("an endless errand", asyncio.Event().wait())
    assert endless.cancelled()


async def test_an_error_of_the_block_goes_its_own_way() -> None:
    async def fails() -> None:
        async with Errands() as errands:
            errands.run("an endless errand", asyncio.Event().wait())
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        await fails()


async def _sets(event: asyncio.Event, *, after: float = 0.0) -> None:
    await asyncio.sleep(after)
    event.set()
