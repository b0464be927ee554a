"""Shows one answer as its events tell of it, and settles it with the reply that was kept."""

from bot.messages import Event, Outcome, Piece, Released, Replied, Reply, Withdrawn
from channels.terminal.page import Page


class Answer:
    """An answer on its way. ``reply`` is the latest that was kept, None until there is one."""

    def __init__(self, page: Page) -> None:
        self.reply: Reply | None = None
        self._page = page
        self._shown = ""
        page.begin()

    def take(self, event: Event) -> Reply | None:
        """Show what ``event`` tells; return the reply where it brings one."""
        match event:
            case Piece(text):
                self._begin_again()
                self._page.add(text)
                self._shown += text
            case Withdrawn():
                self._page.withdraw()
                self._shown = ""
            case Released():
                self._page.note("Somebody else answers now …")
            case Replied(reply):
                self._settle(reply)
                return reply
        return None

    @property
    def begun(self) -> bool:
        """Whether there is something of it to read."""
        return bool(self._shown)

    def leave(self, *, stopped: bool) -> None:
        """The customer waits no longer."""
        self._page.end(stopped=stopped)

    def _begin_again(self) -> None:
        """A reply was shown, and it was not to the last message: another one follows."""
        if self.reply is not None and not self._shown:
            self._page.begin()

    def _settle(self, reply: Reply) -> None:
        """Let the page say what was kept, whatever was shown of it."""
        self._begin_again()
        rest = reply.text
        if rest.startswith(self._shown):
            rest = rest[len(self._shown) :]
        elif self._shown.startswith(rest):
            rest = ""
        else:
            self._page.withdraw()
        # Where nothing was said, the reply's own words tell that it was stopped.
        stopped = reply.outcome is Outcome.STOPPED and bool(self._shown)
        self._page.add(rest)
        self._page.end(stopped=stopped)
        self._page.sources(reply.citations)
        self.reply, self._shown = reply, ""
