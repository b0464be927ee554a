"""A whole bot for tests: the real engine on a real database, with backends of the test's own."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.app import App, Join, open_app
from bot.backends.base import Backend
from bot.delivery import Poster
from bot.knowledge.learning import learn
from bot.messages import Event, Inbound, Piece, Replied, Reply, Withdrawn
from bot.settings import Settings

HELP = {
    "password.md": "# Reset your password\n\nOpen the sign-in page and choose Forgot password."
    " The e-mail arrives within 15 minutes.\n",
    "shipping.md": "# Shipping\n\nParcels arrive within 3 working days."
    " Shipping costs 4.90 euros.\n",
}
_numbers = itertools.count(1)


@asynccontextmanager
async def house(
    folder: Path,
    *backends: Backend,
    articles: Mapping[str, str] | None = None,
    channels: Iterable[str] = ("terminal",),
    posters: Collection[Poster] = (),
    joins: Collection[Join] = (),
    **sections: Any,
) -> AsyncIterator[App]:
    """Open a bot in ``folder`` that answers with ``backends`` about ``articles``.

    Without backends it makes those of the section ``backends`` itself.
    ``sections`` are those of ``bot.toml``. Opened twice on one folder it is two processes' worth.
    """
    sections.setdefault("database", {"url": f"sqlite:///{folder / 'frontdesk.db'}"})
    settings = Settings.model_validate(sections)
    chosen = {backend.name: backend for backend in backends} or None
    async with open_app(
        settings, channels=tuple(channels), posters=posters, joins=joins, backends=chosen
    ) as app:
        _write(folder / "help", HELP if articles is None else articles)
        await learn([folder / "help"], articles=app.articles)
        yield app


def _write(folder: Path, articles: Mapping[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in articles.items():
        (folder / name).write_text(text)


async def until(true: Callable[[], object], *, seconds: float = 60.0) -> None:
    """Wait until ``true()`` is."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for knows no events
            await asyncio.sleep(0.01)


def says(text: str, *, key: str = "one", external_id: str | None = None) -> Inbound:
    """Return what a customer says in the conversation ``key``."""
    return Inbound(
        channel="terminal",
        key=key,
        external_id=external_id or f"m{next(_numbers)}",
        text=text,
        customer="ada",
    )


async def ask(app: App, text: str, *, key: str = "one") -> Reply:
    """Say something and return the reply."""
    *_, last = await told(app, text, key=key)
    assert isinstance(last, Replied)
    return last.reply


async def told(app: App, text: str, *, key: str = "one") -> list[Event]:
    """Say something and return every event up to its reply."""
    accepted = await app.engine.accept(says(text, key=key))
    return [event async for event in app.engine.follow(accepted.conversation, seq=accepted.seq)]


def visible(events: Iterable[Event]) -> str:
    """Return what a customer who saw ``events`` has on the screen."""
    shown = ""
    for event in events:
        match event:
            case Piece(text):
                shown += text
            case Withdrawn():
                shown = ""
    return shown
