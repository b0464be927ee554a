"""Writes many answers at once with one model, in a thread of its own."""

import logging
import threading
from collections import deque
from collections.abc import Callable

from bot.errors import FrontdeskError, without_text, without_words
from bot.local.base import Loaded, Progress
from bot.local.desk import Desk, Prepare
from bot.local.strand import Strand, Unwritten, plain

_logger = logging.getLogger(__name__)


class Loom:
    """Loads a model in a thread of its own, and has it write ``at_once`` answers at a time.

    The thread begins with ``warm`` or the first question. Where loading fails, everyone who waits
    is told why, and the next question tries again. ``loading`` tells how far it is, None when it
    is not; ``trouble`` why it failed.
    """

    def __init__(self, *, name: str, load: Callable[[Progress], Loaded], at_once: int) -> None:
        self._name = name
        self._load = load
        self._at_once = at_once
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._waiting: deque[tuple[Strand, Prepare]] = deque()
        self._desk: Desk | None = None
        self.loading: tuple[str, float] | None = None
        self.trouble = ""

    @property
    def loaded(self) -> Loaded | None:
        """The model, once it is there."""
        return self._desk.loaded if self._desk else None

    @property
    def waiting(self) -> int:
        """How many answers have not begun."""
        return len(self._waiting) + (self._desk.waiting if self._desk else 0)

    def warm(self) -> None:
        """Begin to load the model, unless that was done."""
        with self._news:
            if self._thread is None and not self._closed:
                self.loading, self.trouble = ("loading", 0.0), ""
                self._thread = threading.Thread(
                    target=self._work, name=f"loom-{self._name}", daemon=True
                )
                self._thread.start()

    def ask(self, prepare: Prepare) -> Strand:
        """Put an answer into the line; ``pieces`` of what is returned gives it.

        Raises:
            Unwritten: the loom is closed.
        """
        strand = Strand()
        with self._news:
            if self._closed:
                raise Unwritten("it is closed")
            self._waiting.append((strand, prepare))
            self._news.notify()
        self.warm()
        return strand

    def close(self, *, seconds: float) -> None:
        """End every answer and the thread; wait so long at most for the step that runs.

        For a model that is still loading nobody waits: its thread ends once it is there.
        """
        with self._news:
            self._closed = True
            self._news.notify()
            thread, loading = self._thread, self._desk is None
        if loading:
            self._tell_waiting(Unwritten("it was closed"))
        elif thread is not None and thread is not threading.current_thread():
            thread.join(seconds)

    def _work(self) -> None:
        try:
            loaded = self._load(self._progress)
            text = "The model of the backend %r is loaded on %s: %.1f seconds."
            _logger.info(text, self._name, loaded.device, loaded.seconds)
            self._desk = desk = Desk(loaded, at_once=self._at_once)
            self.loading = None
            while self._wait(desk):
                desk.turn()
        except BaseException as error:  # noqa: BLE001 - whoever waits is told, whatever it is
            self._gave_up(plain(error))
            return
        desk.end(Unwritten("it was closed"))
        self._gave_up(Unwritten("it was closed"))

    def _progress(self, what: str, share: float) -> None:
        self.loading = (what, share)

    def _wait(self, desk: Desk) -> bool:
        """Hand what is new to ``desk``; without any work wait for some. False: it is over."""
        with self._news:
            while not (self._closed or self._waiting or desk.busy):
                self._news.wait()
            while self._waiting:
                desk.take(*self._waiting.popleft())
            return not self._closed

    def _gave_up(self, error: Exception) -> None:
        if isinstance(error, FrontdeskError):
            _logger.error("The backend %r cannot begin: %s", self._name, error)
        elif not self._closed:
            text = "The backend %r cannot begin."
            _logger.error(text, self._name, exc_info=without_words(error))
        with self._news:
            self._thread, self._desk, self.loading = None, None, None
            self.trouble = str(error) if isinstance(error, FrontdeskError) else without_text(error)
            self._tell_waiting(error)

    def _tell_waiting(self, error: Exception) -> None:
        with self._news:
            told = [strand for strand, _ in self._waiting]
            self._waiting.clear()
        for strand in told:
            strand.end(error)
        Strand.tell(told)
