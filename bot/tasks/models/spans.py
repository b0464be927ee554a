"""Finds the exact words of a passage that answer a question, by a model such as RoBERTa SQuAD 2.

Read as Devlin et al. (2019) and Rajpurkar et al. (2018) do: the model tells for each token how
well the answer begins and ends there, and for the first token of all that there is no answer.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.local import Loaded
from bot.messages import Passage
from bot.tasks.base import Span
from bot.tasks.models.pieces import counted
from bot.tasks.models.resident import Resident

_BATCH = 8
_LONGEST = 40  # tokens of an answer
_WINDOW = 384  # tokens of a question with a part of its passage, as such models are trained
_STRIDE = 128  # tokens that a part shares with the one before, so that no answer is cut in two


class ModelSpans:
    """Keeps the promise ``Spans``."""

    def __init__(self, resident: Resident) -> None:
        self._resident = resident
        resident.must(_fits)

    @property
    def by(self) -> str:
        """The model's name."""
        return self._resident.name

    async def span(self, question: str, passages: Sequence[Passage]) -> Span | None:
        """Return the best span of all ``passages``; None where the model finds no answer.

        ``score`` is the probability that the answer begins and ends there.

        Raises:
            ValueError: the question leaves the model no room for a passage.
        """
        if not passages:
            return None
        texts = [passage.text for passage in passages]
        return await self._resident.ask(lambda loaded: _span(loaded, question, texts))


def _span(loaded: Loaded, question: str, texts: Sequence[str]) -> Span | None:
    found = [span for window in _windows(loaded, question, texts) if (span := _best(window, texts))]
    return max(found, key=lambda span: span.score, default=None)


@dataclass(frozen=True, slots=True)
class _Window:
    """A part of a passage: what the model says of each token, and where each stands in it.

    ``offsets`` is None for tokens that are not the passage's.
    """

    passage: int
    starts: Any
    ends: Any
    offsets: Sequence[tuple[int, int] | None]


def _windows(loaded: Loaded, question: str, texts: Sequence[str]) -> Iterator[_Window]:
    import torch  # noqa: PLC0415 - takes seconds

    batch = _tokens(loaded, question, texts)
    offsets, passages = batch.pop("offset_mapping"), batch.pop("overflow_to_sample_mapping")
    with torch.inference_mode():
        for begin in range(0, len(passages), _BATCH):
            part = {name: rows[begin : begin + _BATCH] for name, rows in batch.items()}
            found = loaded.model(**{name: rows.to(loaded.device) for name, rows in part.items()})
            logits = zip(found.start_logits.cpu(), found.end_logits.cpu(), strict=True)
            for row, (starts, ends) in enumerate(logits, begin):
                yield _Window(
                    int(passages[row]),
                    starts.float(),
                    ends.float(),
                    _places(batch.sequence_ids(row), offsets[row].tolist()),
                )


def _tokens(loaded: Loaded, question: str, texts: Sequence[str]) -> Any:
    longest = min(_WINDOW, loaded.context_tokens or _WINDOW)
    asked = counted(loaded.tokenizer)(question)
    stride = min(_STRIDE, longest // 4)
    if asked > longest - 2 * stride:
        raise ValueError(f"The question has {asked} tokens, and the model reads {longest} in all.")
    return loaded.tokenizer(
        [question] * len(texts),
        list(texts),
        truncation="only_second",
        max_length=longest,
        stride=stride,
        padding=True,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
        return_tensors="pt",
    )


def _places(
    sequences: Sequence[int | None], offsets: Sequence[Sequence[int]]
) -> Sequence[tuple[int, int] | None]:
    return [
        (start, end) if sequence == 1 and end > start else None
        for sequence, (start, end) in zip(sequences, offsets, strict=True)
    ]


def _best(window: _Window, texts: Sequence[str]) -> Span | None:
    """Return the window's best span, if the model does not rather say that there is none."""
    import torch  # noqa: PLC0415 - takes seconds

    inside = torch.tensor([place is not None for place in window.offsets])
    allowed = inside.clone()
    allowed[0] = True  # where "no answer" stands
    starts = window.starts.masked_fill(~allowed, -torch.inf).softmax(-1)
    ends = window.ends.masked_fill(~allowed, -torch.inf).softmax(-1)
    both = torch.outer(starts * inside, ends * inside).triu().tril(_LONGEST - 1)
    first, last = divmod(int(both.argmax()), len(ends))
    score = float(both[first, last])
    begins, stops = window.offsets[first], window.offsets[last]
    if begins is None or stops is None or score <= float(starts[0] * ends[0]):
        return None
    text = texts[window.passage][begins[0] : stops[1]]
    return Span(text=text, score=score, start=begins[0], end=stops[1], passage=window.passage)


def _fits(loaded: Loaded) -> str:
    if getattr(loaded.tokenizer, "is_fast", False):
        return ""
    return (
        "has a tokenizer that does not tell where in a text its tokens stand. "
        "Choose one that comes with a tokenizer.json."
    )
