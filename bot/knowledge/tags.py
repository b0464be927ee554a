"""Takes tags, components, comments and images out of Markdown and leaves what a person reads."""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.knowledge.forms import FORM, attributes
from bot.knowledge.prose import Prose

_ANY_TAG = re.compile(r"<[^>]{0,500}>")
_HEADING = re.compile(r"h[1-6]")
_AROUND = {"b": "**", "strong": "**", "i": "*", "em": "*", "code": "`"}
_INSTEAD = {"br": " ", "li": "\n- ", "td": " ", "th": " ", "tr": "\n"}
_BLOCKS_NAMES = """
    p div section article main header footer aside nav ul ol dl dt dd table thead tbody tfoot
    blockquote figure figcaption hr center video audio iframe pre form details summary
"""
_BLOCKS = frozenset(_BLOCKS_NAMES.split())
_SILENT_NAMES = """
    span u s small sup sub kbd font mark abbr del ins label button input picture source cite
    time var samp wbr col colgroup caption object param embed
"""
_SILENT = frozenset(_SILENT_NAMES.split())
# Components whose title is a question of its own, folded until a reader opens it.
_PARTS = frozenset({"Accordion", "AccordionItem", "Expandable", "Collapsible", "Toggle"})
_TITLES = ("title", "label", "header", "name", "path", "query", "body", "caption")
# How far we look, so that a file of one long line stays cheap: for the start of a tag's line, for
# the start of a heading, and through open components for the one that a tag closes.
_INDENTED = 200
_LONGEST_HEADING = 1000
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Enter:
    """A part with a title begins. ``anchor`` is what its writer called it, if they did."""

    title: str
    anchor: str | None


@dataclass(frozen=True, slots=True)
class Leave:
    """The part that began last ends."""


Piece = str | Enter | Leave


def strip(source: str) -> list[Piece]:
    """Return the plain Markdown of ``source``, with marks where folded parts begin and end."""
    return _Stripper(source).pieces()


@dataclass(slots=True)
class _Open:
    """A component that is not closed yet; its content is indented by ``margin`` more than it."""

    name: str
    column: int
    part: bool
    margin: int | None = None


