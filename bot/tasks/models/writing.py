"""Asks a sequence-to-sequence model for what it makes of some texts."""

from collections.abc import Sequence
from typing import Any

from bot.local import Loaded

_BATCH = 8
_SPECIAL = 4  # tokens that a tokenizer puts around a text, at most
_UNSET = 20  # the library's own default, which no model means


def room(loaded: Loaded) -> int:
    """Return how many tokens of a text the model reads."""
    return max((loaded.context_tokens or 512) - _SPECIAL, 1)


def written(loaded: Loaded, texts: Sequence[str], **options: Any) -> list[str]:
    """Return what the model makes of each of ``texts``; ``options`` are those of ``generate``."""
    import torch  # noqa: PLC0415 - takes seconds

    found: list[str] = []
    with torch.inference_mode():
        for begin in range(0, len(texts), _BATCH):
            batch = loaded.tokenizer(
                list(texts[begin : begin + _BATCH]), padding=True, return_tensors="pt"
            ).to(loaded.device)
            made = loaded.model.generate(
                **batch, **_bounds(loaded, batch["input_ids"].shape[1]), **options
            )
            found += _decoded(loaded.tokenizer, made)
    return found


def _bounds(loaded: Loaded, tokens: int) -> dict[str, int]:
    """Bound what is written where the model's makers have not."""
    longest = getattr(loaded.model.generation_config, "max_length", None)
    if longest and longest != _UNSET:
        return {}
    return {"max_new_tokens": min(room(loaded), 2 * tokens + 32)}


def _decoded(tokenizer: Any, made: Any) -> list[str]:
    # Marian's tokenizer has two sides, and would read with that of the source.
    side = {"use_source_tokenizer": False} if hasattr(tokenizer, "spm_target") else {}
    texts = tokenizer.batch_decode(made, skip_special_tokens=True, **side)
    return [text.strip() for text in texts]
