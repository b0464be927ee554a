"""The wire to a provider: opened late, asked once, read as events, every failure made ours."""

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager, suppress
from typing import Any, Protocol

from pydantic_core import PydanticSerializationError

from bot.backends.base import Output, Request
from bot.backends.connections import Connection, Refused, Response, Unready
from bot.backends.events import DONE, Event, EventReader
from bot.backends.failures import Failures
from bot.backends.prefill import Prefill

# After the last event a moment is left for the wire's own end: one that is read to its end
# is used again for the next answer.
_FAREWELL_SECONDS = 0.5
_LAST = {DONE, "message_stop"}

WHOLE = "[WHOLE]"
"""The name of the one event of an answer that was not streamed; its data has it as ``body``."""


class Answer(Protocol):
    """Reads one answer as its events come."""

    def read(self, event: Event) -> Iterator[Output]:
        """Give what ``event`` adds.

        Raises:
            Refused: it tells of an error, in a way of its own.
            LookupError, TypeError, AttributeError: it has a strange shape.
        """
        ...

    def end(self) -> Iterator[Output]:
        """Give what is left, ``Finished`` last; nothing where the answer is not whole."""
        ...


class Reader(Protocol):
    """Cuts the bytes of an answer into its events."""

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Give the events that ``chunk`` completes; ValueError where it is none."""
        ...

    def end(self) -> Iterator[Event]:
        """Give the last event, where only its end is missing."""
        ...


class Wire:
    """Asks a provider through what ``connect`` opens, which may import an SDK.

    ``loggers`` are those of the packages that it opens. ``reader`` makes what reads an answer's
    bytes. With ``whole`` an answer that is not streamed is no fault. Each text begins with
    ``prefilled``, which stands in the prompt already.
    """

    def __init__(
        self,
        *,
        connect: Callable[[], Connection],
        failures: Failures,
        loggers: Sequence[str],
        reader: Callable[[], Reader] = EventReader,
        whole: bool = False,
        prefilled: str = "",
    ) -> None:
        self._connect = connect
        self._failures = failures
        self._loggers = loggers
        self._reader = reader
        self._whole = whole
        self._prefilled = prefilled
        self._connection: Connection | None = None
        self._opening = threading.Lock()

    async def stream(
        self, body: Mapping[str, Any], *, request: Request, answer: Answer
    ) -> AsyncGenerator[Output]:
        """Ask with ``body``, and give what ``answer`` reads.

        ``request`` is what ``body`` was made from: none of its words goes into an error's text.
        """
        prefill = Prefill(self._prefilled)
        async with aclosing(self._events(body, request)) as events:
            async for event in events:
                for output in prefill.of(self._understood(answer, event, request)):
                    yield output
        left = list(answer.end())
        if not left:
            raise self._failures.cut()
        for output in prefill.of(left):
            yield output

    def _understood(self, answer: Answer, event: Event, request: Request) -> list[Output]:
        try:
            return list(answer.read(event))
        except Refused as error:
            raise self._failures.refused(None, error.body, error.headers, request) from None
        except (LookupError, TypeError, AttributeError) as error:
            raise self._failures.garbled("an event has a shape that is not known") from error

    async def _events(self, body: Mapping[str, Any], request: Request) -> AsyncGenerator[Event]:
        """Give the answer's events; an error event is raised like an error answer."""
        with self._made_ours(request):
            connection = self._connection
            if connection is None:
                # In a thread: an SDK takes a second to import, and other answers are running.
                connection = await asyncio.to_thread(self.open)
            async with aclosing(await connection.ask(body)) as response:
                if "json" in response.headers.get("content-type", ""):
                    yield await self._unstreamed(response, request)
                    return
                if "html" in response.headers.get("content-type", ""):
                    raise self._failures.garbled("a page came where a stream was asked for")
                async with (
                    aclosing(response.aiter_bytes()) as chunks,
                    aclosing(_read(chunks, self._reader())) as events,
                ):
                    async for event in events:
                        if event.data.get("error"):
                            headers = response.headers
                            raise self._failures.refused(None, event.data, headers, request)
                        yield event

    def open(self) -> Connection:
        """Return the connection; the first call imports the SDK, which takes a second or two."""
        with self._opening:
            if self._connection is None:
                self._connection = self._connect()
                # At DEBUG an SDK logs whole requests, the customers' words included.
                for name in self._loggers:
                    logging.getLogger(name).setLevel(logging.INFO)
            return self._connection

    async def close(self) -> None:
        """Hang up; the next request opens it anew."""
        connection, self._connection = self._connection, None
        if connection:
            await connection.close()

    @contextmanager
    def _made_ours(self, request: Request) -> Iterator[None]:
        import httpx2  # noqa: PLC0415 - takes a quarter of a second

        failures = self._failures
        try:
            yield
        except Refused as error:
            raise failures.refused(error.status, error.body, error.headers, request) from None
        except Unready as error:
            raise failures.unready(error) from error
        except (TimeoutError, httpx2.TimeoutException) as error:
            raise failures.silent() from error
        except ConnectionError as error:
            raise failures.unreachable(error) from error
        except httpx2.HTTPError as error:
            raise failures.cut() from error
        except PydanticSerializationError:
            raise failures.unsendable() from None
        except ValueError as error:
            raise failures.garbled(error) from error

    async def _unstreamed(self, response: Response, request: Request) -> Event:
        """Read a 200 that is no stream: some servers refuse in this way."""
        await response.aread()
        body = response.json()
        if isinstance(body, dict) and body.get("error"):
            raise self._failures.refused(None, body, response.headers, request)
        if not self._whole:
            raise self._failures.garbled("one piece of JSON came where a stream was asked for")
        return Event(WHOLE, {"body": body})


async def _read(chunks: AsyncIterator[bytes], reader: Reader) -> AsyncGenerator[Event]:
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
