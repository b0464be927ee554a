"""Socket Mode: hears Slack over a WebSocket, and acknowledges what is kept.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import asyncio
import json
import logging
import random
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

import aiohttp
from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse

from bot.errors import SettingsError, SetupError
from channels.slack.errors import SlackBusy, SlackRefused
from channels.slack.introduction import unreachable
from channels.slack.reading import Malformed, read_object
from channels.slack.taking import taken
from channels.slack.wire import Wire

_logger = logging.getLogger(__name__)

_HOW = "Take it from Basic Information → App-Level Tokens, with the scope connections:write"
_REFUSALS = {
    "invalid_auth": f"Slack does not know it. {_HOW}",
    "missing_scope": f"it lacks the scope connections:write. {_HOW}",
    "not_allowed_token_type": f"it is another kind of token. {_HOW}",
    "token_revoked": f"it was revoked. {_HOW}",
}


_T = TypeVar("_T")

_CLOSES = aiohttp.ClientWSTimeout(ws_close=2.0)  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds: for a greeting, between pings, before a new try, after a farewell, for a listener.

    Pauses between tries double up to the ``longest``.
    """

    greeting: float = 10.0
    ping: float = 20.0
    again: float = 1.0
    longest: float = 30.0
    farewell: float = 15.0
    taking: float = 30.0


@asynccontextmanager
async def open_socket(
    *, bolt: AsyncApp, token: SecretStr, wire: Wire, place: str, patience: Patience | None = None
) -> AsyncIterator["Socket"]:
    """Connect with the app's ``token``, which stands at ``place``, until the block ends.

    Raises:
        SettingsError: the token opens no socket.
        SlackUnreachable: Slack does not answer.
    """
    patience = patience or Patience()
    # What goes out over a proxy goes out over the one that the environment names.
    async with aiohttp.ClientSession(trust_env=True) as session:
        way = _Way(session, bolt=bolt, token=token, wire=wire, place=place, patience=patience)
        yield Socket(await way.opened(), way=way, patience=patience)


async def socket_address(token: SecretStr, *, wire: Wire, place: str) -> str:
    """Return where a socket can be opened with the app's ``token``; it lets anybody in.

    Raises:
        SettingsError: the token opens no socket.
        SlackUnreachable: Slack does not answer.
    """
    try:
        heard = await wire.ask_patiently(
            "apps.connections.open", token=token.get_secret_value(), where=place
        )
    except SlackBusy as busy:
        raise unreachable(busy) from busy
    except SlackRefused as refused:
        why = _REFUSALS.get(refused.error, f"Slack says {refused.error}")
        raise SettingsError(f"{place} is refused: {why}.") from refused
    return str(heard.data.get("url"))


class Socket:
    """Keeps one line to Slack, a new one whenever the old one ends. Made by ``open_socket``."""

    def __init__(self, first: "_Line", *, way: "_Way", patience: Patience) -> None:
        self._first = first
        self._way = way
        self._patience = patience

    async def serve(self, stop: asyncio.Event) -> None:
        """Take what Slack says until ``stop`` is set; what is in hand then is still acknowledged.

        A Slack that is away meanwhile is tried again and again.
        """
        line: _Line | None = self._first
        pause = 0.0
        async with asyncio.TaskGroup() as lines:
            while line is not None:
                lines.create_task(line.hold(stop))
                await line.parting.wait()
                pause = self._longer(pause) if line.brief else 0.0
                newer = await self._opened_again(stop, pause=pause)
                # Until now the old line was heard, too, and is for a little longer.
                line.retire()
                line = newer

    async def _opened_again(self, stop: asyncio.Event, *, pause: float) -> "_Line | None":
        """Return a new line after so many seconds, or whenever it works; None if it shall stop."""
        away = False
        while not await _comes(stop, within=pause * random.uniform(0.7, 1.3)):  # noqa: S311
            match await _before(stop, self._way.tried()):
                case SetupError() as error:
                    _logger.warning("Slack is not connected now: %s", error)
                    away = True
                case line:
                    if away and line is not None:
                        _logger.warning("Slack is connected again.")
                    return line
            pause = self._longer(pause)
        return None

    def _longer(self, pause: float) -> float:
        return min(max(pause * 2, self._patience.again), self._patience.longest)


