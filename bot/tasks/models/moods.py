"""Hears how a customer sounds, by a classifier of sentiments, stars or emotions."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from bot.local import Loaded
from bot.tasks.base import Mood, MoodLabel
from bot.tasks.models.classifying import labels, shares
from bot.tasks.models.resident import Resident

_SURE: Final = 0.75  # what a mood must have where the model knows no neutral one

_WORDS: Final[Mapping[MoodLabel, str]] = {
    "upset": """
        negative neg anger angry annoyance annoyed disgust disappointment disapproval sadness sad
        frustration frustrated upset hate offensive grief
    """,
    "neutral": """
        neutral neu mixed surprise confusion curiosity realization fear nervousness embarrassment
        remorse desire
    """,
    "content": """
        positive pos joy happiness happy love gratitude admiration approval amusement excitement
        optimism relief pride caring satisfied content
    """,
}
_OURS: Final = {word: ours for ours, words in _WORDS.items() for word in words.split()}
_STARS: Final[Sequence[MoodLabel]] = ("upset", "upset", "neutral", "content", "content")
# What LABEL_0 and so on mean in models whose makers gave no names.
_NUMBERED: Final[Mapping[int, Sequence[MoodLabel]]] = {
    2: ("upset", "content"),
    3: ("upset", "neutral", "content"),
    5: _STARS,
}
_STAR: Final = re.compile(r"([1-5])(?:[ _]?stars?)?", re.IGNORECASE)
_NUMBER: Final = re.compile(r"LABEL_(\d+)", re.IGNORECASE)


def ours(names: Sequence[str]) -> Mapping[str, MoodLabel]:
    """Return what each of a model's labels means; a strange one among known ones is neutral.

    Empty where none of them tells of somebody who is upset.
    """
    numbered = _NUMBERED.get(len(names), ())
    found: dict[str, MoodLabel] = {name: _meaning(name, numbered) for name in names}
    return found if "upset" in found.values() else {}


def _meaning(name: str, numbered: Sequence[MoodLabel]) -> MoodLabel:
    if star := _STAR.fullmatch(name):
        return _STARS[int(star[1]) - 1]
    if (number := _NUMBER.fullmatch(name)) and int(number[1]) < len(numbered):
        return numbered[int(number[1])]
    words = re.findall(r"[a-z]+", name.lower())
    return next((_OURS[word] for word in words if word in _OURS), "neutral")


class ModelMoods:
    """Keeps the promise ``Moods`` with one classifier."""

    def __init__(self, resident: Resident) -> None:
        self._resident = resident
        resident.must(_fits)

    @property
    def by(self) -> str:
        """The model's name."""
        return self._resident.name

    async def mood(self, text: str) -> Mood | None:
        """Return the mood of ``text``; of a long one, that of its most upset part, if it is."""
        return await self._resident.ask(lambda loaded: _mood(loaded, text))


def _mood(loaded: Loaded, text: str) -> Mood | None:
    meaning = ours(labels(loaded))
    moods = [_of(window, meaning) for window in shares(loaded, text)]
    upset = [mood for mood in moods if mood.label == "upset"]
    return max(upset or moods, key=lambda mood: mood.score or 0.0, default=None)


def _of(window: Mapping[str, float], meaning: Mapping[str, MoodLabel]) -> Mood:
    found: dict[MoodLabel, float] = {}
    for name, share in window.items():
        found[meaning[name]] = found.get(meaning[name], 0.0) + share
    best = max(found, key=lambda label: found[label])
    if "neutral" not in found and found[best] < _SURE:
        return Mood("neutral", found[best])
    return Mood(best, found[best])


def _fits(loaded: Loaded) -> str:
    names = labels(loaded)
    if ours(names):
        return ""
    return (
        f"knows the labels {', '.join(names)}: none of them tells of an upset customer. "
        "Choose one with NEGATIVE and POSITIVE, with stars from 1 to 5, or with emotions such as "
        "anger."
    )
