"""Teaches a tiny model by heart: the same few examples, over and over, with a fixed seed."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import torch
from torch.nn.utils import clip_grad_norm_

SEED: Final = 7
SPREAD: Final = 0.1
"""Of the first weights: so small a model learns twice as fast with wider ones than the large."""


def made(model: Callable[[Any], Any], config: Any) -> Any:
    """Return a new model with the same weights every time."""
    torch.set_num_threads(1)  # tests that run side by side would fight over tiny matrices
    torch.manual_seed(SEED)
    return model(config).eval()


def taught(model: Any, batch: Mapping[str, Any], *, rounds: int, until: float = 0.02) -> Any:
    """Train ``model`` on one ``batch`` until its loss is at most ``until``.

    Raises:
        AssertionError: it has not learned after ``rounds``.
    """
    torch.manual_seed(SEED)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    model.train()
    loss = float("inf")
    for _ in range(rounds):
        optimizer.zero_grad()
        result = model(**batch)
        result.loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if (loss := result.loss.item()) <= until:
            break
    assert loss <= 10 * until, f"{type(model).__name__} has not learned: its loss is {loss:.2f}."
    return model.eval()


def saved(folder: Any, *parts: Any) -> None:
    """Keep a model and its tokenizer in ``folder``, as a hub would."""
    for part in parts:
        part.save_pretrained(folder)


def labels(names: Iterable[str]) -> dict[str, Any]:
    """Return what a config wants to hear of its labels."""
    id2label = dict(enumerate(names))
    return {"id2label": id2label, "label2id": {name: place for place, name in id2label.items()}}
