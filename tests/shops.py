"""A shop for tests that is opened as people open theirs: from a ``bot.toml`` and a help folder."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from bot.app import App, open_app
from bot.knowledge.learning import learn
from bot.settings import load
from tests.house import HELP


@asynccontextmanager
async def shop(
    folder: Path, settings: str, *, articles: Mapping[str, str] = HELP
) -> AsyncIterator[App]:
    """Write ``settings`` and ``articles`` into ``folder``, and open the bot that they make."""
    file = folder / "bot.toml"
    file.write_text(f'[database]\nurl = "sqlite:///{folder / "shop.db"}"\n\n{settings}')
    (folder / "help").mkdir(exist_ok=True)
    for name, text in articles.items():
        (folder / "help" / name).write_text(text)
    async with open_app(load(file, environment={}), channels=("terminal",)) as app:
        await learn([folder / "help"], articles=app.articles)
        yield app
