"""Words that try to become a program stay words."""

from channels.web.links import allowed
from channels.web.nodes import Writing, said, written
from channels.web.tree import Node
from tests.test_nodes import assert_harmless, elements
from tests.web.vectors import ADDRESSES, VECTORS

# Where the vectors themselves lead, openly.
_OPEN = ("https://shop.example", "http://www.w3.org/1999/xhtml")


def assert_tamed(shown: list[Node]) -> None:
    assert_harmless(shown)
    for _, attributes in elements(shown):
        assert str(attributes.get("href", _OPEN[0])).startswith(_OPEN)


def test_there_are_many_of_them() -> None:
    assert len(set(VECTORS)) == len(VECTORS) >= 300


def test_as_an_answer() -> None:
    for vector in VECTORS:
        assert_tamed(written(vector))


def test_as_an_answer_while_it_is_written() -> None:
    for vector in VECTORS:
        writing = Writing()
        for start in range(0, len(vector), 4):
            writing.feed(vector[start : start + 4])
            assert_harmless(writing.since(0))


def test_as_a_message() -> None:
    for vector in VECTORS:
        assert_tamed(said(vector))


def test_as_an_address() -> None:
    assert [address for address in ADDRESSES if allowed(address)] == []
