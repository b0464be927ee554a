"""Asks a sequence classifier: how much each of its labels fits a text, or a pair of texts."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.local import Loaded
from bot.tasks.models.pieces import counted, pieces

_BATCH = 16
_SPECIAL = 4  # tokens that a tokenizer puts around a text, or a pair of them, at most


def labels(loaded: Loaded) -> Sequence[str]:
    """Return the model's own labels, in their order."""
    named: Mapping[int, str] = loaded.model.config.id2label
    return [named[number] for number in sorted(named)]


def shares(loaded: Loaded, text: str) -> Sequence[Mapping[str, float]]:
    """Return what each label's share of each window of ``text`` is, all together 1."""
    windows = pieces(text, room=_room(loaded), count=counted(loaded.tokenizer))
    named = labels(loaded)
    return [
        dict(zip(named, _shares(logits, loaded), strict=True))
        for logits in _logits(loaded, windows)
    ]


def paired(
    loaded: Loaded, text: str, others: Sequence[str]
) -> Sequence[Sequence[Mapping[str, float]]]:
    """Return the logit of each label for each window of ``text``, by each of ``others``."""
    count = counted(loaded.tokenizer)
    room = _room(loaded) - max(map(count, others))
    windows = pieces(text, room=max(room, 1), count=count)
    both = [(window, other) for other in others for window in windows]
    found = _logits(loaded, [window for window, _ in both], [other for _, other in both])
    named = labels(loaded)
    rows = [dict(zip(named, row, strict=True)) for row in found]
    each = len(windows)
    return [rows[place * each : (place + 1) * each] for place in range(len(others))]


def _room(loaded: Loaded) -> int:
    return max((loaded.context_tokens or 512) - _SPECIAL, 1)


def _logits(
    loaded: Loaded, texts: Sequence[str], others: Sequence[str] | None = None
) -> list[list[float]]:
    import torch  # noqa: PLC0415 - takes seconds

    rows: list[list[float]] = []
    with torch.inference_mode():
        for begin in range(0, len(texts), _BATCH):
            end = begin + _BATCH
            batch = loaded.tokenizer(
                list(texts[begin:end]),
                list(others[begin:end]) if others is not None else None,
                padding=True,
                return_tensors="pt",
            ).to(loaded.device)
            rows += loaded.model(**batch).logits.float().tolist()
    return rows


def _shares(logits: Sequence[float], loaded: Loaded) -> Sequence[float]:
    import torch  # noqa: PLC0415 - takes seconds

    row = torch.tensor(logits)
    if loaded.model.config.problem_type == "multi_label_classification":
        each = row.sigmoid()  # several may fit; so that they can be compared, all make 1
        return _floats(each / each.sum())
    return _floats(row.softmax(-1))


def _floats(row: Any) -> list[float]:
    found: list[float] = row.tolist()
    return found
