"""The web chat's server in the test's own process, and visitors who speak HTTP with it."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx2

from bot.app import App, open_app
from bot.backends.base import Backend
from bot.settings import Settings
from channels.web.app import make_web
from channels.web.limits import Limits
from channels.web.poster import CHANNEL, WebPoster
from channels.web.server import address, listening, serve
from channels.web.streams import Streams
from tests.house import house

PLENTY = {
    "messages_per_minute": 10_000,
    "messages_per_minute_and_address": 10_000,
    "sessions_per_minute_and_address": 10_000,
    "requests_per_minute_and_address": 100_000,
    "streams_per_visitor": 10_000,
    "streams_per_address": 10_000,
}
"""Limits that no test meets by chance."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event of a stream; ``seq`` is its id."""

    name: str
    data: Any
    seq: int | None = None


@dataclass(kw_only=True)
class Person:
    """A visitor's client: a session, and one conversation that it makes up."""

    http: httpx2.AsyncClient
    session: dict[str, Any]
    key: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.headers = {"Authorization": f"Bearer {self.session['token']}", **self.headers}
        self.key = self.key or f"{self.id}.{secrets.token_hex(8)}"

    @property
    def id(self) -> str:
        return str(self.session["visitor"]["id"])

    @property
    def path(self) -> str:
        return f"/v1/conversations/{self.key}"

    async def ask(self, method: str, path: str, **of: Any) -> httpx2.Response:
        headers = {**self.headers, **of.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **of)

    async def say(self, text: str, *, id: str | None = None, **of: Any) -> httpx2.Response:  # noqa: A002
        body = {"id": id or secrets.token_hex(8), "text": text}
        return await self.ask("POST", f"{self.path}/messages", json=body, **of)

    async def page(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.ask("GET", self.path)).json()
        return found

    async def answered(self, text: str) -> list[Told]:
        """Say something and return all that its stream tells until it ends."""
        body = {"id": secrets.token_hex(8), "text": text}
        return [each async for each in self.events("POST", "/messages", json=body)]

    async def events(
        self, method: str = "GET", path: str = "/events", **of: Any
    ) -> AsyncIterator[Told]:
        headers = {**self.headers, "Accept": "text/event-stream", **of.pop("headers", {})}
        asked = self.http.stream(method, self.path + path, headers=headers, timeout=60, **of)
        async with asked as response:
            assert response.status_code == 200, await response.aread()
            async for each in told(response):
                yield each

    def as_another(self, session: dict[str, Any]) -> Self:
        """Return a client of another session that knows this one's conversation."""
        return type(self)(http=self.http, session=session, key=self.key)


async def told(response: httpx2.Response) -> AsyncIterator[Told]:
    """Read events as WHATWG's HTML says."""
    name, data, seq = "", "", None
    async for line in response.aiter_lines():
        match line.partition(": "):
            case ("event", _, value):
                name = value
            case ("data", _, value):
                data += value
            case ("id", _, value):
                seq = int(value)
            case ("", _, _) if data:
                yield Told(name, json.loads(data), seq)
                name, data, seq = "", "", None


@dataclass(kw_only=True)
class Door:
    """A server that runs; ``stop`` is what a signal sets."""

    app: App
    url: str
    http: httpx2.AsyncClient
    limits: Limits
    streams: Streams
    stop: asyncio.Event
    serving: asyncio.Task[bool]

    async def session(self, *, headers: dict[str, str] | None = None, **body: Any) -> Any:
        response = await self.http.post("/v1/sessions", json=body, headers=headers)
        assert response.status_code == 200, response.text
        return response.json()

    async def visitor(self, *, headers: dict[str, str] | None = None, **body: Any) -> Person:
        session = await self.session(headers=headers, **body)
        return Person(http=self.http, session=session, headers=headers or {})


@asynccontextmanager
async def door(
    folder: Path,
    *backends: Backend,
    web: dict[str, Any] | None = None,
    clock: Callable[[], float] = time.time,  # noqa: TID251 - tests bring their own where it matters
    grace: float = 5.0,
    settings: Settings | None = None,
    **sections: Any,
) -> AsyncIterator[Door]:
    """Serve a bot in ``folder``; opened twice on one folder it is two processes' worth.

    ``settings`` that were read from a file take the place of the ``sections``.
    """
    sections["web"] = {**PLENTY, **(web or {})}
    served: dict[str, Any] = {"channels": (CHANNEL,), "posters": [WebPoster()]}
    if settings is None:
        opened = house(folder, *backends, **served, **sections)
    else:
        chosen = {backend.name: backend for backend in backends}
        opened = open_app(settings, backends=chosen, **served)
    async with opened as app:
        streams, stop = Streams(), asyncio.Event()
        site = await make_web(app, streams=streams, clock=clock)
        with listening("127.0.0.1", 0) as on:
            url = address(on)
            serving = asyncio.ensure_future(  # noqa: TID251 - awaited below
                serve(
                    site,
                    on=on,
                    streams=streams,
                    settings=app.settings.web,
                    stop=stop,
                    grace=grace,
                )
            )
            limits = httpx2.Limits(max_connections=None)
            async with httpx2.AsyncClient(base_url=url, timeout=60, limits=limits) as http:
                try:
                    yield Door(
                        app=app,
                        url=url,
                        http=http,
                        limits=site.state.front.limits,
                        streams=streams,
                        stop=stop,
                        serving=serving,
                    )
                finally:  # left open, its socket would be closed beneath the loop of all tests
                    stop.set()
                    await serving
