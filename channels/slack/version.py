"""One text of an answer as a backend writes it, and the messages that show it in Slack so far."""

from dataclasses import dataclass, field
from enum import Enum, auto

from channels.slack.sheets import Sheets


class Growth(Enum):
    """Whether a message still grows."""

    OPEN = auto()
    DOUBTFUL = auto()  # the end of a call is not known: it may grow, and have more than we know
    ENDED = auto()  # by Slack or by a person, and not by us
    SEALED = auto()  # it says all that it shall, and which part it is


@dataclass(slots=True, kw_only=True)
class Part:
    """A message that shows a part of an answer; ``number`` counts from 1, ``row`` is its note's."""

    ts: str
    row: int
    number: int
    begun: float
    text: str
    growth: Growth = Growth.OPEN
    ended: float = 0.0  # when we heard of that


@dataclass(slots=True)
class Version:
    """What a backend has said so far, cut for Slack; ``began`` is when it said the first of it."""

    began: float | None = None
    waiting: str = ""  # cut, and not in Slack yet
    turned: bool = False  # what waits is the end of the last part
    still: bool = False  # nothing more of it is shown before it is delivered
    vain: bool = False  # what is shown of it cannot be ended, and must go
    parts: list[Part] = field(default_factory=list)
    _said: str = ""
    _cut: int = 0  # so many characters of it
    _fresh: bool = False  # a message has ended, and who knows what it left
    _sheets: Sheets = field(default_factory=Sheets)

    def hear(self, text: str, *, at: float) -> None:
        if not self._said:
            text = text.lstrip()  # as the reply begins
        if text and self.began is None:
            self.began = at
        self._said += text

    def give_up(self) -> None:
        self.still = self.vain = True

    @property
    def growing(self) -> Part | None:
        """The message that is not sealed, if there is one."""
        last = self.parts[-1] if self.parts else None
        return None if last is None or last.growth is Growth.SEALED else last

    @property
    def has_more(self) -> bool:
        """Whether there may be something that Slack does not show yet."""
        uncut = self._fresh or self._cut < len(self._said)
        return bool(self.waiting) or uncut or self._sheets.full

    @property
    def full(self) -> bool:
        """Whether the present message has no room for what comes next."""
        return self._sheets.full

    def cut(self, *, soon: bool = False) -> str:
        """Return all that may be appended to the present message now, which shall end ``soon``."""
        if not self.turned:
            if soon:
                self._sheets.soon()
            self._sheets.add(self._said[self._cut :])
            self._cut = len(self._said)
            self.waiting += self._sheets.take()
            self._fresh = False
        return self.waiting

    def turn(self) -> None:
        """Let what waits end the present message; what follows belongs to the next."""
        if not self.turned:
            self.waiting += self._sheets.turn()
            self.turned = True

    def sent(self, part: Part, text: str) -> None:
        """Note that ``text``, of what waits, is in Slack."""
        part.text += text
        self.waiting = self.waiting.removeprefix(text)

    def seal(self, part: Part) -> None:
        part.growth = Growth.SEALED
        self.turned, self._fresh = False, True

    def rest(self, text: str) -> list[str] | None:
        """Return what is missing of the whole ``text``: for the present message, and for others.

        None where that is not how it goes on.
        """
        cut = self._said[: self._cut]
        if not text.startswith(cut) and cut.rstrip() != text:
            return None
        self._sheets.add(text[len(cut) :])
        pages = remaining(self._sheets)
        if not self.turned:
            return [self.waiting + pages[0], *pages[1:]]
        return [self.waiting, *pages] if any(pages) else [self.waiting]


def remaining(sheets: Sheets) -> list[str]:
    """Return all that is left, as it ends the present message and fills the next ones."""
    pages = [sheets.take(final=True)]
    while sheets.full:
        pages[-1] += sheets.turn()
        pages.append(sheets.take(final=True))
    if len(pages) > 1 and not pages[-1]:
        pages.pop()
    return pages
