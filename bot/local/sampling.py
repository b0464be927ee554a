"""Chooses the next token of each answer from what the model holds for likely."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How one answer is written. Temperature 0 takes the likeliest token, always.

    ``top_p`` leaves the likeliest tokens that make up that share, ``top_k`` so many of them; 1
    and 0 leave all.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0


def choose(logits: Any, manners: Sequence[Manner]) -> Sequence[int | None]:
    """Return a token for each row of ``logits``; None where the row holds no usable number.

    ``logits`` is a tensor of answers by vocabulary, in float32. Nucleus sampling:
    https://arxiv.org/abs/1904.09751
    """
    import torch  # noqa: PLC0415 - takes seconds

    likeliest = logits.max(dim=-1)
    sound = torch.isfinite(likeliest.values).tolist()  # a NaN anywhere in a row is its maximum
    chosen = likeliest.indices.tolist()
    drawn = [row for row, manner in enumerate(manners) if manner.temperature > 0 and sound[row]]
    if drawn:
        tokens = _draw(logits[drawn], [manners[row] for row in drawn])
        for row, token in zip(drawn, tokens, strict=True):
            chosen[row] = token
    return [token if fine else None for token, fine in zip(chosen, sound, strict=True)]


def _draw(logits: Any, manners: Sequence[Manner]) -> Sequence[int]:
    import torch  # noqa: PLC0415 - takes seconds

    def column(values: Sequence[float]) -> Any:
        return torch.tensor(values, device=logits.device).unsqueeze(-1)

    logits = logits / column([manner.temperature for manner in manners])
    if all(manner.top_p >= 1 and not manner.top_k for manner in manners):
        return torch.multinomial(logits.softmax(-1), 1).squeeze(-1).tolist()  # type: ignore[no-any-return]
    size = logits.shape[-1]
    ordered, tokens = logits.sort(dim=-1, descending=True)
    shares = ordered.softmax(-1)
    before = shares.cumsum(-1) - shares  # what the likelier ones make up; the first always stays
    ranks = torch.arange(size, device=logits.device)
    ends = column([manner.top_k or size for manner in manners])
    keep = (before < column([manner.top_p for manner in manners])) & (ranks < ends)
    places = torch.multinomial(shares.masked_fill(~keep, 0.0), 1)
    return tokens.gather(-1, places).squeeze(-1).tolist()  # type: ignore[no-any-return]
