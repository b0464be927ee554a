"""JSON over HTTP, both ends of it, for the small servers that stand in processes of their own."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from tests.servers.acts import JSON
from tests.servers.base import hear
from tests.servers.listening import close

_logger = logging.getLogger(__name__)

Answer = Callable[[str, Any], Awaitable[Any]]


class Refused(Exception):
    """The question is answered with an error, on either end; ``status`` is HTTP's."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


@asynccontextmanager
async def serve(answer: Answer) -> AsyncIterator[str]:
    """Let ``answer`` answer ``(path, value)`` with a value until the block ends; yields the url.

    An answer that raises ``Refused`` has its status, and 500 whatever else it raises. One that was
    begun is brought to its end, though whoever asked may be gone and the block has ended; who
    asks then is hung up on.
    """
    begun: set[asyncio.Task[Any] | None] = set()
    closed = asyncio.Event()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                heard = await hear(reader, client=0)
                if closed.is_set():
                    raise ConnectionResetError
                begun.add(asyncio.current_task())
                status, body = await _answered(answer, heard.path, heard.json())
                head = f"content-type: {JSON}\r\ncontent-length: {len(body)}\r\nconnection: close"
                first = f"HTTP/1.1 {status} {status.phrase}\r\n{head}\r\n\r\n"
                writer.write(first.encode() + body)
                await writer.drain()
        finally:
            begun.discard(asyncio.current_task())
            writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        closed.set()
        await close(server)
        await asyncio.gather(*filter(None, begun))


async def _answered(answer: Answer, path: str, value: Any) -> tuple[HTTPStatus, bytes]:
    try:
        return HTTPStatus.OK, json.dumps(await answer(path, value)).encode()
    except Refused as error:
        return HTTPStatus(error.status), json.dumps(str(error)).encode()
    except Exception as error:
        _logger.exception("The question %s is answered with an error.", path)
        return HTTPStatus.INTERNAL_SERVER_ERROR, json.dumps(str(error)).encode()


async def ask(url: str, value: Any) -> Any:
    """Ask the server at ``url``, path included, and return its value.

    Raises:
        OSError: nobody is there, or the line broke before the answer was whole.
        Refused: the answer is an error.
    """
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    body = json.dumps(value).encode()
    try:
        head = f"host: {parts.netloc}\r\ncontent-type: {JSON}\r\ncontent-length: {len(body)}"
        writer.write(f"POST {parts.path} HTTP/1.1\r\n{head}\r\n\r\n".encode() + body)
        first, _, rest = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
        length = int(rest.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        answer = json.loads(await reader.readexactly(length))
    except asyncio.IncompleteReadError as error:
        raise ConnectionError("The line broke.") from error
    finally:
        writer.close()
    if (status := int(first.split()[1])) != HTTPStatus.OK:
        raise Refused(status)
    return answer
