"""Reads HTML into an outline, as Markdown: what the page says, not what surrounds it."""

import re
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from bs4 import BeautifulSoup
from bs4.element import NavigableString, Tag
from bs4.exceptions import ParserRejectedMarkup

from bot.knowledge.outline import Outline, one_line
from bot.knowledge.prose import Prose

_HEADING = re.compile(r"h[1-6]")
_SPACE = re.compile(r"[^\S\xa0]+")
_EMPTY_LINKS = re.compile(r"\[\s*\]\([^)\n]*\)")
_PERMALINKS = " ¶#§🔗"

_UNSEEN_NAMES = """
    script style noscript template svg nav footer iframe object head select textarea dialog
    canvas audio video map
"""
_UNSEEN = frozenset(_UNSEEN_NAMES.split())
_BLOCKS_NAMES = """
    p div section article main header aside ul ol dl dt dd table blockquote figure figcaption
    address fieldset form details summary hr caption
"""
_BLOCKS = frozenset(_BLOCKS_NAMES.split())
# What a tag ends that was left open, within the nearest that holds such.
_CELLS, _ROWS = ("td", "th"), ("thead", "tbody", "tfoot")
_ENDS = {
    **dict.fromkeys(_CELLS, _CELLS),
    **dict.fromkeys(_ROWS, (*_CELLS, "tr", *_ROWS)),
    **dict.fromkeys(("dt", "dd"), ("dt", "dd")),
    "tr": (*_CELLS, "tr"),
    "li": ("li",),
}
_HOLDERS = frozenset({"table", "ul", "ol", "dl"})
_DEEPEST = 50
_AROUND = {"b": "**", "strong": "**", "i": "*", "em": "*", "code": "`", "dt": "**", "summary": "**"}


class _Page(BeautifulSoup):
    """Ends cells, rows and items where the next one begins, as browsers do: few pages end them."""

    def handle_starttag(self, name: str, *arguments: Any, **more: Any) -> Tag | None:
        ends = _ENDS.get(name, ())
        open_tags = self.tagStack[:-_DEEPEST:-1] if ends else ()
        inner = takewhile(lambda tag: tag.name not in _HOLDERS, open_tags)
        for tag in [tag for tag in inner if tag.name in ends]:
            self.handle_endtag(tag.name)
        return super().handle_starttag(name, *arguments, **more)


