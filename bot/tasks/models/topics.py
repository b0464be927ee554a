"""Sorts messages under the company's labels, by a classifier or by what a sentence entails."""

import math
from collections.abc import Iterable, Mapping, Sequence

from bot.local import Loaded
from bot.tasks.base import Topic
from bot.tasks.models.classifying import labels as labels_of
from bot.tasks.models.classifying import paired, shares
from bot.tasks.models.resident import Resident

_ENOUGH = 0.5  # how sure a model must be that a sentence entails its topic


class ModelTopics:
    """Keeps the promise ``Topics``.

    A classifier that was trained on the company's ``labels`` is asked for the best of its own;
    any other must tell what a text entails (NLI), and is asked about each label.
    """

    def __init__(self, resident: Resident, *, labels: Iterable[str]) -> None:
        self._resident = resident
        expected = tuple(labels)
        resident.must(lambda loaded: _fits(loaded, expected))

    @property
    def by(self) -> str:
        """The model's name."""
        return self._resident.name

    async def topic(self, text: str, labels: Mapping[str, str]) -> Topic | None:
        """Return the one of ``labels`` that fits ``text`` best; None if none does."""
        return await self._resident.ask(lambda loaded: _topic(loaded, text, labels))


def _topic(loaded: Loaded, text: str, labels: Mapping[str, str]) -> Topic | None:
    own = {_plain(name): name for name in labels_of(loaded)}
    if all(_plain(label) in own for label in labels):
        return _sorted(shares(loaded, text), {own[_plain(label)]: label for label in labels})
    return _entailed(loaded, text, labels)


def _sorted(windows: Sequence[Mapping[str, float]], ours: Mapping[str, str]) -> Topic | None:
    if not windows:
        return None
    mean = {name: math.fsum(each[name] for each in windows) / len(windows) for name in windows[0]}
    best = max(mean, key=lambda name: mean[name])
    return Topic(ours[best], mean[best]) if best in ours else None


def _entailed(loaded: Loaded, text: str, labels: Mapping[str, str]) -> Topic | None:
    told = [_hypothesis(label, meaning) for label, meaning in labels.items()]
    entails, denies = _verdicts(labels_of(loaded))
    found = [
        Topic(label, max((_sure(window[entails], window[denies]) for window in windows), default=0))
        for label, windows in zip(labels, paired(loaded, text, told), strict=True)
    ]
    best = max(found, key=lambda topic: topic.score or 0.0, default=None)
    return best if best and best.score and best.score >= _ENOUGH else None


def _hypothesis(label: str, meaning: str) -> str:
    about = label.replace("_", " ").replace("-", " ")
    return f"This text is about {about}: {meaning}" if meaning else f"This text is about {about}."


def _sure(entailed: float, denied: float) -> float:
    """Return the share of the one logit against the other: a softmax of two."""
    return 1 / (1 + math.exp(min(denied - entailed, 700)))


def _verdicts(names: Sequence[str]) -> tuple[str, str]:
    """Return a model's label for what is entailed and for what is not; empty where it has none.

    A model with two labels calls the second one "not_entailment".
    """
    plain = {_plain(name): name for name in names}
    entails = plain.get("entailment", "")
    denies = plain.get("contradiction") or plain.get("not entailment") or ""
    return entails, denies


def _plain(label: str) -> str:
    return label.strip().lower().replace("_", " ").replace("-", " ")


def _fits(loaded: Loaded, expected: Sequence[str]) -> str:
    names = labels_of(loaded)
    own = {_plain(name) for name in names}
    missing = [label for label in expected if _plain(label) not in own]
    if not missing or all(_verdicts(names)):
        return ""
    return (
        f"knows the labels {', '.join(names)}, and not your topic '{missing[0]}'. Choose one that "
        "was trained on your topics, or one for zero-shot classification, whose labels are "
        "entailment and contradiction."
    )
