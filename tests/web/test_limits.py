"""One visitor, or one address, gets only so much; what is refused says when to come back."""

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path

import httpx2
import pytest

from bot.backends.scripted import ScriptedBackend
from channels.web.limits import neighbourhood
from tests.house import until
from tests.web.doors import Door, Person, door


def busy(response: httpx2.Response) -> bool:
    """Tell whether it was refused as one too many; then it says when to come back."""
    if response.status_code != 429:
        return False
    assert response.json()["type"] == "urn:frontdesk:busy"
    assert 1 <= int(response.headers["retry-after"]) <= 60
    return True


async def a_minute() -> None:
    """Wait for the next minute where little is left of this one: it is counted by the minute."""
    left = 60 - time.time() % 60  # noqa: TID251 - the clock that the limits count by
    if left < 10:
        await asyncio.sleep(left)


async def test_of_a_thousand_messages_a_minute_few_are_taken(tmp_path: Path) -> None:
    backend = ScriptedBackend("So.")
    async with door(tmp_path, backend, web={"messages_per_minute": 20}) as place:
        visitor, another = await place.visitor(), await place.visitor()
        responses = await asyncio.gather(*(visitor.say(f"{number}?") for number in range(1000)))
        assert (await another.say("Hello?")).status_code == 202
        assert (await visitor.ask("GET", visitor.path)).status_code == 200
    taken = [response for response in responses if not busy(response)]
    assert [response.status_code for response in taken] == [202] * len(taken)
    assert 20 <= len(taken) <= 40  # a minute may begin in the middle of it


async def test_an_address_with_many_visitors_is_held_to_its_own_limits(tmp_path: Path) -> None:
    web = {"messages_per_minute_and_address": 5, "sessions_per_minute_and_address": 10}
    async with door(tmp_path, ScriptedBackend("So."), web=web) as place:
        visitors = [await place.visitor() for _ in range(8)]
        said = [await visitor.say("Hello?") for visitor in visitors]
        assert sum(busy(response) for response in said) in range(1, 4)
        sessions = [await place.http.post("/v1/sessions", json={}) for _ in range(30)]
        assert any(busy(response) for response in sessions)


async def test_requests_of_every_kind_are_counted(tmp_path: Path) -> None:
    async with door(
        tmp_path, ScriptedBackend("So."), web={"requests_per_minute_and_address": 10}
    ) as place:
        asked = [await place.http.get("/v1/conversations") for _ in range(30)]
        assert any(busy(response) for response in asked)
        # But for those that a load balancer sends.
        for path in ("/healthz", "/readyz"):
            assert (await place.http.get(path)).status_code == 200
            assert (await place.http.head(path)).status_code == 200


async def test_an_address_behind_a_proxy_is_the_visitors_own(tmp_path: Path) -> None:
    web = {"sessions_per_minute_and_address": 2, "proxies": ["127.0.0.1"]}

    async def statuses(place: Door, forwarded: str) -> set[int]:
        headers = {"X-Forwarded-For": forwarded}
        asked = [place.http.post("/v1/sessions", json={}, headers=headers) for _ in range(8)]
        return {response.status_code for response in await asyncio.gather(*asked)}

    await a_minute()
    async with door(tmp_path, ScriptedBackend("So."), web=web) as place:
        assert await statuses(place, "203.0.113.1") == {200, 429}
        # What a visitor writes into the header himself does not make him another.
        assert await statuses(place, "198.51.100.7, 203.0.113.1") == {429}
        assert 200 in await statuses(place, "203.0.113.2")
    (tmp_path / "other").mkdir()
    await a_minute()
    untrusted = {"sessions_per_minute_and_address": 2}
    async with door(tmp_path / "other", ScriptedBackend("So."), web=untrusted) as place:
        assert await statuses(place, "203.0.113.1") == {200, 429}
        assert await statuses(place, "203.0.113.2") == {429}


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002/64"),
        ("2001:db8:1:2::9", "2001:0db8:0001:0002/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("unknown", "unknown"),
        (None, ""),
    ],
)
def test_what_counts_as_one_address(host: str | None, counted: str) -> None:
    assert neighbourhood(host) == counted


async def _opened(stack: AsyncExitStack, visitor: Person) -> httpx2.Response:
    headers = {**visitor.headers, "Accept": "text/event-stream"}
    asked = visitor.http.stream("GET", f"{visitor.path}/events", headers=headers, timeout=60)
    return await stack.enter_async_context(asked)


async def test_streams_are_counted_as_long_as_they_are_open(tmp_path: Path) -> None:
    async with door(tmp_path, ScriptedBackend("So."), web={"streams_per_visitor": 3}) as place:
        visitor = await place.visitor()
        await visitor.answered("Hello?")
        for _ in range(3):
            async with AsyncExitStack() as stack:
                opened = [await _opened(stack, visitor) for _ in range(3)]
                assert [response.status_code for response in opened] == [200] * 3
                assert (await _opened(stack, visitor)).status_code == 429
                # What is said is kept, and answered plainly.
                body = {"id": "message-1", "text": "x"}
                streamed = {"Accept": "text/event-stream"}
                path = f"{visitor.path}/messages"
                said = await visitor.ask("POST", path, json=body, headers=streamed)
                assert (said.status_code, said.json()["seq"]) == (202, 3)
            await until(lambda: not place.limits.open)


async def test_of_a_thousand_streams_from_one_address_few_stand(tmp_path: Path) -> None:
    web = {"streams_per_address": 100}
    async with door(tmp_path, ScriptedBackend("So."), web=web) as place:
        visitors = [await place.visitor() for _ in range(4)]
        for visitor in visitors:
            await visitor.answered("Hello?")
        async with AsyncExitStack() as stack:
            streams = await asyncio.gather(
                *(_opened(stack, visitors[number % 4]) for number in range(1000))
            )
            statuses = [response.status_code for response in streams]
            assert statuses.count(200) == 100
            assert statuses.count(429) == 900
            # Everything else goes on as if nothing were.
            assert (await visitors[0].say("Still there?")).status_code == 202
        await until(lambda: not place.limits.open)
