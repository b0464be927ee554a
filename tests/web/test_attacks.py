"""Words that try to become a program, in every place where the chat shows somebody's words.

The page has no policy of its own, so that nothing but the chat itself stands in their way.
"""

import asyncio
import itertools
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.web.browsers import Visitor
from tests.web.chats import Chat
from tests.web.conftest import Visit
from tests.web.serving import proof
from tests.web.shops import Shop, shop
from tests.web.vectors import ADDRESSES, VECTORS

_VISITORS = 3
_SOURCES = 6  # as many as one answer cites
_EVERY = 4  # of the vectors is shown
_TOGETHER = 3  # in one message
_LAX = "default-src * data: blob: 'unsafe-inline' 'unsafe-eval'"

_ANSWERED = """(answers) => document.querySelector('frontdesk-chat').shadowRoot
    .querySelectorAll('.row.bot.sent').length === answers"""

# What no message may make of itself in the chat.
_FOUND = """() => {
    const root = document.querySelector('frontdesk-chat').shadowRoot;
    const all = [...root.querySelectorAll('*')];
    const links = all.map((one) => one.href).filter((href) => href !== undefined);
    return {
        links: links.filter((href) => !/^(https?|mailto|tel):/.test(href)),
        elements: all.filter((one) => one.matches(`script, iframe, img, image, object, embed,
            video, audio, style, link, base, meta, template, input, select, svg:not([aria-hidden]),
            math, [srcdoc], [style], [src], [action], [formaction], [is], [slot]`))
            .map((one) => one.outerHTML),
        attributes: all.flatMap((one) => one.getAttributeNames())
            .filter((name) => name.startsWith('on') || name.includes(':')),
    };
}"""


@pytest.fixture(scope="session")
async def _poisoned(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    folder = tmp_path_factory.mktemp("poisoned")
    (folder / "help").mkdir()
    for number in range(len(VECTORS)):
        text = f"# About {number}\n\nThis is {_word(number)}.\n"
        (folder / "help" / f"{number}.md").write_text(text)
    async with shop(folder, help_folder=folder / "help") as opened:
        await asyncio.to_thread(_poison, folder / "frontdesk.db")
        yield opened


@pytest.fixture
def poisoned(_poisoned: Shop) -> Shop:
    """Return a shop whose articles have attacks for titles and links, and a model that echoes."""
    _poisoned.site.policy = _LAX
    _poisoned.model.answer = _echo
    return _poisoned


def _poison(database: Path) -> None:
    links = itertools.cycle(ADDRESSES)
    rows = [(vector, next(links), f"{number}.md") for number, vector in enumerate(VECTORS)]
    with closing(sqlite3.connect(database, timeout=10)) as connection:
        changed = connection.executemany(
            "UPDATE passages SET title = ?, link = ? WHERE path = ?", rows
        )
        assert changed.rowcount == len(VECTORS)
        connection.commit()


def _word(number: int) -> str:
    return f"zq{number:04}"


def _echo(said: str) -> str:
    return "".join(f"[{number + 1}]" for number in range(_SOURCES)) + f"\n\n{said}"


async def test_words_of_others_stay_words(visit: Visit, poisoned: Shop) -> None:
    visitors = [await visit() for _ in range(_VISITORS)]
    chats = [await Chat(await one.open(poisoned.page)).open() for one in visitors]
    messages = list(_messages())
    shares = [messages[first::_VISITORS] for first in range(_VISITORS)]
    titles = await asyncio.gather(*map(_say_all, chats, shares))
    assert len(set().union(*titles)) > 300
    for visitor in visitors:
        await _assert_harmless(visitor)


async def test_names_of_others_stay_words(visit: Visit, poisoned: Shop) -> None:
    visitor = await visit()
    page = await visitor.open(poisoned.page)
    chat = await Chat(page).open()
    answers = []
    page.on("response", lambda response: answers.append((response.url, response.status)))
    names = VECTORS[::_EVERY]
    for number, name in enumerate(names):
        user = {"user": f"u{number}", "hash": proof(f"u{number}"), "name": name[:128]}
        await page.evaluate("(user) => window.frontdesk.identify(user)", user)
    await chat.ask(_word(1))
    await _look(chat)
    await _assert_harmless(visitor)
    sessions = [status for url, status in answers if url.endswith("/v1/sessions")]
    assert len(sessions) >= len(names) > 300
    assert set(sessions) == {200}


def _messages() -> Iterator[str]:
    """Yield messages of a few vectors each, and what to look up for their answers' sources."""
    chosen = VECTORS[::_EVERY]
    assert len(chosen) > 300
    alone = [[vector] for vector in chosen if "```" in vector]  # it swallows what follows
    others = [vector for vector in chosen if "```" not in vector]
    together = [others[first : first + _TOGETHER] for first in range(0, len(others), _TOGETHER)]
    for number, vectors in enumerate([*alone, *together]):
        first = number * _SOURCES
        cited = (_word((first + more) % len(VECTORS)) for more in range(_SOURCES))
        yield "\n\n".join([" ".join(cited), *vectors])


async def _say_all(chat: Chat, share: Sequence[str]) -> set[str]:
    """Say every message of ``share``; returns the titles of the sources that came with it."""
    titles: set[str] = set()
    said = 0
    for message in share:
        if said == 40:  # all that was said stays in sight until then
            titles |= await _look(chat)
            await chat.button("Options").click()
            await chat.button("New conversation").click()
            await expect(chat.rows).to_have_count(0)
            said = 0
        await chat.send(message)
        said += 1
        await chat.page.wait_for_function(_ANSWERED, arg=said)
    return titles | await _look(chat)


async def _look(chat: Chat) -> set[str]:
    found: dict[str, Any] = await chat.page.evaluate(_FOUND)
    assert found == {"links": [], "elements": [], "attributes": []}
    return set(await chat.log.locator(".sources li").all_text_contents())


async def _assert_harmless(visitor: Visitor) -> None:
    assert await visitor.noticed("ran") == []
    assert visitor.strangers == []
    assert visitor.errors == []
