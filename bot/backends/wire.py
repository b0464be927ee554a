"""The wire to a provider: opened late, asked once, read as events, every failure made ours."""

import asyncio
import importlib.util
import logging
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic_core import PydanticSerializationError, to_json

from bot.backends.base import Output, Request
from bot.backends.events import DONE, Event, EventReader
from bot.backends.failures import Failures
from bot.errors import BackendError, MissingExtra, SettingsError

# Longer than any patience of the router, which is the one that gives up.
READ_SECONDS = 900.0
CONNECT_SECONDS = 10.0

# After the last event a moment is left for the wire's own end: one that is read to its end
# is used again for the next answer.
_FAREWELL_SECONDS = 0.5
_LAST = {DONE, "message_stop"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A client of a provider's SDK; ``path`` and ``headers`` are those of every question."""

    sdk: Any
    client: Any
    path: str
    headers: Mapping[str, object] = field(default_factory=dict)

    async def ask(self, body: Mapping[str, object]) -> Any:
        """Return the answer, an httpx2.Response that is not read yet.

        Address, key and errors are the SDK's own. What its typed calls do beside, copying the
        body and checking it field by field, takes longer than all the rest.
        """
        import httpx2  # noqa: PLC0415 - the SDK has it open already

        return await self.client.post(
            self.path,
            content=to_json(body),
            options={"headers": self.headers},
            cast_to=httpx2.Response,
            stream=True,
        )


class Answer(Protocol):
    """Reads one answer as its events come."""

    def read(self, event: Event) -> Iterator[Output]:
        """Give what ``event`` adds; LookupError and the like where it has a strange shape."""
        ...

    def end(self) -> Iterator[Output]:
        """Give what is left, ``Finished`` last; nothing where the answer is not whole."""
        ...


class Wire:
    """Asks a provider through its SDK, which ``connect`` imports when it is opened."""

    def __init__(
        self, *, package: str, connect: Callable[[], Connection], failures: Failures
    ) -> None:
        if importlib.util.find_spec(package) is None:
            raise MissingExtra(
                f"The {package} backend needs the package '{package}'. "
                f"Install it with: pip install {package}"
            )
        self._package = package
        self._connect = connect
        self._failures = failures
        self._connection: Connection | None = None
        self._opening = threading.Lock()

    async def stream(
        self, body: Mapping[str, object], *, request: Request, answer: Answer
    ) -> AsyncGenerator[Output]:
        """Ask with ``body``, and give what ``answer`` reads.

        ``request`` is what ``body`` was made from: none of its words goes into an error's text.
        """
        async with aclosing(self._events(body, request)) as events:
            async for event in events:
                for output in self._understood(answer, event):
                    yield output
        left = list(answer.end())
        if not left:
            raise self._failures.cut()
        for output in left:
            yield output

    def _understood(self, answer: Answer, event: Event) -> list[Output]:
        try:
            return list(answer.read(event))
        except (LookupError, TypeError, AttributeError) as error:
            raise self._failures.garbled("an event has a shape that is not known") from error

    async def _events(self, body: Mapping[str, object], request: Request) -> AsyncGenerator[Event]:
        """Give the answer's events; an error event is raised like an error answer."""
        connection = self._connection
        if connection is None:
            # In a thread: an SDK takes a second to import, and other answers are running.
            connection = await asyncio.to_thread(self.open)
        with self._made_ours(connection.sdk, request):
            async with aclosing(await connection.ask(body)) as response:
                if "json" in response.headers.get("content-type", ""):
                    await response.aread()
                    raise self._unstreamed(response.json(), response.headers, request)
                async for event in _read(response.aiter_bytes()):
                    if event.data.get("error"):
                        raise self._failures.refused(None, event.data, response.headers, request)
                    yield event

    def open(self) -> Connection:
        """Return the connection; the first call imports the SDK, which takes a second or two."""
        with self._opening:
            if self._connection is None:
                self._connection = self._connect()
                # At DEBUG an SDK logs whole requests, the customers' words included.
                logging.getLogger(self._package).setLevel(logging.INFO)
            return self._connection

    async def close(self) -> None:
        """Hang up; the next request opens it anew."""
        connection, self._connection = self._connection, None
        if connection:
            await connection.client.close()

    @contextmanager
    def _made_ours(self, sdk: Any, request: Request) -> Iterator[None]:
        import httpx2  # noqa: PLC0415 - the SDK has it open already

        try:
            yield
        except sdk.APIStatusError as error:
            # Not chained: its text is the provider's whole answer, which may quote the customer.
            raise self._failures.refused(
                error.status_code, error.body, error.response.headers, request
            ) from None
        except (sdk.APITimeoutError, httpx2.TimeoutException) as error:
            raise self._failures.silent() from error
        except sdk.APIConnectionError as error:
            raise self._failures.unreachable(error.__cause__ or error) from error
        except httpx2.HTTPError as error:
            raise self._failures.cut() from error
        except PydanticSerializationError:
            raise self._failures.unsendable() from None
        except ValueError as error:
            raise self._failures.garbled(error) from error

    def _unstreamed(
        self, body: object, headers: Mapping[str, str], request: Request
    ) -> BackendError:
        """Explain a 200 that is no stream: some servers refuse in this way."""
        if isinstance(body, dict) and body.get("error"):
            return self._failures.refused(None, body, headers, request)
        return self._failures.garbled("one piece of JSON came where a stream was asked for")


async def _read(chunks: AsyncIterator[bytes]) -> AsyncGenerator[Event]:
    reader = EventReader()
    async for chunk in chunks:
        for event in reader.feed(chunk):
            yield event
            if event.name in _LAST:
                await _farewell(chunks)
                return
    for event in reader.end():
        yield event


async def _farewell(chunks: AsyncIterator[bytes]) -> None:
    with suppress(Exception):  # the answer is whole, however its wire ends
        async with asyncio.timeout(_FAREWELL_SECONDS):
            async for _ in chunks:
                pass


def plain_key(key: str, *, name: str) -> str:
    """Return ``key`` without blanks around it; SettingsError where no header could carry it."""
    key = key.strip()
    if key.isascii() and key.isprintable():
        return key
    raise SettingsError(
        f"The key in {name} holds signs that no key has (a line break or a letter with an accent). "
        "Copy it again from the provider's page."
    )
