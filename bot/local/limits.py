"""Says how much a model reads at most, from its files alone."""

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from bot.errors import LocalModelError
from bot.local import snapshots

CONTEXTS = ("max_position_embeddings", "n_positions", "seq_length", "max_seq_len")
"""Where models say how much they read at most."""

_ENDLESS = 10**9  # what tokenizers without a limit call theirs


def context_tokens(model: str, *, revision: str | None = None) -> int | None:
    """Return how much ``model`` reads and writes at most; loads nothing, and asks no network.

    None where it does not say, or is not on this machine.
    """
    try:
        folder = snapshots.find(model, revision=revision)
    except LocalModelError:  # whoever loads it is told
        return None
    config = _held(folder / "config.json")
    text = config.get("text_config")  # of a model that also sees
    text = text if isinstance(text, dict) else config
    own = _held(folder / "tokenizer_config.json").get("model_max_length")
    return least([*map(text.get, CONTEXTS), own])


def least(limits: Iterable[Any]) -> int | None:
    """Return the least of the ``limits`` that are any."""
    told = (limit for limit in limits if isinstance(limit, int | float))
    return min((int(limit) for limit in told if 0 < limit < _ENDLESS), default=None)


def _held(file: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        held = json.loads(file.read_text())
        return held if isinstance(held, dict) else {}
    return {}
