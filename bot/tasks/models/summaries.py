"""Sums up a conversation, by a model such as BART."""

from collections.abc import Sequence

from bot.citations import unmarked
from bot.local import Loaded
from bot.messages import Message
from bot.tasks.models.pieces import counted, pieces
from bot.tasks.models.resident import Resident
from bot.tasks.models.writing import room, written

_ROUNDS = 4  # of summing up summaries; each takes a fraction of what is left


class ModelSummarizer:
    """Keeps the promise ``Summarizer``: what is longer than the model reads comes in pieces."""

    def __init__(self, resident: Resident) -> None:
        self._resident = resident

    @property
    def by(self) -> str:
        """The model's name."""
        return self._resident.name

    async def summarize(self, before: str, messages: Sequence[Message]) -> str:
        """Return ``before`` and the ``messages``, summed up."""
        told = [f"{each.author}: {unmarked(each.text)}" for each in messages if each.text]
        text = "\n\n".join([before, *told] if before else told)
        return await self._resident.ask(lambda loaded: summed_up(loaded, text)) if told else before


def summed_up(loaded: Loaded, text: str) -> str:
    """Sum up ``text`` piece by piece, and the summaries again, until one is left."""
    count = counted(loaded.tokenizer)
    for _ in range(_ROUNDS):
        parts = pieces(text, room=room(loaded), count=count)
        text = " ".join(_short(loaded, parts, most=min(map(count, parts), default=0)))
        if len(parts) <= 1:
            break
    return text


def _short(loaded: Loaded, parts: Sequence[str], *, most: int) -> Sequence[str]:
    # A model that must write more than there is to read invents the rest.
    least = getattr(loaded.model.generation_config, "min_length", 0) or 0
    bounds = {"min_length": most // 2} if least > most // 2 else {}
    return written(loaded, parts, **bounds)
