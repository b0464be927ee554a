"""Text that grows piece by piece, with at most one empty line where tags stood."""


class Prose:
    """Joins pieces; the line breaks that a piece begins with fill up to one empty line."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._breaks = 2  # that the text ends with: none are wanted at its top

    def add(self, text: str) -> None:
        """Add ``text``, without the leading breaks that are there already."""
        wanted = len(text) - len(text.lstrip("\n"))
        text = text[max(0, wanted + self._breaks - 2) if self._breaks else 0 :]
        if not text:
            return
        self._pieces.append(text)
        ending = len(text) - len(text.rstrip("\n"))
        self._breaks = min(2, self._breaks + ending if ending == len(text) else ending)

    @property
    def at_line_start(self) -> bool:
        return self._breaks > 0

    def take(self) -> str:
        """Return all of it and begin anew."""
        text = "".join(self._pieces)
        self._pieces.clear()
        self._breaks = 2
        return text
