"""An outside messenger: keeps what is posted to it in a database of its own, and never forgets.

Two posts of one turn are two posts: it is the bot's duty to look before it posts again. In a
process of its own: ``python -m tests.servers.mailbox FILE``, or ``running(FILE)`` from a program.
"""

import argparse
import asyncio
import random
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import FrontdeskError
from bot.messages import Delivery
from tests.servers.plain import Refused, ask, serve
from tests.servers.process import end_with_parent, process

_TABLES = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS posts (number INTEGER PRIMARY KEY AUTOINCREMENT, turn TEXT NOT NULL,
    key TEXT NOT NULL, text TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS posts_turn ON posts (turn);
CREATE TABLE IF NOT EXISTS looks (turn TEXT NOT NULL, found INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A reply as the customer has it. ``number`` tells the order in which posts came."""

    number: int
    turn: str
    key: str
    text: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Somebody looked whether a turn was posted."""

    turn: str
    found: bool


class Mailbox:
    """The messenger's side. A post takes up to ``slow`` seconds before and after it is kept."""

    def __init__(self, file: Path, *, slow: float, luck: random.Random) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None)
        self._connection.executescript(_TABLES)
        self._slow = slow
        self._luck = luck

    async def answer(self, path: str, value: Any) -> Any:
        if path == "/find":
            return self._find(value["turn"])
        await asyncio.sleep(self._luck.uniform(0, self._slow))
        number = self._keep(**value)
        await asyncio.sleep(self._luck.uniform(0, self._slow))
        return number

    def _keep(self, *, turn: str, key: str, text: str) -> int:
        keep = "INSERT INTO posts (turn, key, text, at) VALUES (?, ?, ?, ?) RETURNING number"
        number: int = self._connection.execute(keep, (turn, key, text, time.time())).fetchone()[0]
        return number

    def _find(self, turn: str) -> int | None:
        find = "SELECT number FROM posts WHERE turn = ? ORDER BY number"
        found: tuple[int] | None = self._connection.execute(find, (turn,)).fetchone()
        self._connection.execute("INSERT INTO looks VALUES (?, ?)", (turn, found is not None))
        return found[0] if found else None


class MailboxPoster:
    """The bot's side: speaks to a mailbox as a channel's poster does."""

    def __init__(self, url: str, *, name: str = "mailbox") -> None:
        self.name = name
        self._url = url

    async def find(self, delivery: Delivery) -> str | None:
        number = await self._ask("find", {"turn": delivery.turn})
        return None if number is None else str(number)

    async def post(self, delivery: Delivery) -> str:
        value = {"turn": delivery.turn, "key": delivery.key, "text": delivery.text}
        return str(await self._ask("post", value))

    async def _ask(self, path: str, value: Any) -> Any:
        try:
            return await ask(f"{self._url}/{path}", value)
        except (OSError, Refused) as error:
            raise FrontdeskError(f"The mailbox does not answer: {error}") from error


def posts(file: Path) -> Sequence[Post]:
    """Read what was posted, in the order in which it came."""
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute("SELECT number, turn, key, text, at FROM posts ORDER BY number")
        return [
            Post(number=number, turn=turn, key=key, text=text, at=at)
            for number, turn, key, text, at in rows
        ]


def looks(file: Path) -> Sequence[Look]:
    """Read who looked for an earlier post, in order."""
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute("SELECT turn, found FROM looks ORDER BY rowid")
        return [Look(turn=turn, found=bool(found)) for turn, found in rows]


@contextmanager
def running(file: Path, *, slow: float = 0.0, seed: int = 0) -> Iterator[str]:
    """Run a mailbox in a process of its own until the block ends; yields its url."""
    arguments = [str(file), "--slow", str(slow), "--seed", str(seed)]
    with process("tests.servers.mailbox", *arguments) as url:
        yield url


async def _serve(file: Path, *, slow: float, seed: int) -> None:
    mailbox = Mailbox(file, slow=slow, luck=random.Random(seed))
    async with serve(mailbox.answer) as url:
        print(url, flush=True)  # noqa: T201 - whoever started it reads its address
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.servers.mailbox", description=__doc__)
    parser.add_argument("file", type=Path, help="its database")
    parser.add_argument("--slow", type=float, default=0.0, help="seconds that a post takes at most")
    parser.add_argument("--seed", type=int, default=0)
    options: Any = parser.parse_args()
    end_with_parent()
    asyncio.run(_serve(options.file, slow=options.slow, seed=options.seed))


if __name__ == "__main__":
    main()
