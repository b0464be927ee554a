"""A page without a screen: the chat's core in node, as the server serves it."""

import asyncio
import itertools
import json
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

_SCRIPT = Path(__file__).parent / "core" / "page.mjs"


def words(blocks: list[Any]) -> str:
    """Return the text of nodes."""
    parts = []
    for block in blocks:
        if isinstance(block, str):
            parts.append(block)
        elif block[0] == "cite":
            parts.append(f"[{block[1]['n']}]")
        else:
            parts.append(words([each for each in block[1:] if not isinstance(each, dict)]))
    return "".join(parts)


@dataclass
class Chat:
    """One chat of a page: what it shows now, and all that it has shown, asked and told."""

    name: str
    page: "NodePage"
    shown: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    answered: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    async def do(self, deed: str, *given: Any) -> Any:
        """Call a method of the core, and return what it returns."""
        return await self.page.do(self.name, deed, *given)

    @property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.shown["state"]
        return state

    @property
    def lines(self) -> list[tuple[str, str, str]]:
        """Return author, status and text of what is on the screen."""
        return _lines(self.shown)

    @property
    def ever(self) -> list[list[tuple[str, str, str]]]:
        """Return what was on the screen after every change."""
        return [_lines(shown) for shown in self.history]

    def sent(self, text: str) -> bool:
        """Tell whether the server has a message of these words."""
        return ("customer", "sent", text) in self.lines

    async def until(self, true: Callable[[], object], *, seconds: float = 30.0) -> None:
        """Wait until ``true()`` is."""
        try:
            async with asyncio.timeout(seconds):
                while not true():
                    await self.page.news()
        except TimeoutError:
            pytest.fail(f"Waited in vain. {self.shown} {self.answered[-8:]} {self.errors}")

    async def until_answered(self, count: int = 1, *, seconds: float = 30.0) -> None:
        """Wait until ``count`` answers are complete on the screen, and nothing is due."""
        await self.until(
            lambda: (
                [who for who, status, _ in self.lines if (status, who) == ("sent", "bot")]
                == ["bot"] * count
                and not self.state["working"]
            ),
            seconds=seconds,
        )


def _lines(shown: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (entry["author"], entry["status"], words(entry["blocks"])) for entry in shown["entries"]
    ]


class NodePage:
    """Chats in one process of node; those that keep their storage together are one browser."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._chats: dict[str, Chat] = {}
        self._numbers = itertools.count(1)
        self._results: dict[int, asyncio.Future[Any]] = {}
        self._news = asyncio.Event()

    async def open(self, name: str = "chat", **config: Any) -> Chat:
        """Open a chat, not started yet; ``at`` is its server, ``kept`` its storage's name."""
        chat = self._chats[name] = Chat(name, self)
        await self.do(name, "open", config)
        return chat

    async def do(self, name: str, deed: str, *given: Any) -> Any:
        number = next(self._numbers)
        result = self._results[number] = asyncio.get_running_loop().create_future()
        order = {"number": number, "talk": name, "deed": deed, "given": given}
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        await self._process.stdin.drain()
        async with asyncio.timeout(60):
            return await result

    async def news(self) -> None:
        """Wait until something happens in the page, or a moment."""
        self._news.clear()
        try:
            async with asyncio.timeout(0.1):
                await self._news.wait()
        except TimeoutError:
            pass

    async def listen(self) -> None:
        """Take what the page tells until it ends."""
        assert self._process.stdout
        while line := await self._process.stdout.readline():
            self._take(json.loads(line))
            self._news.set()

    def _take(self, news: dict[str, Any]) -> None:
        if number := news.get("number"):
            result = self._results.pop(number)
            if "failed" in news:
                result.set_exception(RuntimeError(news["failed"]))
            else:
                result.set_result(news.get("result"))
            return
        chat = self._chats[news["talk"]]
        if shown := news.get("shown"):
            chat.shown = shown
            chat.history.append(shown)
        for kind, heard in (
            ("asked", chat.asked),
            ("answered", chat.answered),
            ("message", chat.messages),
            ("error", chat.errors),
        ):
            if kind in news:
                heard.append(news[kind])


@asynccontextmanager
async def node_page(server: str) -> AsyncIterator[NodePage]:
    """Run node with the core that ``server`` serves until the block ends."""
    node = shutil.which("node")
    if node is None:
        pytest.fail("The tests of the web chat need node. Install Debian's package 'nodejs'.")
    process = await asyncio.create_subprocess_exec(
        *(node, str(_SCRIPT), server),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**24,
    )
    page = NodePage(process)
    listening = asyncio.ensure_future(page.listen())  # noqa: TID251 - awaited below
    try:
        yield page
    finally:
        assert process.stdin
        process.stdin.close()
        await process.wait()
        await listening
