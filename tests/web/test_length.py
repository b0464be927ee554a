"""However much was said, nobody waits for a page that somebody else reads."""

import asyncio
import time
from pathlib import Path

from bot.backends.scripted import ScriptedBackend
from bot.messages import Author, Message
from bot.store.base import Entry
from channels.web.entries import to_views
from tests.web.doors import Person, door

LONG = "line\n" * 3990 + "the end"


async def test_a_page_of_long_messages_comes_in_parts(tmp_path: Path) -> None:
    async with door(tmp_path, ScriptedBackend("So.")) as place:
        visitor = await place.visitor()
        for _ in range(12):
            await visitor.answered(LONG)
        page = (await visitor.ask("GET", f"{visitor.path}?limit=200")).json()
        seqs = [message["seq"] for message in page["messages"]]
        assert 0 < len(seqs) < 12
        assert page["more"]
        while page["more"]:
            before = f"{visitor.path}?limit=200&before={seqs[0]}"
            page = (await visitor.ask("GET", before)).json()
            seqs = [message["seq"] for message in page["messages"]] + seqs
        assert seqs == sorted(set(seqs))
        news: list[int] = []
        while part := await polled(visitor, after=news[-1] if news else 0):
            news += part
        assert news == seqs


async def polled(visitor: Person, *, after: int) -> list[int]:
    asked = f"{visitor.path}/events?after={after}"
    response = await visitor.ask("GET", asked, headers={"Accept": "application/json"})
    return [message["seq"] for message in response.json()["events"]]


async def test_long_messages_are_read_beside_all_else() -> None:
    message = Message(seq=1, author=Author.BOT, text="# A\n" * 5000, tokens=1, at=0.0)
    clock = time.process_time  # what other processes do meanwhile does not count
    longest = 0.0
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(to_views([Entry(message=message)] * 5))
        begun = last = clock()
        while not reading.done():
            await asyncio.sleep(0.001)
            longest, last = max(longest, clock() - last), clock()
    assert longest < (last - begun) / 4
    assert len(reading.result()) == 5
