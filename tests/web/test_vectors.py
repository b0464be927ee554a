"""Words that try to become a program stay words."""

import json
from typing import Any

from bot.messages import Author, Citation, Message
from bot.store.base import Entry
from channels.web.entries import to_view
from channels.web.links import allowed
from channels.web.nodes import Writing, said, written
from channels.web.schemas import VisitorView
from channels.web.telling import event
from channels.web.tree import Node
from tests.test_nodes import assert_harmless, elements
from tests.web.vectors import ADDRESSES, VECTORS

# Where the vectors themselves lead, openly.
_OPEN = ("https://shop.example", "http://www.w3.org/1999/xhtml")


def assert_tamed(shown: list[Node]) -> None:
    assert_harmless(shown)
    for _, attributes in elements(shown):
        assert str(attributes.get("href", _OPEN[0])).startswith(_OPEN)


def sent(author: Author, text: str, *citations: Citation) -> Any:
    """Return a message as a page gets it, from an event of one line."""
    message = Message(seq=1, author=author, text=text, tokens=1, at=1.0)
    lines = event("message", to_view(Entry(message=message, citations=citations)), seq=1)
    number, name, data, *rest = lines.split(b"\n")
    assert (number, name, rest) == (b"id: 1", b"event: message", [b"", b""])
    return json.loads(data.removeprefix(b"data: "))


def test_there_are_many_of_them() -> None:
    assert len(set(VECTORS)) == len(VECTORS) >= 300


def test_as_an_answer() -> None:
    for vector in VECTORS:
        assert_tamed(sent(Author.BOT, vector)["blocks"])
        assert_tamed(written(vector))


def test_as_an_answer_while_it_is_written() -> None:
    for vector in VECTORS:
        writing = Writing()
        for start in range(0, len(vector), 4):
            writing.feed(vector[start : start + 4])
            assert_harmless(writing.since(0))


def test_as_a_persons_answer() -> None:
    for vector in VECTORS:
        assert_tamed(sent(Author.OPERATOR, vector)["blocks"])


def test_as_a_message() -> None:
    for vector in VECTORS:
        assert_tamed(sent(Author.CUSTOMER, vector)["blocks"])
        assert_tamed(said(vector))


def test_as_a_name() -> None:
    for vector in VECTORS:
        lines = event("visitor", VisitorView(id="shop:v:1", name=vector, known=True))
        assert lines.count(b"\n") == 3
        assert json.loads(lines.split(b"data: ")[1])["name"] == vector


def test_as_the_title_and_the_link_of_an_article() -> None:
    for vector in (*VECTORS, *ADDRESSES):
        citation = Citation(number=1, passage=1, title=vector, heading=vector, link=vector)
        [source] = sent(Author.BOT, "So [1].", citation)["sources"]
        assert source["link"] == "" or source["link"].startswith(_OPEN)
        assert (source["title"], source["heading"]) == (vector, vector)


def test_as_an_address() -> None:
    assert [address for address in ADDRESSES if allowed(address)] == []
