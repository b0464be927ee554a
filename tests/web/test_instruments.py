"""What the browser tests measure with: it notices what it is there to notice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from tests.house import until
from tests.servers.listening import close
from tests.web.browsers import Visitor
from tests.web.conftest import Visit
from tests.web.hosts import Host, host
from tests.web.line import line

_FORBIDDEN = (
    "document.body.setAttribute('style', 'color: red')",
    "document.body.append(Object.assign(document.createElement('script'), {text: '1'}))",
    "document.body.innerHTML = '<b>markup</b>'",
    "void fetch('http://127.0.0.1:1/').catch(() => 0)",
    "void Object.assign(new Image(), {src: 'data:image/gif;base64,R0lGODlhAQABAAAAACw='})",
)
_ATTACKS = (
    "alert(1)",
    "setTimeout('alert(1)')",
    "top.print()",
    "location = 'javascript:alert()'",
    "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=prompt()>')",
)


@pytest.fixture
async def page_host() -> AsyncIterator[Host]:
    async with host() as running:
        yield running


async def test_a_page_that_does_nothing_is_clean(visit: Visit, page_host: Host) -> None:
    visitor = await visit()
    page = await visitor.open(page_host.url)
    assert await page.inner_text("h1") == "A shop of someone else"
    assert len(visitor.requests) > 1
    await visitor.assert_clean()


async def test_what_a_policy_forbids_is_noticed(visit: Visit, page_host: Host) -> None:
    visitor = await visit()
    page = await visitor.open(page_host.url)
    for deed in _FORBIDDEN:
        before = len(await visitor.noticed("violations"))
        await page.evaluate(f"try {{ {deed} }} catch {{}}")
        await _until_noticed(visitor, "violations", more_than=before)


async def test_an_attack_that_runs_is_noticed(visit: Visit, page_host: Host) -> None:
    page_host.policy = "script-src * 'unsafe-inline' 'unsafe-eval'"
    visitor = await visit()
    page = await visitor.open(page_host.url)
    for deed in _ATTACKS:
        before = len(await visitor.noticed("ran"))
        await page.evaluate(deed)
        await _until_noticed(visitor, "ran", more_than=before)


async def _until_noticed(visitor: Visitor, what: str, *, more_than: int) -> None:
    async with asyncio.timeout(30):
        while len(await visitor.noticed(what)) <= more_than:  # noqa: ASYNC110 - none tells it
            await asyncio.sleep(0.05)


async def test_a_request_to_another_machine_is_noticed(visit: Visit, page_host: Host) -> None:
    page_host.policy = "default-src *"
    visitor = await visit()
    page = await visitor.open(page_host.url)
    await page.evaluate("fetch('https://shop.example/pixel').catch(() => 0)")
    assert visitor.strangers == ["https://shop.example/pixel"]


async def test_an_error_of_a_script_is_noticed(visit: Visit, page_host: Host) -> None:
    page_host.policy = "script-src 'unsafe-inline'"
    visitor = await visit()
    page = await visitor.open(page_host.url)
    await page.evaluate("setTimeout(() => { throw new Error('broken') })")
    await until(lambda: "broken" in str(visitor.errors))


class Drip:
    """A server that sends a piece of an event stream whenever it is told to."""

    def __init__(self) -> None:
        self.streams: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
        except (ConnectionError, asyncio.IncompleteReadError):
            writer.close()
            return
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        self.streams.append(writer)

    def send(self, piece: bytes) -> None:
        self.streams[-1].write(piece)


@pytest.fixture
async def drip() -> AsyncIterator[tuple[Drip, int]]:
    dripping = Drip()
    server = await asyncio.start_server(dripping.serve, "127.0.0.1", 0)
    try:
        yield dripping, server.sockets[0].getsockname()[1]
    finally:
        await close(server)
        for stream in dripping.streams:
            stream.close()


@asynccontextmanager
async def _asking(port: int) -> AsyncIterator[asyncio.StreamReader]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    try:
        yield reader
    finally:
        writer.close()


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])


async def test_a_line_passes_pieces_on_as_they_come(drip: tuple[Drip, int]) -> None:
    dripping, port = drip
    async with line(port) as opened, _asking(_port(opened.url)) as reader:
        await reader.readuntil(b"\r\n\r\n")
        dripping.send(b"data: 1\n\n")
        assert await reader.readline() == b"data: 1\n"


async def test_a_cut_breaks_a_stream_and_the_next_one_stands(drip: tuple[Drip, int]) -> None:
    dripping, port = drip
    async with line(port) as opened:
        async with _asking(_port(opened.url)) as reader:
            await reader.readuntil(b"\r\n\r\n")
            assert opened.cut() == 1
            assert await _is_broken(reader)
        async with _asking(_port(opened.url)) as reader:
            await reader.readuntil(b"\r\n\r\n")
        assert opened.cuts == 1
        assert len(dripping.streams) == 2


async def test_a_line_that_is_down_refuses(drip: tuple[Drip, int]) -> None:
    _, port = drip
    async with line(port) as opened:
        await opened.down()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", _port(opened.url))
        await opened.up()
        async with _asking(_port(opened.url)) as reader:
            assert await reader.readuntil(b"\r\n\r\n")


async def test_a_short_line_breaks_by_itself(drip: tuple[Drip, int]) -> None:
    _, port = drip
    async with line(port) as opened:
        opened.longest = 0.05
        async with _asking(_port(opened.url)) as reader:
            assert await _is_broken(reader)
        assert opened.cuts == 1


async def test_a_line_that_buffers_keeps_a_stream_back_until_it_ends(
    drip: tuple[Drip, int],
) -> None:
    dripping, port = drip
    async with line(port) as opened:
        opened.buffering = True
        async with _asking(_port(opened.url)) as reader:
            await until(lambda: dripping.streams)
            dripping.send(b"data: 1\n\n")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await reader.read(1)
            dripping.streams[0].close()
            assert (await reader.read()).endswith(b"data: 1\n\n")


async def _is_broken(reader: asyncio.StreamReader) -> bool:
    with suppress(ConnectionError):
        while await reader.read(4096):
            pass
    return True
