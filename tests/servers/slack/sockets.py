"""Socket Mode: real WebSockets to the app, each envelope over one of them."""

import asyncio
import random
import secrets
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.servers.slack.clock import Clock
from tests.servers.slack.delivering import Ack, Delivery, NotTaken
from tests.servers.slack.moods import Moods, Rules
from tests.servers.slack.rooms import Json

_GRACE = 10.0


@dataclass(eq=False, kw_only=True)
class Socket:
    """One connection of the app. ``waiting`` holds who waits for which envelope's ack."""

    line: web.WebSocketResponse
    at: float
    leaving: bool = False
    waiting: dict[str, asyncio.Future[Json]] = field(default_factory=dict)


class Sockets:
    """The app's connections. ``opened`` counts them all; ``acks`` keeps the seconds of each ack."""

    def __init__(self, *, clock: Clock, rules: Rules, moods: Moods, luck: random.Random) -> None:
        self._clock = clock
        self._rules = rules
        self._moods = moods
        self._luck = luck
        self._tickets: set[str] = set()
        self._sent: dict[str, float] = {}
        self._change = asyncio.Condition()
        self.lines: list[Socket] = []
        self.opened = 0
        self.acks: list[float] = []
        self.odd: list[str] = []  # what the app said that is no acknowledgement

    def ticket(self) -> str:
        """Return what lets one connection in, once."""
        ticket = secrets.token_hex(16)
        self._tickets.add(ticket)
        return ticket

    # --- One connection ------------------------------------------------------------------------

    async def link(self, request: web.Request) -> web.StreamResponse:
        """Serve a WebSocket until either side ends it."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            raise web.HTTPForbidden
        self._tickets.discard(ticket)
        line = web.WebSocketResponse()
        await line.prepare(request)
        socket = Socket(line=line, at=self._clock.now())
        await self._greet(socket)
        try:
            async with asyncio.TaskGroup() as group:
                beside = [
                    group.create_task(self._ping(socket)),
                    group.create_task(self._age(socket)),
                ]
                await self._hear(socket)
                for task in beside:
                    task.cancel()
        finally:
            await self._forget(socket)
        return line

    async def _greet(self, socket: Socket) -> None:
        self.opened += 1
        hello = {
            "type": "hello",
            "num_connections": len(self.lines) + 1,
            "debug_info": {"host": "applink-1", "approximate_connection_time": 18060},
            "connection_info": {"app_id": "A1"},
        }
        await socket.line.send_json(hello)
        async with self._change:
            self.lines.append(socket)
            self._change.notify_all()

    async def _hear(self, socket: Socket) -> None:
        async for message in socket.line:
            if message.type is WSMsgType.TEXT:
                self._acknowledged(socket, message)

    def _acknowledged(self, socket: Socket, message: Any) -> None:
        try:
            said = message.json()
            envelope = said["envelope_id"]
        except (ValueError, KeyError, TypeError):
            self.odd.append(message.data)
            return
        if sent := self._sent.pop(envelope, None):
            self.acks.append(self._clock.now() - sent)
        future = socket.waiting.get(envelope)
        if future and not future.done():
            future.set_result(said.get("payload") or {})

    async def _ping(self, socket: Socket) -> None:
        with suppress(ConnectionError):
            while True:
                await asyncio.sleep(self._rules.ping_seconds)
                await socket.line.ping(b"Ping from applink-1")

    async def _age(self, socket: Socket) -> None:
        if every := self._moods.refresh_every:
            await asyncio.sleep(every * self._luck.uniform(0.7, 1.3))
            await self.dismiss(socket, "refresh_requested", at_once=self._moods.closes_at_once)

    async def _forget(self, socket: Socket) -> None:
        if socket in self.lines:
            self.lines.remove(socket)
        for future in socket.waiting.values():
            if not future.done():
                future.set_exception(NotTaken("timeout"))

    # --- What Slack does with them -------------------------------------------------------------

    async def carry(self, delivery: Delivery) -> Ack:
        """Send an envelope over one socket and wait for its acknowledgement."""
        try:
            async with asyncio.timeout(self._rules.seconds(self._rules.ack_seconds)):
                return await self._exchange(delivery)
        except TimeoutError as error:
            raise NotTaken("timeout") from error
        except ConnectionError as error:
            raise NotTaken("timeout") from error

    async def _exchange(self, delivery: Delivery) -> Ack:
        async with self._change:
            await self._change.wait_for(self._open)
        socket = self._luck.choice(self._open())
        envelope = str(uuid.uuid4())
        sent = self._clock.now()
        self._sent[envelope] = sent
        socket.waiting[envelope] = future = asyncio.get_running_loop().create_future()
        try:
            await socket.line.send_json(_envelope(envelope, delivery))
            said = await future
        finally:
            del socket.waiting[envelope]
            future.cancel()
        return Ack(seconds=self._clock.now() - sent, payload=said or None)

    def _open(self) -> list[Socket]:
        return [each for each in self.lines if not (each.leaving or each.line.closed)]

    async def dismiss(self, socket: Socket, reason: str, *, at_once: bool = False) -> None:
        """Ask the app to connect anew, then close; a ``warning`` closes nothing."""
        debug = {"host": "applink-1"}
        with suppress(ConnectionError):
            await socket.line.send_json(
                {"type": "disconnect", "reason": reason, "debug_info": debug}
            )
        if reason == "warning":
            return
        socket.leaving = True
        if not at_once and reason != "link_disabled":
            await asyncio.sleep(self._rules.seconds(_GRACE))
        await socket.line.close()

    async def close(self) -> None:
        """Close every connection."""
        for socket in tuple(self.lines):
            await socket.line.close()


def _envelope(envelope: str, delivery: Delivery) -> Json:
    body: Json = {
        "envelope_id": envelope,
        "payload": delivery.payload,
        "type": delivery.kind,
        "accepts_response_payload": delivery.kind != "events_api",
    }
    if delivery.kind == "events_api":
        body |= {"retry_attempt": delivery.number, "retry_reason": delivery.reason}
    return body
