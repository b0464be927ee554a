"""The mailbox, an outside messenger in a process of its own, keeps all that it is handed."""

import asyncio
from pathlib import Path

import pytest

from bot.errors import FrontdeskError
from bot.messages import Delivery
from tests.servers.mailbox import Look, MailboxPoster, looks, posts, running
from tests.servers.plain import Refused, ask, serve


def delivery(turn: str, *, text: str = "Hello.") -> Delivery:
    return Delivery(
        turn=turn,
        channel="mailbox",
        key="one",
        customer="ada",
        text=text,
        citations=(),
        attempts=1,
    )


async def test_a_turn_that_is_posted_twice_is_two_posts(tmp_path: Path) -> None:
    with running(tmp_path / "mailbox.db", slow=0.01) as url:
        poster = MailboxPoster(url)
        assert await poster.find(delivery("a")) is None
        first = await poster.post(delivery("a"))
        assert await poster.find(delivery("a")) == first
        second = await poster.post(delivery("a", text="Hello, hello — again."))
    kept = posts(tmp_path / "mailbox.db")
    assert [(str(post.number), post.text) for post in kept] == [
        (first, "Hello."),
        (second, "Hello, hello — again."),
    ]
    assert looks(tmp_path / "mailbox.db") == [
        Look(turn="a", found=False),
        Look(turn="a", found=True),
    ]


async def test_a_mailbox_that_is_gone_is_an_error_of_ours(tmp_path: Path) -> None:
    with running(tmp_path / "mailbox.db") as url:
        poster = MailboxPoster(url)
    with pytest.raises(FrontdeskError):
        await poster.post(delivery("a"))


async def test_an_answer_that_fails_is_told_as_such() -> None:
    async def answer(path: str, value: object) -> object:
        raise ValueError(path, value)

    async with serve(answer) as url:
        with pytest.raises(Refused, match="500"):
            await ask(f"{url}/any", 1)


async def test_an_answer_that_was_begun_is_brought_to_its_end() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def answer(_path: str, value: object) -> object:
        begun.set()
        await go_on.wait()
        return value

    async with asyncio.TaskGroup() as tasks:
        async with serve(answer) as url:
            asked = tasks.create_task(ask(f"{url}/any", "late"))
            await begun.wait()
            asyncio.get_running_loop().call_soon(go_on.set)
        assert go_on.is_set()
    assert asked.result() == "late"


async def test_an_answer_may_be_refused_with_a_status_of_its_own() -> None:
    async def answer(_path: str, _value: object) -> object:
        raise Refused(503)

    async with serve(answer) as url:
        with pytest.raises(Refused, match="503"):
            await ask(f"{url}/any", 1)
