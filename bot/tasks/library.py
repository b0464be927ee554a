"""Tells a message's language by what the library py3langid has learned of 139 languages."""

import asyncio
import importlib.util
import threading
from collections.abc import Collection, Mapping
from typing import Any

from bot.errors import MissingExtra
from bot.tasks.base import Heard
from bot.tasks.rules import RuledLanguages
from bot.tasks.rules.languages import plain

_ENOUGH = 0.5  # in a few letters it is hardly ever surer than of any other language
_LEAST = 0.3  # of all languages' share, for those that there are: they alone always share it all
_NONE = "zxx"  # what it calls numbers and the like


def check_package() -> None:
    """Raise MissingExtra where the library is not installed; imports nothing."""
    if importlib.util.find_spec("py3langid") is None:
        raise MissingExtra(
            "[tasks.language] by = 'library' needs the package 'py3langid'. "
            "Install it with: pip install 'frontdesk[languages]'"
        )


class LibraryLanguages:
    """Keeps the promise ``Languages``; of a greeting the library is not sure, but the rule is.

    ``among`` leaves out other languages. What the library has learned is loaded with the first
    message, in a thread; after that it takes a fraction of a millisecond.

    Raises:
        MissingExtra: py3langid is not installed.
    """

    by = "library"

    def __init__(self, *, among: Collection[str] = ()) -> None:
        check_package()
        self._among = frozenset(code.split("-")[0].lower() for code in among)
        self._rule = RuledLanguages(among=among)
        self._loading = threading.Lock()
        self._library: Any = None

    async def language(self, text: str) -> Heard | None:
        """Return the language of ``text``; its score is the share against all that there are."""
        library = self._library or await asyncio.to_thread(self._load)
        shares = dict(library.rank(plain(text)))
        if heard := _best({code: shares[code] for code in shares if self._knows(code)}):
            return heard
        return None if _best(shares) else await self._rule.language(text)

    def _knows(self, code: str) -> bool:
        return code in self._among if self._among else code != _NONE

    def _load(self) -> Any:
        from py3langid.langid import (  # noqa: PLC0415 - with numpy it takes half a second
            MODEL_FILE,
            LanguageIdentifier,
        )

        with self._loading:
            if self._library is None:
                self._library = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        return self._library


def _best(shares: Mapping[str, float]) -> Heard | None:
    whole = sum(shares.values())
    if whole < _LEAST:
        return None
    best = max(shares, key=lambda code: shares[code])
    score = shares[best] / whole
    return Heard(best, score) if score >= _ENOUGH else None
