"""Reads Markdown and MDX into an outline."""

import re
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.knowledge.outline import Outline, slug
from bot.knowledge.tags import Enter, Leave, strip

_ANCHOR = re.compile(r"\\?\{#([^\s{}]+?)\\?\}|\[#([\w-]+)\]\s*$")
_LONGEST_HEADING = 2_000


def blocks() -> MarkdownIt:
    """Return a parser that finds blocks and their lines, and leaves the words in them alone."""
    # A reference or a stray tag is text to us: every line belongs to a block that we keep.
    return MarkdownIt("commonmark").enable("table").disable(["inline", "reference", "html_block"])


class MarkdownReader:
    """Follows the headings of one article into an outline."""

    def __init__(self) -> None:
        self._blocks = blocks()
        self._words = MarkdownIt("commonmark")

    def read(self, source: str) -> Outline:
        outline = Outline()
        for piece in strip(source):
            match piece:
                case Enter(title, anchor):
                    outline.enter(title, anchor=slug(title) if anchor is None else anchor)
                case Leave():
                    outline.leave()
                case text:
                    self._follow(text, outline)
        return outline

    def _follow(self, text: str, outline: Outline) -> None:
        lines = text.split("\n")  # as the parser counts them: a form feed ends none
        tokens = self._blocks.parse(text)
        written = 0
        for token, inline in pairwise(tokens):
            if token.type != "heading_open" or token.level or token.map is None:
                continue
            begin, end = token.map
            outline.write("\n".join([*lines[written:begin], ""]))
            words, anchor = self._heading(inline)
            outline.heading(int(token.tag[1]), words, anchor=anchor)
            written = end
        outline.write("\n".join([*lines[written:], "", ""]))

    def _heading(self, inline: Token) -> tuple[str, str | None]:
        """Return a heading's words, without their Markdown, and the anchor that it was given."""
        content = inline.content[:_LONGEST_HEADING]
        given = _ANCHOR.search(content)
        words = "".join(
            child.content or " "
            for token in self._words.parseInline(_ANCHOR.sub("", content))
            for child in token.children or ()
            if child.content or child.type == "softbreak"
        )
        return words, (given[1] or given[2]) if given else None