class _Way:
    """Opens lines to Slack."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        bolt: AsyncApp,
        token: SecretStr,
        wire: Wire,
        place: str,
        patience: Patience,
    ) -> None:
        self._session = session
        self._bolt = bolt
        self._token = token
        self._wire = wire
        self._place = place
        self._patience = patience

    async def tried(self) -> "_Line | SetupError":
        try:
            return await self.opened()
        except SetupError as error:
            return error

    async def opened(self) -> "_Line":
        url = await socket_address(self._token, wire=self._wire, place=self._place)
        try:
            return await self._greeted(url)
        except (aiohttp.ClientError, OSError, Malformed) as error:
            cut = SlackBusy(f"Slack's socket does not open ({type(error).__name__}).")
        raise unreachable(cut)  # not from the error: it shows an address that lets anybody in

    async def _greeted(self, url: str) -> "_Line":
        async with asyncio.timeout(self._patience.greeting):
            socket = await self._session.ws_connect(
                url, heartbeat=self._patience.ping, timeout=_CLOSES
            )
        try:
            read_object(await socket.receive_str(timeout=self._patience.greeting))
        except (TypeError, TimeoutError, Malformed) as error:
            await socket.close()
            raise Malformed from error
        return _Line(socket, bolt=self._bolt, patience=self._patience)


class _Line:
    """One WebSocket. ``parting`` is set once another one is needed."""

    def __init__(
        self, socket: aiohttp.ClientWebSocketResponse, *, bolt: AsyncApp, patience: Patience
    ) -> None:
        self.parting = asyncio.Event()
        self._socket = socket
        self._bolt = bolt
        self._patience = patience
        self._over = asyncio.Event()
        self._began = asyncio.get_running_loop().time()

    @property
    def brief(self) -> bool:
        """Whether it came to nothing."""
        return asyncio.get_running_loop().time() - self._began < self._patience.again

    def retire(self) -> None:
        """Hear it for a little longer: what Slack sent before it knew is not lost."""
        asyncio.get_running_loop().call_later(self._patience.farewell, self._over.set)

    async def hold(self, stop: asyncio.Event) -> None:
        """Hear it until it ends, is retired or all stops; then acknowledge what is in hand."""
        try:
            async with asyncio.TaskGroup() as hands:
                ends = [
                    hands.create_task(self._hear(hands)),
                    hands.create_task(stop.wait()),
                    hands.create_task(self._over.wait()),
                ]
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                for end in ends:
                    end.cancel()
                self.parting.set()
        finally:
            await self._socket.close()

    async def _hear(self, hands: asyncio.TaskGroup) -> None:
        async for message in self._socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            try:
                said = read_object(message.data)
            except Malformed:
                _logger.debug("Slack's socket says what is no JSON object.")
                continue
            if said.get("type") == "disconnect":
                _logger.debug("Slack asks for a new line.")
                self.parting.set()
            elif isinstance(said.get("envelope_id"), str):
                hands.create_task(self._take(said))

    async def _take(self, envelope: dict[str, Any]) -> None:
        payload = envelope.get("payload")
        response = BoltResponse(status=HTTPStatus.BAD_REQUEST)
        if isinstance(payload, dict):
            with suppress(TimeoutError):
                response = BoltResponse(status=HTTPStatus.SERVICE_UNAVAILABLE)
                async with asyncio.timeout(self._patience.taking):
                    response = await taken(self._bolt, payload, headers=_repeated(envelope))
        if response.status == HTTPStatus.SERVICE_UNAVAILABLE:
            return  # Slack sends it again
        ack = {"envelope_id": envelope["envelope_id"], **_answer(response)}
        with suppress(ConnectionError, aiohttp.ClientError):  # likewise
            await self._socket.send_str(json.dumps(ack))


async def _comes(event: asyncio.Event, *, within: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(within):
            await event.wait()
    return event.is_set()


async def _before(stop: asyncio.Event, deed: Coroutine[None, None, _T]) -> _T | None:
    """Return what ``deed`` does, or None as soon as all shall stop."""
    async with asyncio.TaskGroup() as tasks:
        doing, stopped = tasks.create_task(deed), tasks.create_task(stop.wait())
        await asyncio.wait({doing, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not doing.done():
            doing.cancel()
    return None if doing.cancelled() else doing.result()


def _repeated(envelope: dict[str, Any]) -> dict[str, str]:
    """Return what tells a repetition, as it stands in the headers of HTTP requests."""
    if not isinstance(envelope.get("retry_attempt"), int) or not envelope["retry_attempt"]:
        return {}
    return {
        "x-slack-retry-num": str(envelope["retry_attempt"]),
        "x-slack-retry-reason": str(envelope.get("retry_reason") or ""),
    }


def _answer(response: BoltResponse) -> dict[str, Any]:
    """Return what the person who clicked or asked is shown, if anything."""
    if response.status != HTTPStatus.OK or not response.body:
        return {}
    kind = response.headers.get("content-type", [""])[0]
    if kind.startswith("application/json"):
        return {"payload": json.loads(response.body)}
    return {"payload": {"text": response.body}}
