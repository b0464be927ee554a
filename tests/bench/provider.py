"""A provider for the bench: a process of its own, so that its work does not count as ours.

It does as little as it can: the events are written out once, and each is one write to the line,
as a real provider flushes each piece. Whether two of them arrive together is the kernel's choice.
"""

import argparse
import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.bench import cores
from tests.bench.stamps import stamped
from tests.bench.words import ANSWER
from tests.servers.acts import Answer
from tests.servers.anthropic import AnthropicServer
from tests.servers.base import Heard

_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    b"request-id: req_local\r\ntransfer-encoding: chunked\r\n\r\n"
)
_LENGTH = b"content-length:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Where a running provider is found."""

    url: str
    pid: int


@contextmanager
def provider(
    answer: str = ANSWER, *, think: float = 0.0, pace: float = 0.0, stamps: bool = False
) -> Iterator[Provider]:
    """Serve ``answer``, cut behind its words, a request at a time on each line.

    ``think`` are the seconds before its first piece, ``pace`` those between two. With ``stamps``
    its words say when they are sent.
    """
    options = ["--think", str(think), "--pace", str(pace), *(["--stamps"] if stamps else [])]
    command = [sys.executable, "-m", "tests.bench.provider", *options, answer]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            cores.put_aside(process.pid)
            assert process.stdout is not None
            yield Provider(url=process.stdout.readline().strip(), pid=process.pid)
        finally:
            process.terminate()


class _Line(asyncio.Protocol):
    """One client's line: waits for a whole request, whatever it asks, and writes the answer."""

    def __init__(
        self,
        chunks: Sequence[bytes],
        *,
        think: float,
        pace: float,
        mark: Callable[[bytes], bytes],
    ) -> None:
        self._chunks = chunks
        self._mark = mark
        self._think = think
        self._pace = pace
        self._heard = b""
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, blank, body = self._heard.partition(b"\r\n\r\n")
        if not blank or len(body) < _length(head):
            return
        self._heard = b""
        if self._think:
            self._loop.call_later(self._think, self._answer)
        else:
            self._answer()

    def _answer(self) -> None:
        if self._pace:
            self._go_on(iter(self._chunks))
            return
        for chunk in self._chunks:
            self._transport.write(chunk)

    def _go_on(self, chunks: Iterator[bytes]) -> None:
        if chunk := next(chunks, b""):
            self._transport.write(self._mark(chunk))
            self._loop.call_later(self._pace, self._go_on, chunks)


def _length(head: bytes) -> int:
    lines = head.lower().split(b"\r\n")
    return next(int(line[len(_LENGTH) :]) for line in lines if line.startswith(_LENGTH))


def _chunks(answer: str) -> Sequence[bytes]:
    heard = Heard(client=0, path="", headers={}, body=b'{"model": "claude-sonnet-5-5"}')
    first, *events = AnthropicServer().events(Answer(text=answer), heard)
    chunks = [b"%x\r\n%b\r\n" % (len(event), event) for event in (first, *events)]
    return [_HEAD + chunks[0], *chunks[1:], b"0\r\n\r\n"]


async def _serve(answer: str, *, think: float, pace: float, stamps: bool) -> None:
    mark = stamped if stamps else bytes
    chunks = _chunks(answer)
    server = await asyncio.get_running_loop().create_server(
        lambda: _Line(chunks, think=think, pace=pace, mark=mark), "127.0.0.1", 0
    )
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("answer")
    parser.add_argument("--think", type=float, default=0.0)
    parser.add_argument("--pace", type=float, default=0.0)
    parser.add_argument("--stamps", action="store_true")
    asyncio.run(_serve(**vars(parser.parse_args())))
