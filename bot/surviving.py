"""Lets what is done again and again outlive whatever it runs into."""

from logging import Logger
from types import TracebackType

from bot.errors import StoreError, without_words


class Surviving:
    """Logs what its block runs into, as ``text`` and without anybody's words, and goes on after it.

    A database that is away is everyday life; of all else the traceback is logged as well.
    """

    def __init__(self, log: Logger, text: str) -> None:
        self._log = log
        self._text = text

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if isinstance(error, StoreError):
            self._log.warning("%s: %s", self._text, error)
        elif isinstance(error, Exception):
            self._log.error("%s.", self._text, exc_info=without_words(error))
        return isinstance(error, Exception)
