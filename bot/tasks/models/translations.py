"""Translates, by one small model such as Marian for each pair of languages."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from bot.local import Loaded
from bot.tasks.models.pieces import counted, pieces
from bot.tasks.models.resident import Resident
from bot.tasks.models.sentences import bare, translated
from bot.tasks.models.writing import room, written

_BATCH = 16  # sentences; so that a long text does not keep everybody else from the model


class ModelTranslator:
    """Keeps the promise ``Translator`` for ``pairs``, which are called ``de-en`` and so on."""

    def __init__(self, pairs: Mapping[str, Resident]) -> None:
        self._pairs = dict(pairs)

    @property
    def by(self) -> str:
        """The models' names."""
        return ", ".join(dict.fromkeys(resident.name for resident in self._pairs.values()))

    async def translate(self, text: str, *, source: str, target: str) -> str:
        """Return ``text`` in ``target``: Markdown, marks, links, code and addresses stay.

        Raises:
            LookupError: no model translates this pair.
        """
        resident = self._pair(source, target)
        sentences = bare(text)
        known: dict[str, str] = {}
        for begin in range(0, len(sentences), _BATCH):
            some = sentences[begin : begin + _BATCH]
            answers = await resident.ask(partial(_all, sentences=some))
            known |= zip(some, answers, strict=True)
        return translated(text, known)

    def _pair(self, source: str, target: str) -> Resident:
        for pair in _fitting(source, target):
            if pair in self._pairs:
                return self._pairs[pair]
        known = ", ".join(self._pairs)
        raise LookupError(f"No model translates {source}-{target}; there are: {known}.")


def _fitting(source: str, target: str) -> Iterable[str]:
    """Yield the pair, and then without regions: who reads de reads de-AT."""
    short = source.partition("-")[0], target.partition("-")[0]
    yield f"{source}-{target}"
    yield f"{source}-{short[1]}"
    yield f"{short[0]}-{target}"
    yield f"{short[0]}-{short[1]}"


def _all(loaded: Loaded, sentences: Sequence[str]) -> Sequence[str]:
    """Translate ``sentences``; one that is longer than the model reads comes in pieces."""
    count = counted(loaded.tokenizer)
    cut = [pieces(sentence, room=room(loaded), count=count) for sentence in sentences]
    answers = iter(written(loaded, [piece for each in cut for piece in each]))
    return [" ".join(next(answers) for _ in each) for each in cut]
