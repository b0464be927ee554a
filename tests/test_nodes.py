"""Words become nodes that a page may trust, however they came."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.web import nodes, tree
from channels.web.links import allowed
from channels.web.nodes import Writing, said, written
from channels.web.tree import TAGS, Node

SHARDS = [
    *("[", "]", "(", ")", "[1]", "![", "](", "<", ">", " ", "\n", "\n\n", "\\", "a", "B.", "\t"),
    *("`", "```", "\n```\n", "~~~", "> ", "- ", "\n- ", "\n\n- ", "1. ", "\n\n7) ", "  ", "\r\n"),
    *(
        "*",
        "**",
        "***",
        "_",
        "~~",
        "# ",
        "\n## ",
        "|a|b|\n",
        "|-|-|\n",
        "\n---\n",
        "===",
        "&#",
        ";",
    ),
    *("https://", "HTTP://a.example", "javascript:", "data:", "mailto:", "//", "@", "x1", "tel:+1"),
    *("\x00", "\x1b[1m", "\u202e", "\u2028", "\ud800", "\u200b", "&#x6a;", "&colon;", "\u017f"),
]
TEXTS = st.lists(st.sampled_from(SHARDS), max_size=24).map("".join) | st.text(max_size=80)
PLACES = st.lists(st.integers(0, 400), max_size=12)
ADDRESS = re.compile(r"https?://[A-Za-z0-9._\[-]|mailto:|tel:")


def pieces(text: str, places: list[int]) -> list[str]:
    """Cut ``text`` at ``places``, wherever they lie within it."""
    ends = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[start:end] for start, end in pairwise(ends)]


def elements(shown: list[Node]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the tag and the attributes of every element."""
    for node in shown:
        if isinstance(node, list):
            tag, *inner = node
            attributes = inner[0] if inner and isinstance(inner[0], dict) else {}
            yield tag, attributes
            yield from elements(inner[1:] if attributes else inner)


def words(shown: list[Node]) -> str:
    """Return all that can be read, with marks as they were written."""
    read = ""
    for node in shown:
        if isinstance(node, str):
            read += node
        elif node[0] == "cite":
            read += f"[{node[1]['n']}]"
        else:
            read += words([inner for inner in node[1:] if not isinstance(inner, dict)])
    return read


def assert_harmless(shown: list[Node]) -> None:
    for tag, attributes in elements(shown):
        assert attributes.keys() == TAGS[tag] - ({"start"} - attributes.keys())
        assert ADDRESS.match(str(attributes.get("href", "tel:")))
        assert isinstance(attributes.get("n", 1), int)
        assert isinstance(attributes.get("start", 1), int)


# --- What is written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("one\ntwo\n\nthree", [["p", "one", ["br"], "two"], ["p", "three"]]),
        ("**a** *b*", [["p", ["strong", "a"], " ", ["em", "b"]]]),
        ("~~c~~ `d`", [["p", ["s", "c"], " ", ["code", "d"]]]),
        ("# A\n### B", [["h3", "A"], ["h3", "B"]]),
        ("- a\n  1. b\n  2. c", [["ul", ["li", "a", ["ol", ["li", "b"], ["li", "c"]]]]]),
        ("4. d\n5. e", [["ol", {"start": 4}, ["li", "d"], ["li", "e"]]]),
        ("- a\n\n- b\n\nc", [["ul", ["li", "a"], ["li", "b"]], ["p", "c"]]),
        ("3. a\n\n4. b", [["ol", {"start": 3}, ["li", "a"], ["li", "b"]]]),
        ("> a", [["blockquote", ["p", "a"]]]),
        ("a\n\n---\n\nb", [["p", "a"], ["hr"], ["p", "b"]]),
        ("a\n-", [["p", "a", ["br"], "-"]]),
        ("```html\n<b>\n\n[1]\n```", [["pre", ["code", "<b>\n\n[1]"]]]),
        (
            "|a|b|\n|-|-|\n|1|2|",
            [
                [
                    "table",
                    ["thead", ["tr", ["th", "a"], ["th", "b"]]],
                    ["tbody", ["tr", ["td", "1"], ["td", "2"]]],
                ]
            ],
        ),
        ("So [1][2].", [["p", "So ", ["cite", {"n": 1}], ["cite", {"n": 2}], "."]]),
        ("`[1]` [0] [1000]", [["p", ["code", "[1]"], " [0] [1000]"]]),
        ("[1]: so", [["p", ["cite", {"n": 1}], ": so"]]),
        ("<b onclick=x>&lt;i&gt;</b>", [["p", "<b onclick=x><i></b>"]]),
        ("a\x00\x1b\u202e&#x202e;&#27;b", [["p", "a\ufffdb"]]),
        ("![a cat](https://evil.example/cat.png)", [["p", "a cat"]]),
    ],
)
def test_markdown_becomes_nodes(text: str, expected: list[Node]) -> None:
    assert written(text) == expected


