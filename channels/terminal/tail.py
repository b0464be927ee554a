"""Shows the end of an unfinished block in place, and wipes it without a trace once it is done."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from os import terminal_size

from prompt_toolkit.utils import get_cwidth

_MOST_ROWS = 4  # few enough to be found again in a window that has suddenly become small
_WIPE_BELOW = "\r\x1b[J"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the screen; ``taken`` counts the characters of the text that it stands for."""

    text: str
    taken: int


def rows(text: str, *, columns: int) -> Iterator[Row]:
    """Break ``text`` into rows of at most ``columns`` cells, between words where there are any."""
    start = 0
    while start < len(text):
        row = _row(text, start, columns)
        yield row
        start += row.taken
    if not text or text.endswith("\n"):
        yield Row(text="", taken=0)


def _row(text: str, start: int, columns: int) -> Row:
    width, space = 0, -1
    for index in range(start, len(text)):
        character = text[index]
        if character == "\n":
            return Row(text=text[start:index], taken=index + 1 - start)
        space = index if character == " " else space
        width += get_cwidth(character)
        if width > columns and index > start:
            end = space if space > start else index - 1
            return Row(text=text[start : end + 1].rstrip(" "), taken=end + 1 - start)
    return Row(text=text[start:], taken=len(text) - start)


class Tail:
    """Never more rows than the screen has, never wider than it: so nothing of it scrolls away.

    ``reflows`` tells whether the terminal breaks its lines anew when its width changes. What a
    resized window cannot hold of the few rows has scrolled away before anyone can wipe it.
    """

    def __init__(
        self,
        *,
        write: Callable[[str], object],
        size: Callable[[], terminal_size],
        reflows: bool = True,
    ) -> None:
        self._write = write
        self._size = size
        self._reflows = reflows
        self._painted_at = size()
        self._shown: list[str] = []
        self._gone = 0  # characters of the text that stand above the window

    def paint(self, text: str) -> None:
        """Show the end of ``text``: what was painted since the last ``wipe``, and more."""
        size = self._size()
        change = ""
        if size != self._painted_at:
            change, self._shown, self._painted_at = self._climb(self._shown, size), [], size
        wanted = self._window(text.expandtabs(4), size)
        self._write(change + self._change(wanted, size))
        self._shown = wanted

    def wipe(self) -> None:
        """Leave no trace; the cursor stands where the tail began."""
        size = self._size()
        if self._shown:
            self._write(self._climb(self._shown, size))
        self._shown, self._gone, self._painted_at = [], 0, size

    def _window(self, text: str, size: terminal_size) -> list[str]:
        """Return the rows to show; the window moves by half, so that rows are seldom rewritten."""
        columns = max(1, size.columns - 1)
        most = max(1, min(_MOST_ROWS, size.lines // 2))
        self._gone = max(self._gone, len(text) - 4 * most * columns)
        found = list(rows(text[self._gone :], columns=columns))
        if len(found) > most:
            kept = max(1, most // 2)
            self._gone += sum(row.taken for row in found[:-kept])
            found = found[-kept:]
        return [row.text for row in found]

    def _change(self, wanted: list[str], size: terminal_size) -> str:
        """Return what turns the rows that are shown into ``wanted``."""
        shown, last = self._shown, len(self._shown) - 1
        if not shown:
            return "\n".join(wanted)
        pairs = zip(shown[:last], wanted[:-1], strict=False)
        same = next((row for row, (old, new) in enumerate(pairs) if old != new), None)
        if same is None:
            same = min(last, len(wanted) - 1)
        if same == last and wanted[last].startswith(shown[last]):
            return "\n".join([wanted[last][len(shown[last]) :], *wanted[last + 1 :]])
        return self._climb(shown[same:], size) + "\n".join(wanted[same:])

    def _climb(self, over: Sequence[str], size: terminal_size) -> str:
        """Go from the end of the last row to the beginning of ``over``, wiping on the way."""
        columns = size.columns if self._reflows else self._painted_at.columns
        height = sum(max(1, -(-get_cwidth(row) // columns)) for row in over)
        up = min(height, size.lines) - 1
        return (f"\x1b[{up}A" if up > 0 else "") + _WIPE_BELOW
