"""Hears what language a message is written in, by a classifier whose labels are codes."""

import math
import re
from collections.abc import Sequence

from bot.local import Loaded
from bot.tasks.base import Heard
from bot.tasks.models.classifying import labels, shares
from bot.tasks.models.resident import Resident

_CODE = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z]{2,4})?")
_LETTER = re.compile(r"[^\W\d_]")


class ModelLanguages:
    """Keeps the promise ``Languages``."""

    def __init__(self, resident: Resident) -> None:
        self._resident = resident
        resident.must(_fits)

    @property
    def by(self) -> str:
        """The model's name."""
        return self._resident.name

    async def language(self, text: str) -> Heard | None:
        """Return the language of ``text``; None where no letter tells."""
        if not _LETTER.search(text):
            return None
        return await self._resident.ask(lambda loaded: _language(loaded, text))


def _language(loaded: Loaded, text: str) -> Heard | None:
    windows = shares(loaded, text)
    if not windows:
        return None
    mean = {name: math.fsum(each[name] for each in windows) / len(windows) for name in windows[0]}
    best = max(mean, key=lambda name: mean[name])
    return Heard(best.replace("_", "-"), mean[best])


def _fits(loaded: Loaded) -> str:
    names = labels(loaded)
    if strange := _strange(names):
        return (
            f"has the label '{strange[0]}', which is no language's code. "
            "Choose one whose labels are codes such as en and de."
        )
    return ""


def _strange(names: Sequence[str]) -> Sequence[str]:
    return [name for name in names if not _CODE.fullmatch(name)]
