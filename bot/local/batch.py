"""Texts that one model goes on with side by side: their keys and values, and nothing else."""

import copy
import inspect
from collections.abc import Sequence
from typing import Any

# What a model's library calls that which a model keeps of what it has read.
_KEPT_AS = ("past_key_values", "cache_params", "state")
_TRIAL = (5, 3, 9, 2, 7, 4, 8, 6)
_ALIKE = 0.99  # the correlation of logits; numbers of few bits make it 0.999


class Batch:
    """Rows of different lengths, padded on the left, so that all of them grow at the same end.

    A step that fails leaves every row as it was. Where the model is not ``side_by_side`` there is
    one row, and of its methods only ``step`` is of use.
    """

    def __init__(self, model: Any, rows: int) -> None:
        import torch  # noqa: PLC0415 - takes seconds
        from transformers import DynamicCache  # noqa: PLC0415

        self._model = model
        known = inspect.signature(model.forward).parameters
        self._masks = side_by_side(model)  # one row alone is never padded
        self._kept_as = next((name for name in _KEPT_AS if name in known), _KEPT_AS[0])
        # Without the model's own plan of windows every layer keeps every token, so that rows can
        # be joined; the masks hold each layer to its window. What else there is it makes itself.
        self._cache: Any = DynamicCache() if self._masks else None
        self._mask = torch.zeros((rows, 0), dtype=torch.long, device=model.device)
        self._positions = "position_ids" in known
        self._options = {"logits_to_keep": 1} if "logits_to_keep" in known else {}

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self._mask)

    @property
    def width(self) -> int:
        """How many tokens the longest row holds."""
        return int(self._mask.shape[-1])

    def step(self, tokens: Sequence[Sequence[int]]) -> Any:
        """Read ``tokens``, the next of each row, and return what may follow: float32 logits.

        Shorter ones are padded on the left; only a batch that is new can be given them.
        """
        import torch  # noqa: PLC0415 - takes seconds

        longest = max(map(len, tokens))
        padding = [longest - len(row) for row in tokens]
        device = self._mask.device
        ids = torch.tensor(
            [[0] * pad + list(row) for pad, row in zip(padding, tokens, strict=True)],
            device=device,
        )
        seen = torch.tensor([[0] * pad + [1] * (longest - pad) for pad in padding], device=device)
        mask = torch.cat([self._mask, seen], dim=-1)
        named = {"attention_mask": mask} if self._masks else {}
        if self._positions:
            named["position_ids"] = (mask.cumsum(-1) - 1).clamp(min=0)[:, -longest:]
        before = self._mask.shape[-1]
        try:
            with torch.inference_mode():
                output = self._model(
                    input_ids=ids,
                    use_cache=True,
                    **{self._kept_as: self._cache},
                    **self._options,
                    **named,
                )
                self._cache = output[self._kept_as]
                logits = output.logits[:, -1].float()
        except BaseException:
            self._cut(before)
            raise
        self._mask = mask
        return logits

    def join(self, other: "Batch") -> None:
        """Take the rows of ``other`` in, behind those that are here."""
        import torch  # noqa: PLC0415 - takes seconds

        width = max(self._mask.shape[-1], other._mask.shape[-1])  # noqa: SLF001 - one of us
        with torch.inference_mode():
            for mine, its in zip(self._cache.layers, other._cache.layers, strict=True):  # noqa: SLF001
                if mine.keys is not None:
                    mine.keys = torch.cat([_wide(mine.keys, width), _wide(its.keys, width)])
                    mine.values = torch.cat([_wide(mine.values, width), _wide(its.values, width)])
            self._mask = torch.cat([_wide_mask(self._mask, width), _wide_mask(other._mask, width)])  # noqa: SLF001

    def keep(self, rows: Sequence[int]) -> None:
        """Forget all rows but ``rows``, and the columns that none of them uses."""
        import torch  # noqa: PLC0415 - takes seconds

        chosen = torch.tensor(list(rows), dtype=torch.long, device=self._mask.device)
        with torch.inference_mode():
            mask = self._mask.index_select(0, chosen)
            unused = int((mask.cumsum(-1) == 0).all(dim=0).sum()) if len(rows) else mask.shape[-1]
            self._mask = mask[:, unused:]
            for layer in self._cache.layers:
                if layer.keys is not None:
                    at = chosen.to(layer.keys.device)
                    layer.keys = layer.keys.index_select(0, at)[..., unused:, :]
                    layer.values = layer.values.index_select(0, at)[..., unused:, :]

    def row(self, number: int) -> "Batch":
        """Return a batch of its own with a copy of one row."""
        alone = copy.copy(self)
        alone._cache = copy.copy(self._cache)  # noqa: SLF001 - one of us
        alone._cache.layers = [copy.copy(layer) for layer in self._cache.layers]  # noqa: SLF001
        alone.keep([number])
        return alone

    def _cut(self, width: int) -> None:
        """Forget what a step that failed half-way has left in some layers."""
        for layer in getattr(self._cache, "layers", ()):
            if getattr(layer, "keys", None) is not None and layer.keys.ndim > 1:
                layer.keys = layer.keys[..., :width, :]
            if getattr(layer, "values", None) is not None and layer.values.ndim > 1:
                layer.values = layer.values[..., :width, :]


def side_by_side(model: Any) -> bool:
    """Whether ``model`` keeps keys and values of each token, and no state that only grows over."""
    from transformers import DynamicCache  # noqa: PLC0415 - takes seconds
    from transformers.cache_utils import LinearAttentionCacheLayerMixin  # noqa: PLC0415

    known = inspect.signature(model.forward).parameters
    if _KEPT_AS[0] not in known or getattr(model, "_is_stateful", False):
        return False
    layers = DynamicCache(config=model.config).layers
    return not any(isinstance(layer, LinearAttentionCacheLayerMixin) for layer in layers)


def remembers(model: Any) -> bool:
    """Whether ``model`` reads a text in parts as it reads it whole; also warms it up."""
    import torch  # noqa: PLC0415 - takes seconds

    whole = Batch(model, 1).step([_TRIAL])[0]
    batch = Batch(model, 1)
    for part in (_TRIAL[:4], _TRIAL[4:-1]):
        batch.step([part])
    parted = batch.step([_TRIAL[-1:]])[0]
    alike = torch.corrcoef(torch.stack([whole, parted]))[0, 1]
    return not bool(alike < _ALIKE)  # one that computes no numbers is told of when it answers


def _wide(states: Any, width: int) -> Any:
    import torch  # noqa: PLC0415 - takes seconds

    return torch.nn.functional.pad(states, (0, 0, width - states.shape[-2], 0))


def _wide_mask(mask: Any, width: int) -> Any:
    import torch  # noqa: PLC0415 - takes seconds

    return torch.nn.functional.pad(mask, (width - mask.shape[-1], 0))