class _Stripper:
    """Goes through a text form by form, and knows what is open where it stands."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._pieces: list[Piece] = []
        self._prose = Prose()
        self._open: list[_Open] = []
        self._margin = 0
        self._links: list[str] = []
        self._anchors: list[str] = []

    def pieces(self) -> list[Piece]:
        place = 0
        for form in FORM.finditer(self._source):
            self._plain(self._source[place : form.start()])
            self._form(form)
            place = form.end()
        self._plain(self._source[place:])
        self._flush()
        return self._pieces

    def _form(self, form: re.Match[str]) -> None:
        match form.lastgroup:
            case "fence":
                self._lines(self._dedented(line) for line in form[0].split("\n"))
            case "code":
                self._prose.add(form[0])
            case "image":
                self._prose.add(form["alt"])
            case "folded":
                self._enter(form, "details", Enter(_ANY_TAG.sub("", form["summary"]), ""))
            case "tag" if form["tagname"][0].isupper():
                self._component(form)
            case "tag":
                self._element(form)

    # --- Text, without what components indent it by -------------------------------------------

    def _plain(self, text: str) -> None:
        first, *others = html.unescape(text).split("\n")
        self._lines([first, *(self._dedented(line) for line in others)])

    def _lines(self, lines: Iterable[str]) -> None:
        self._prose.add("\n".join(lines))

    def _dedented(self, line: str) -> str:
        if not line.strip():
            return ""
        indent = len(line) - len(line.lstrip())
        self._indented(indent)
        return line[min(indent, self._margin) :]

    def _indented(self, by: int) -> None:
        """Learn from the first line in a component by how much its writer indents its content."""
        if self._open and self._open[-1].margin is None:
            self._open[-1].margin = max(0, by - self._open[-1].column)
            self._margin += self._open[-1].margin

    def _flush(self) -> None:
        self._pieces.append(self._prose.take())

    def _column(self, place: int) -> int | None:
        """Return how far ``place`` is indented; None where words stand before it on its line."""
        before = self._source[max(0, place - _INDENTED) : place].rpartition("\n")[2]
        return None if before.strip() or len(before) == _INDENTED else len(before)

    # --- Components ---------------------------------------------------------------------------

    def _component(self, form: re.Match[str]) -> None:
        name, given = form["tagname"], attributes(form["attributes"])
        if form["attributes"].strip() and not given:  # "<Your name>" is not a component
            self._prose.add(form[0])
            return
        if form["close"]:
            self._prose.add(self._break(form))
            self._leave(name)
            return
        title = next((given[key] for key in _TITLES if given.get(key)), "")
        if name in _PARTS and title and not form["void"]:
            self._enter(form, name, Enter(title, given.get("id")))
            return
        if title:
            href = given.get("href")
            self._prose.add(f"\n\n**[{title}]({href})**\n\n" if href else f"\n\n**{title}**\n\n")
        else:
            self._prose.add(self._break(form))
        if not form["void"]:
            self._begin(form, name, part=False)

    def _enter(self, form: re.Match[str], name: str, part: Enter) -> None:
        self._flush()
        self._pieces.append(part)
        self._begin(form, name, part=True)

    def _begin(self, form: re.Match[str], name: str, *, part: bool) -> None:
        column = self._column(form.start()) or 0
        self._indented(column)
        self._open.append(_Open(name, column, part))

    def _leave(self, name: str) -> None:
        if not any(component.name == name for component in self._open[-_DEEPEST:]):
            return
        while True:
            component = self._open.pop()
            self._margin -= component.margin or 0
            if component.part:
                self._flush()
                self._pieces.append(Leave())
            if component.name == name:
                break

    # --- HTML in Markdown ---------------------------------------------------------------------

    def _element(self, form: re.Match[str]) -> None:
        name, given = form["tagname"].lower(), attributes(form["attributes"])
        if name == "details" and form["close"]:
            self._leave("details")
        elif name == "img":
            self._prose.add(given.get("alt", ""))
        elif name == "a":
            self._link(form, given)
        elif _HEADING.fullmatch(name):
            self._heading(form, int(name[1]), given.get("id"))
        else:
            self._prose.add(self._instead(form, name))

    def _instead(self, form: re.Match[str], name: str) -> str:
        if name in _AROUND:
            return _AROUND[name]
        if name in _INSTEAD:
            return "" if form["close"] else _INSTEAD[name]
        if name in _BLOCKS:
            return self._break(form)
        return "" if name in _SILENT else form[0]

    def _break(self, form: re.Match[str]) -> str:
        """Part paragraphs at the edge of a line; within one, a table's row must stay whole."""
        edge = self._column(form.start()) is not None or self._source.startswith("\n", form.end())
        return "\n\n" if edge else ""

    def _link(self, form: re.Match[str], given: dict[str, str]) -> None:
        if form["close"]:
            self._prose.add(self._links.pop() if self._links else "")
        elif "href" in given:
            self._prose.add("[")
            self._links.append(f"]({given['href']})")
        else:
            self._name(form, given.get("id") or given.get("name"))
            if not form["void"]:
                self._links.append("")

    def _name(self, form: re.Match[str], anchor: str | None) -> None:
        """Let a heading on this line be known by the name that stands in it."""
        line = self._source[max(0, form.start() - _LONGEST_HEADING) : form.start()]
        if anchor and line.rpartition("\n")[2].startswith("#"):
            self._prose.add(f"{{#{anchor}}} ")

    def _heading(self, form: re.Match[str], level: int, anchor: str | None) -> None:
        if form["close"]:
            self._prose.add(f"{self._anchors.pop() if self._anchors else ''}\n\n")
        else:
            self._prose.add(f"\n\n{'#' * level} ")
            self._anchors.append(f" {{#{anchor}}}" if anchor else "")