class WebpageReader:
    """Follows one page, element by element, into an outline."""

    def __init__(self) -> None:
        self._outline = Outline()
        self._prose = Prose()
        self._lists: list[int | None] = []  # the next number of an ordered list, None of others

    def read(self, source: str) -> Outline:
        """Return the outline of the page ``source``.

        Raises:
            ValueError: it is beyond parsing.
        """
        try:
            page = _Page(source, "html.parser")
        except ParserRejectedMarkup as error:
            raise ValueError(str(error)) from error
        self._walk(_content(page))
        self._flush()
        if not self._outline.title and page.title is not None:
            self._outline.title = one_line(page.title.get_text())
        return self._outline

    def _walk(self, root: Tag) -> None:
        """Visit every element, however deep, on its way in and on its way out."""
        way: list[tuple[Tag, Iterator[object]]] = [(root, iter(root.children))]
        while way:
            tag, children = way[-1]
            child = next(children, None)
            if child is None:
                way.pop()
                self._close(tag)
            elif isinstance(child, Tag):
                if not _is_unseen(child) and not self._leaf(child):
                    self._open(child)
                    way.append((child, iter(child.children)))
            elif type(child) is NavigableString:  # its kinds are comments and the like
                self._words(child)

    # --- Elements -----------------------------------------------------------------------------

    def _leaf(self, tag: Tag) -> bool:
        """Take elements that are taken whole; True if ``tag`` is one."""
        if _HEADING.fullmatch(tag.name):
            self._flush()
            words = tag.get_text(" ").strip().rstrip(_PERMALINKS)
            self._outline.heading(int(tag.name[1]), words, anchor=_anchor(tag))
        elif tag.name == "pre":
            self._fence(tag)
        elif tag.name == "img":
            self._prose.add(one_line(str(tag.get("alt") or "")))
        elif tag.name in {"br", "wbr"}:
            self._prose.add("" if tag.name == "wbr" else " " if _is_in_cell(tag) else "\n")
        else:
            return False
        return True

    def _fence(self, tag: Tag) -> None:
        code = tag.get_text().strip("\n")
        longest = max(map(len, re.findall(r"`{3,}", code)), default=2)
        marks = "`" * (longest + 1)
        self._prose.add(f"\n\n{marks}\n{code}\n{marks}\n\n")

    def _open(self, tag: Tag) -> None:
        if tag.name in {"ul", "ol"}:
            self._lists.append(1 if tag.name == "ol" else None)
            self._prose.add("" if len(self._lists) > 1 else "\n\n")
        elif tag.name == "li":
            self._prose.add(f"\n{'   ' * (len(self._lists) - 1)}{self._bullet()} ")
        elif tag.name == "tr":
            self._prose.add("\n|" if _names(tag) else f"{_nameless(tag)}\n|")
        elif tag.name in {"td", "th"}:
            self._prose.add(" ")
        elif tag.name == "a" and tag.get("href"):
            self._prose.add("[")
        elif tag.name in _BLOCKS and _is_in_line(tag):
            self._prose.add(" " if tag.find_previous_sibling() else "")
        elif tag.name in _BLOCKS:
            self._prose.add("\n\n")
        self._prose.add(_AROUND.get(tag.name, ""))

    def _close(self, tag: Tag) -> None:
        self._prose.add(_AROUND.get(tag.name, ""))
        if tag.name in {"ul", "ol"} and self._lists:
            self._lists.pop()
            self._prose.add("" if self._lists else "\n\n")
        elif tag.name in {"td", "th"}:
            self._prose.add(" |")
        elif tag.name == "tr":
            self._prose.add(_rule(tag) if _names(tag) else "")
        elif tag.name == "a" and tag.get("href"):
            self._prose.add(f"]({tag['href']})")
        elif tag.name in _BLOCKS and not _is_in_line(tag):
            self._prose.add("\n\n")

    def _bullet(self) -> str:
        number = self._lists[-1] if self._lists else None
        if number is None:
            return "-"
        self._lists[-1] = number + 1
        return f"{number}."

    # --- Text ---------------------------------------------------------------------------------

    def _words(self, text: str) -> None:
        """Add text as a browser shows it: white space is one space, none begins a line."""
        text = _SPACE.sub(" ", text).replace("\xa0", " ")
        self._prose.add(text.lstrip(" ") if self._prose.at_line_start else text)

    def _flush(self) -> None:
        text = _EMPTY_LINKS.sub("", self._prose.take())
        self._outline.write(text.strip("\n") + "\n\n")


def _content(page: BeautifulSoup) -> Tag:
    """Return the element that holds what the page is about."""
    articles = page.find_all("article")
    main = page.find("main") or page.find(role="main")
    return main or (articles[0] if len(articles) == 1 else None) or page.body or page


def _is_unseen(tag: Tag) -> bool:
    return tag.name in _UNSEEN or tag.has_attr("hidden") or tag.get("aria-hidden") == "true"


def _is_in_line(tag: Tag) -> bool:
    """A paragraph in a list's item or a table's cell must not tear it."""
    return tag.parent is not None and tag.parent.name in {"li", "td", "th"}


def _is_in_cell(tag: Tag) -> bool:
    return tag.find_parent(["td", "th"]) is not None


def _anchor(heading: Tag) -> str:
    """Return a heading's id, that of an anchor in it, or that of the section it opens."""
    inner = heading.find(id=True) or heading.find("a", attrs={"name": True})
    opens = heading.parent if heading.find_previous_sibling() is None else None
    for tag in (heading, inner, opens):
        if tag is not None and (found := tag.get("id") or tag.get("name")):
            return str(found)
    return ""


def _names(row: Tag) -> bool:
    """Tell whether ``row`` names the columns, rather than telling something itself."""
    return row.find_parent("thead") is not None or row.find("td", recursive=False) is None


def _nameless(row: Tag) -> str:
    """Return the header that Markdown wants where a table begins without one."""
    rule = _rule(row)
    return rule and rule.replace(" --- ", " ") + rule


def _rule(row: Tag) -> str:
    """Return the line that Markdown wants under a table's first row."""
    if row.find_previous_sibling("tr") or row.find_parent(["thead", "table"]) is None:
        return ""
    cells = len(row.find_all(["td", "th"], recursive=False))
    before = row.parent.find_previous_sibling(["thead", "tbody"]) if row.parent else None
    return "" if before else f"\n|{' --- |' * cells}"
