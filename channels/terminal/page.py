"""The promise of what an answer is shown on, and its plain keeper for pipes and dumb terminals."""

from collections.abc import Sequence
from typing import Protocol, TextIO

from bot.messages import Citation
from channels.terminal.escapes import harmless

WITHDRAWN = "(withdrawn)"
STOPPED = "(stopped)"
DELETED = "(deleted)"
EDITED = "(edited since)"


class Page(Protocol):
    """Shows an answer as it is written, and what else is to be told."""

    def begin(self) -> None:
        """An answer is on its way."""
        ...

    def add(self, text: str) -> None:
        """Show some more of the answer."""
        ...

    def withdraw(self) -> None:
        """Strike what was shown of the answer; another one follows."""
        ...

    def end(self, *, stopped: bool = False) -> None:
        """The answer is whole, or stopped where it is."""
        ...

    def sources(self, citations: Sequence[Citation]) -> None:
        """Show what the answer's numbers mean."""
        ...

    def markdown(self, text: str) -> None:
        """Show a whole text."""
        ...

    def note(self, text: str) -> None:
        """Tell something that is not part of the conversation."""
        ...


def source_lines(citation: Citation) -> list[str]:
    """Return a source as it stands under an answer: its number and names, then its address."""
    title, heading = harmless(citation.title), harmless(citation.heading)
    name = title if heading in {"", title} else f"{title} › {heading}"
    return [f"[{citation.number}] {name}", *([harmless(citation.link)] if citation.link else [])]


class PlainPage:
    """Writes line after line and takes nothing back."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._inside = False  # a line has begun
        self._shown = False  # some of the present answer

    def begin(self) -> None:
        self._shown = False

    def add(self, text: str) -> None:
        self._shown = self._shown or bool(text)
        self._write(harmless(text))

    def withdraw(self) -> None:
        if self._shown:
            self._line(WITHDRAWN)

    def end(self, *, stopped: bool = False) -> None:
        if stopped:
            self._write(f" {STOPPED}")
        if self._inside:
            self._write("\n")

    def sources(self, citations: Sequence[Citation]) -> None:
        for citation in citations:
            self._line("  ".join(source_lines(citation)))

    def markdown(self, text: str) -> None:
        self._line(harmless(text))

    def note(self, text: str) -> None:
        self._line(harmless(text))

    def _line(self, text: str) -> None:
        """Write ``text`` as a line of its own."""
        self._write(("\n" if self._inside else "") + text + "\n")

    def _write(self, text: str) -> None:
        if text:
            self._inside = not text.endswith("\n")
            self._out.write(text)
            self._out.flush()
