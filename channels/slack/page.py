"""One Slack message while it grows: what it says, what is open in it, and the room that is left."""

from channels.slack.outline import QUOTE, Fence, Outline, Table
from channels.slack.wording import weight


class Page:
    """A message of at most ``room``, counted by ``wording.weight``."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.used = 0
        self.said = False  # something of the answer stands in it, not only what was opened again
        self.outline = Outline()  # after its whole lines
        self._parts: list[str] = []
        self._taken = 0

    @property
    def left(self) -> int:
        """The room that is left."""
        return self.room - self.used

    @property
    def share(self) -> float:
        """How full it is; 1 is full."""
        return self.used / self.room

    def take(self) -> str:
        """Return what was put to it since the last call."""
        start, self._taken = self._taken, len(self._parts)
        return "".join(self._parts[start:])

    def put(self, text: str) -> None:
        """Put a part of a line to it; who ends the line tells ``outline``."""
        self._parts.append(text)
        self.used += weight(text)

    def put_line(self, line: str) -> None:
        """Put a whole line to it."""
        self.put(line + "\n")
        self.outline.take(line)

    def reopen(self, fence: Fence, containers: tuple[int, ...]) -> None:
        """Open a fence that the message before had to close."""
        self.put_line(f"{quotes(containers)}{fence.indent}{fence.sign}{fence.info}")

    def repeat(self, table: Table, containers: tuple[int, ...]) -> None:
        """Go on with a table of the message before."""
        self.put_line(quotes(containers) + table.header)
        self.put_line(quotes(containers) + table.delimiter)

    @property
    def closing(self) -> str:
        """The line that ends the fence that is open; nothing if none is."""
        fence = self.outline.fence
        if fence is None:
            return ""
        inside = ["> " if width == QUOTE else " " * width for width in self.outline.containers]
        return "".join(inside) + fence.indent + fence.sign

    def close_fence(self) -> None:
        """End the message's fence, as its last line."""
        closing = self.closing
        self.put(closing if self._parts[-1].endswith("\n") else "\n" + closing)
        self.outline.take(closing)


def quotes(containers: tuple[int, ...]) -> str:
    """Return the marks of the quotes among ``containers``; lists need none to go on."""
    return "> " * containers.count(QUOTE)