@pytest.mark.parametrize(
    ("text", "href", "shown"),
    [
        ("[a](https://a.example/b?c=d#e)", "https://a.example/b?c=d#e", "a"),
        ("<http://a.example>", "http://a.example", "http://a.example"),
        ("https://a.example/b_(c)", "https://a.example/b_(c)", "https://a.example/b_(c)"),
        ("(https://a.example/b).", "https://a.example/b", "https://a.example/b"),
        ("[a](HTTPS://a.example)", "https://a.example", "a"),
        ("[a](http://[::1]:8000/)", "http://[::1]:8000/", "a"),
        ("[a](https://a.example/\u00fc)", "https://a.example/%C3%BC", "a"),
        ("[a](https://\u00fc.example/)", "https://xn--tda.example/", "a"),
        ("[a](mailto:help@shop.example)", "mailto:help@shop.example", "a"),
        ("[a](tel:+49-30-123)", "tel:+49-30-123", "a"),
        ("[a [1] b](https://a.example)", "https://a.example", "a [1] b"),
    ],
)
def test_what_may_be_followed_is_a_link(text: str, href: str, shown: str) -> None:
    links = [node for node in written(text)[0][1:] if node[0] == "a"]
    assert links == [["a", {"href": href}, shown]]


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://a.example/1",
        "//a.example",
        "/a",
        "a",
        "#a",
        "http:a.example",
        "https:/a.example",
        "https://",
        "https://shop.example@evil.example/",
        "https://a.example\\@evil.example/",
        "http\u017f://a.example",
        "ht\ttps://a.example",
        "\u200bhttps://a.example",
        " javascript:alert(1)",
        "tel:javascript",
        "feed:https://a.example",
    ],
)
def test_of_any_other_link_its_words_remain(address: str) -> None:
    assert allowed(address) is None
    assert written(f"[words](<{address}>)") == [["p", "words"]]


def test_a_block_that_takes_too_long_to_read_is_left_as_words() -> None:
    many = "|a" * 100 + "\n" + "|-" * 100 + "\n" + "|\n" * 1000
    no_fence = "``` `\n" + "*a*b" * 1000
    for text in (many, "[" * 5000, "*a " * 5000, "*a*b" * 1000, "- a\n" * 1000, no_fence):
        assert words(written(text)) == text.strip().replace("\n", "")
        assert {tag for tag, _ in elements(written(text))} <= {"p", "br"}
    assert written("```\n" + "a\n" * 9000)[0][0] == "pre"


PLAIN = st.lists(
    st.sampled_from(["Word", "a", " ", "  ", ".", "\n", "\n\n", "[1]", "](", "[", "!", "(", ")"])
    | st.sampled_from(
        ["-", "#", "1.", "=", ">", ":", "https://a.example", "\u00a0", "\u3000", "*"]
    ),
    max_size=16,
).map("".join)


@settings(max_examples=500, deadline=None)
@given(text=PLAIN)
def test_what_is_plain_needs_no_parser(text: str) -> None:
    quickly = written(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tree, "_PLAIN", re.compile("(?!)"))
        assert written(text) == quickly


