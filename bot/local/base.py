"""What a model in this process is to be, and what it is once it is loaded."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Head = Literal["causal-lm", "seq2seq-lm", "sequence-classification", "question-answering"]
"""What a model was trained to do, which is also what it can be asked for."""

DType = Literal["auto", "float32", "float16", "bfloat16"]
Quantization = Literal["none", "4bit", "8bit"]

Progress = Callable[[str, float], None]
"""Told what is being done, in a word or two, and how much of it is: from 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What to load, and how.

    ``model`` is a folder or an id of the Hugging Face hub. Without ``device_map`` the model goes
    to the first accelerator, or to the CPU where there is none; ``auto`` spreads it over all of
    them. ``held_tokens`` is how much of conversations is in memory at once, for the estimate.
    With ``offline`` nothing is fetched; without ``measured`` it is loaded however large it is.
    """

    model: str
    revision: str | None = None
    dtype: DType = "auto"
    device_map: str | None = None
    quantization: Quantization = "none"
    offline: bool = False
    held_tokens: int = 2048
    measured: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A model that is ready, with its own tokenizer.

    ``context_tokens`` is how much it reads and writes at most, None where it does not say;
    ``spare_tokens`` how much of conversations fits into the memory, None where nobody knows.
    """

    model: Any
    tokenizer: Any
    device: str
    context_tokens: int | None
    spare_tokens: int | None
    seconds: float
