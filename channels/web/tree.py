"""Reads one block of Markdown into the small tree of nodes that a page builds from."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from markdown_it import MarkdownIt
from markdown_it.rules_inline.state_inline import Delimiter, StateInline
from markdown_it.token import Token

from channels.web.links import allowed, linked

Node: TypeAlias = str | list[Any]
"""A string, or a list of a tag, attributes where there are any, and nodes (JsonML)."""

TAGS: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(("p", "h3", "blockquote", "pre", "br", "hr"), frozenset()),
    **dict.fromkeys(("code", "strong", "em", "s", "ul", "li"), frozenset()),
    **dict.fromkeys(("table", "thead", "tbody", "tr", "th", "td"), frozenset()),
    "ol": frozenset({"start"}),
    "a": frozenset({"href"}),
    "cite": frozenset({"n"}),
}
"""Every tag that there is, with the attributes that it may have."""

_FENCE: Final = re.compile(r" {0,3}(?:```+[^`\n]*(?:\n|\Z)|~~~)")
_MARK: Final = re.compile(r"[*_~`]+")

# Most paragraphs: nothing in them means anything to Markdown, but their lines and marks.
_PLAIN_LINE: Final = r"[^\W\d_][^\t\n\\`*_~<&|]*(?<! )"
_PLAIN: Final = re.compile(rf"{_PLAIN_LINE}(?:\n{_PLAIN_LINE})*")

# A block beyond these that is no code stays plain words: reading it would take too long.
_LONGEST, _MOST_LINES, _MOST_MARKS, _MOST_BRACKETS, _MOST_CELLS = 10_000, 300, 600, 200, 2_000

# They steer terminals, become signs of replacement or turn the order of words around.
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ufff9-\ufffb\ud800-\udfff]")
_BREAK: Final = re.compile("[\u2028\u2029]")


def clean(text: str) -> str:
    """Return ``text`` without what is no part of words; line ends are newlines."""
    return _CONTROL.sub("", _BREAK.sub("\n", text))


def read(block: str, *, unfinished: bool = False) -> list[Node]:
    """Return the nodes of a block; what an unfinished one emphasises ends with it."""
    if _is_plain(words := block.rstrip()) or _is_too_much(block):
        return [paragraph(words, marks=True)]
    tree = _Tree()
    for token in (_UNFINISHED if unfinished else _WHOLE).parse(block):
        tree.take(token)
    return tree.nodes


def paragraph(text: str, *, marks: bool) -> Node:
    """Return plain words with their line ends and links; with ``marks``, also citations."""
    first, *rest = text.split("\n")
    nodes = list(linked(first, marks=marks))
    for line in rest:
        nodes += [["br"], *linked(line, marks=marks)]
    return ["p", *nodes]


def _is_plain(words: str) -> bool:
    return "](" not in words and _PLAIN.fullmatch(words) is not None


def _is_too_much(block: str) -> bool:
    if _FENCE.match(block):
        return False
    lines = block.split("\n")
    return (
        len(block) > _LONGEST
        or len(lines) > _MOST_LINES
        or len(_MARK.findall(block)) > _MOST_MARKS
        or block.count("[") > _MOST_BRACKETS
        or max(line.count("|") for line in lines) * len(lines) > _MOST_CELLS
    )


def _close_emphasis(state: StateInline) -> None:
    """Give each mark that only opens, and was not closed, its counterpart at the end."""
    begun, covered = [], -1
    for index, each in enumerate(state.delimiters):
        if index > covered and each.end >= 0:
            covered = each.end
        elif index > covered and each.open and not each.close:
            begun.append(each)
    for each in reversed(begun):
        state.push("text", "", 0).content = state.tokens[each.token].content
        each.end = len(state.delimiters)
        state.delimiters.append(
            Delimiter(
                marker=each.marker,
                length=each.length,
                token=len(state.tokens) - 1,
                end=-1,
                open=False,
                close=True,
            )
        )


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"])
    # Definitions would vanish; a paragraph would turn into a title when a dash follows it.
    parser.disable(["html_block", "html_inline", "reference", "lheading"])
    # Which addresses are links is decided in one place, for all of them.
    parser.validateLink = lambda url: True  # type: ignore[method-assign]  # noqa: ARG005
    return parser


_WHOLE: Final = _parser()
_UNFINISHED: Final = _parser()
_UNFINISHED.inline.ruler2.after("balance_pairs", "close_emphasis", _close_emphasis)
for _each in (_WHOLE, _UNFINISHED):
    _each.parse("-")  # the first time it puts its rules together, which two threads must not do


class _Tree:
    """Grows from tokens; what it does not know is only words to it."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._branches: list[list[Any]] = [self.nodes]
        self._links = 0  # that are open

    def take(self, token: Token) -> None:
        if token.type == "inline":
            for child in token.children or ():
                self.take(child)
        elif token.nesting == 0:
            self._branches[-1].extend(self._leaf(token))
        else:
            self._links += token.nesting * (token.tag == "a")
            self._turn(token)

    def _turn(self, token: Token) -> None:
        """Go into an element, or out of it."""
        if token.nesting < 0:
            self._branches.pop()
        elif element := _element(token):
            self._branches[-1].append(element)
            self._branches.append(element)
        else:  # what it holds stands in its place
            self._branches.append(self._branches[-1])

    def _leaf(self, token: Token) -> Iterable[Node]:
        words = clean(token.content)  # once more, for entities have become characters
        match token.type:
            case "softbreak" | "hardbreak":  # as people mean their lines in a chat
                return [["br"]]
            case "hr":
                return [["hr"]]
            case "fence" | "code_block":
                return [["pre", ["code", words.removesuffix("\n")]]]
            case "code_inline":
                return [["code", words]]
        return [words] if self._links else linked(words, marks=True)


def _element(token: Token) -> list[Any] | None:
    """Return the empty element that the token opens; None where there is to be none."""
    match token.tag:
        case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
            return ["h3"]  # one level: an answer that begins with "###" has none above it
        case "ol" if token.attrs.get("start", 1) != 1:
            return ["ol", {"start": token.attrs["start"]}]
        case "a":
            address = allowed(str(token.attrs["href"]))
            return ["a", {"href": address}] if address else None
        case tag if tag in TAGS and not token.hidden:
            return [tag]
    return None
