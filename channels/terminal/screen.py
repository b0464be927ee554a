"""Shows a conversation on a real terminal: finished blocks stay, the unfinished one is live.

Append-only: what has scrolled away is never written again, whatever the terminal's size.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib import import_module
from os import get_terminal_size, terminal_size
from textwrap import wrap
from threading import Thread
from typing import TYPE_CHECKING, TextIO

from bot.messages import Citation
from channels.blocks import Blocks
from channels.terminal.escapes import harmless
from channels.terminal.page import STOPPED, WITHDRAWN, Page, PlainPage, source_lines
from channels.terminal.tail import Tail

if TYPE_CHECKING:
    from rich.console import Console

_WIDEST = 100  # longer lines are hard to read
_WAITING = "…"
_RENDERER = "channels.terminal.markdown"
# Rich fills every line up; a narrower terminal would break them, and a copy would have the spaces.
_PADDING = re.compile(r" +((?:\x1b\[[\d;]*m)*)$")
_UNSEEN = re.compile(r"(?:\x1b\[[\d;]*m)+")
_USUAL_SIZE = terminal_size((80, 24))
_NOTE, _STRUCK, _SOURCE = "2", "2;9", "36"  # dim; dim and struck; cyan
# These keep their line breaks when their width changes; all others that we know break them anew.
_STEADY = ("XTERM_VERSION", "STY")


class Screen:
    """A ``Page`` on a terminal that can move its cursor."""

    def __init__(self, out: TextIO, *, environment: Mapping[str, str]) -> None:
        self._out = out
        self._environment = environment
        self._tail = Tail(
            write=self._write,
            size=self._size,
            reflows=not any(environment.get(name) for name in _STEADY),
        )
        self._blocks = Blocks()
        self._warm = False  # what renders blocks is imported
        self._apart = False  # the next block is set off by a blank line

    def begin(self) -> None:
        self._blocks, self._apart = Blocks(), False
        self._tail.paint(_WAITING)
        if not self._warm:
            # A model takes longer to begin than this takes; what comes then is shown at once.
            Thread(target=import_module, args=[_RENDERER], daemon=True).start()
            self._warm = True

    def add(self, text: str) -> None:
        fresh = not self._blocks.open
        finished = self._blocks.feed(text)
        if finished or fresh:
            self._tail.wipe()
        for block in finished:
            self._print(block)
        if self._blocks.open:
            self._set_apart()
            self._tail.paint(harmless(self._blocks.open))

    def withdraw(self) -> None:
        self._tail.wipe()
        rest = self._blocks.close()
        for block in rest:
            self._write(self._styled(harmless(block), _STRUCK) + "\n")
        if rest or self._apart:
            self.note(WITHDRAWN)
        self.begin()

    def end(self, *, stopped: bool = False) -> None:
        self._tail.wipe()
        for block in self._blocks.close():
            self._print(block)
        if stopped:
            self.note(STOPPED)

    def sources(self, citations: Sequence[Citation]) -> None:
        if citations:
            self._write("\n")
        for citation in citations:
            name, *link = source_lines(citation)
            name = self._styled(self._wrapped(name), _SOURCE)
            self._write("".join([name, "\n", *(f"    {a}\n" for a in link)]))

    def markdown(self, text: str) -> None:
        self._apart = False
        self._print(text)

    def note(self, text: str) -> None:
        self._tail.wipe()
        self._write(self._styled(self._wrapped(harmless(text)), _NOTE) + "\n")

    def _wrapped(self, text: str) -> str:
        """Break the lines between words; one that is too long, as an address, stays whole."""
        width = max(1, self._size().columns - 1)
        broken = (
            wrap(
                line,
                width,
                replace_whitespace=False,
                break_long_words=False,
                break_on_hyphens=False,
            )
            for line in text.split("\n")
        )
        return "\n".join("\n".join(lines) for lines in broken)

    def _print(self, block: str) -> None:
        """Print a finished block for good."""
        from channels.terminal.markdown import Answer

        self._set_apart()
        width = min(_WIDEST, max(1, self._size().columns - 1))
        with self._console.capture() as printed:
            self._console.print(Answer(block), width=width)
        lines = [_PADDING.sub(r"\1", line) for line in printed.get().split("\n")]
        shown = [line for line in lines if not _UNSEEN.fullmatch(line)]
        self._write("\n".join(shown).strip("\n") + "\n")
        self._apart = True

    def _set_apart(self) -> None:
        if self._apart:
            self._write("\n")
        self._apart = False

    def _styled(self, text: str, style: str) -> str:
        """Give ``text`` a style, line by line, where colours are wanted."""
        if not text or self._environment.get("NO_COLOR"):
            return text
        return "\n".join(f"\x1b[{style}m{line}\x1b[m" for line in text.split("\n"))

    def _size(self) -> terminal_size:
        try:
            size = get_terminal_size(self._out.fileno())
        except (OSError, ValueError):  # not a terminal, or one that is gone
            return _USUAL_SIZE
        return size if all(size) else _USUAL_SIZE

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()

    @cached_property
    def _console(self) -> "Console":
        from rich.console import Console

        return Console(
            file=self._out,
            force_terminal=True,
            no_color=bool(self._environment.get("NO_COLOR")),
            highlight=False,
            emoji=False,
        )


def open_page(out: TextIO, *, environment: Mapping[str, str]) -> Page:
    """Return a page for ``out``: a screen where it is one, plain lines everywhere else."""
    if out.isatty() and environment.get("TERM", "dumb") != "dumb":
        return Screen(out, environment=environment)
    return PlainPage(out)
