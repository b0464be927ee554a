"""Renders Markdown for a terminal: nothing that was written is left out, nothing is obeyed."""

from collections.abc import Iterable

from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import Heading, Markdown

from channels.terminal.escapes import harmless


class _Title(Heading):
    """A heading at the left, as a page of help has it, not in the middle as on a poster."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self.text


class Answer(Markdown):
    """A block of an answer. Addresses are written out, for a terminal may not show them.

    Line ends are kept, as people mean them in a chat, and so is what looks like HTML.
    """

    elements = {**Markdown.elements, "heading_open": _Title}  # noqa: RUF012  (rich's own way)

    def __init__(self, text: str) -> None:
        super().__init__("", code_theme="ansi_dark", hyperlinks=False)
        parser = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"])
        self.parsed = list(_safe(parser.parse(harmless(text))))


def _safe(tokens: Iterable[Token]) -> Iterable[Token]:
    """Clean what entities such as ``&#8238;`` have become, and keep the ends of lines."""
    for token in tokens:
        token.content = harmless(token.content)
        token.attrs = {
            name: harmless(value) if isinstance(value, str) else value
            for name, value in token.attrs.items()
        }
        token.type = "hardbreak" if token.type == "softbreak" else token.type
        token.children = token.children and list(_safe(token.children))
        yield token