# --- What is said


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n ", []),
        ("**a** [1]\n<b>", [["p", "**a** [1]", ["br"], "<b>"]]),
        ("a\r\n\r\n\n b", [["p", "a"], ["p", "b"]]),
        (
            "See http://a.example, or not",
            [["p", "See ", ["a", {"href": "http://a.example"}, "http://a.example"], ", or not"]],
        ),
        ("[a](javascript:b) https://", [["p", "[a](javascript:b) https://"]]),
    ],
)
def test_what_customers_say_is_plain(text: str, expected: list[Node]) -> None:
    assert said(text) == expected


# --- Whatever the words


@settings(max_examples=400, deadline=None)
@given(text=TEXTS)
def test_there_is_nothing_that_a_page_could_not_trust(text: str) -> None:
    assert_harmless(written(text))
    assert_harmless(said(text))
    writing = Writing()
    writing.feed(text)
    assert_harmless(writing.since(0))
    assert json.dumps([written(text), said(text)], ensure_ascii=False).encode()


@given(text=st.text("abcdef ghi,;?\n\n[1]", max_size=200))
def test_no_words_are_lost(text: str) -> None:
    assert "".join(words(written(text)).split()) == "".join(text.split())
    assert "".join(words(said(text)).split()) == "".join(text.split())


# --- While it is written


@settings(max_examples=400, deadline=None)
@given(text=TEXTS, places=PLACES)
def test_who_follows_has_the_whole_in_the_end(text: str, places: list[int]) -> None:
    writing, settled = Writing(), 0
    shown: list[Node] = []
    for piece in pieces(text, places):
        writing.feed(piece)
        shown = [*shown[:settled], *writing.since(settled)]
        assert shown == writing.since(0)
        settled = writing.settled
    assert [*shown[:settled], *writing.close()[settled:]] == written(text)
    assert writing.length == len(text)


def stages(text: str) -> list[list[Node]]:
    """Return what is shown after each letter, without what did not change."""
    writing = Writing()
    shown: list[list[Node]] = []
    for letter in text:
        writing.feed(letter)
        shown += [now] if (now := writing.since(0)) != (shown or [[]])[-1] else []
    return shown


def test_emphasis_is_shown_before_it_ends() -> None:
    assert stages("**ab** *c*") == [
        [["p", ["strong", "a"]]],
        [["p", ["strong", "ab"]]],
        [["p", ["strong", "ab"], " ", ["em", "c"]]],
    ]
    assert stages("2*3 a")[-1] == [["p", "2*3 a"]]


@pytest.mark.parametrize(
    "text",
    [
        "# Title\nwords",
        "Steps:\n- **one** and *two*\n- __three__\n\n1. four\n2. ***five** six*\n",
        "Then:\n```sh\nmake chat\n```\nand ~~not~~ so",
        "| a | b |\n|---|:-:|\n| c | **d** |\n| e | f |\n\nend",
        "> **quoted**\n> more\n\n---\n\nend",
    ],
)
def test_no_raw_marks_are_seen_on_the_way(text: str) -> None:
    signs = re.compile(r"[*_~`#|>:-]{1,}")
    for shown in stages(text):
        assert set(signs.findall(words(shown))) <= set(signs.findall(words(written(text))))


def test_a_finished_block_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []

    def counted(block: str, *, unfinished: bool = False) -> list[Node]:
        lengths.append(len(block))
        return tree.read(block, unfinished=unfinished)

    monkeypatch.setattr(nodes, "read", counted)
    writing = Writing()
    settled = 0
    for _ in range(300):
        writing.feed("Ten words. " * 2)
        writing.feed("More. \n\n")
        assert len(writing.since(settled)) <= 2
        settled = writing.settled
    assert max(lengths) < 40
    assert len(lengths) <= 600


def test_a_long_block_is_read_again_only_when_it_has_grown(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []

    def counted(block: str, **_: bool) -> list[Node]:
        lengths.append(len(block))
        return [["p"]]

    monkeypatch.setattr(nodes, "read", counted)
    writing = Writing()
    for _ in range(5_000):
        writing.feed("word")
        writing.since(0)
    assert lengths[240:250] == list(range(964, 1004, 4))
    assert sum(lengths) < 50 * 20_000
