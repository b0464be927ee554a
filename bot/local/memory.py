"""Estimates what a model takes of the memory, from its files, before any of it is loaded."""

import gc
import json
import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.local.base import Shape

# What a value of each kind takes, in bytes; by safetensors' names, and by torch's.
_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "U8": 1, "I8": 1}
_DTYPES = {"float32": 4, "float16": 2, "bfloat16": 2}
# 4 bits and a share of the scales: one of 32 bits for 64 values.
_QUANTIZED = {"4bit": 0.5 + 4 / 64, "8bit": 1.0}
_FLOATING = {"F64", "F32", "F16", "BF16"}
# What computing takes beside: buffers of a step, and a share that no formula knows.
_BESIDE = 1.1
_SMALL = 50_000_000  # bytes; below, gigabytes say nothing
_HEADER_BYTES = 100_000_000  # safetensors' own limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a model takes of the memory, in bytes."""

    weights: int
    cache: int

    @property
    def total(self) -> int:
        """All of it, with what computing takes beside."""
        return math.ceil((self.weights + self.cache) * _BESIDE)


def estimate(folder: Path, config: Mapping[str, Any], shape: Shape) -> Estimate:
    """Read the headers of the weights in ``folder``; ``config`` is the model's config.json."""
    return Estimate(
        weights=_weights(folder, config, shape), cache=shape.held_tokens * token(config, shape)
    )


def token(config: Mapping[str, Any], shape: Shape) -> int:
    """Return the bytes that one token of a conversation takes: its keys and values."""
    text = config.get("text_config") or config
    layers = _first(text, "num_hidden_layers", "n_layer", "num_layers")
    heads = _first(text, "num_attention_heads", "n_head")
    width = _first(text, "hidden_size", "n_embd", "d_model")
    kept = _first(text, "num_key_value_heads") or heads
    head = _first(text, "head_dim") or (width // heads if heads else 0)
    stored = text.get("dtype") or text.get("torch_dtype") or config.get("dtype")
    size = _DTYPES.get(shape.dtype) or _DTYPES.get(str(stored), 4)
    return 2 * layers * kept * head * size


def free(device: str) -> int | None:
    """Return the bytes that are free where ``device`` keeps its models, None if nobody knows.

    ``auto`` may use every accelerator and the machine's own memory.
    """
    if device == "cpu" or device.startswith("mps"):
        return _free_here()
    gpus = _free_on_gpus()
    if device == "auto":
        here = _free_here()
        return None if here is None else here + sum(gpus)
    place = device.partition(":")[2]
    number = int(place) if place.isdigit() else 0
    return gpus[number] if number < len(gpus) else None


def is_exhausted(error: BaseException) -> bool:
    """Whether ``error`` says that there was not enough memory; torch has no one word for it."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)


def release() -> None:
    """Give the memory back that nobody uses any more, on an accelerator too."""
    import torch  # noqa: PLC0415 - takes seconds

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def gigabytes(size: int) -> str:
    """Write ``size`` as people do: ``16.1 GB``."""
    return f"{size / 1e9:.1f} GB" if size >= _SMALL else f"{size / 1e6:.1f} MB"


def _weights(folder: Path, config: Mapping[str, Any], shape: Shape) -> int:
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        return sum(file.stat().st_size for file in folder.glob("*.bin"))
    if config.get("quantization_config"):  # they lie in the file as they will in the memory
        return sum(file.stat().st_size for file in files)
    return sum(
        math.ceil(_values(tensor) * _size(name, tensor, shape))
        for file in files
        for name, tensor in _tensors(file)
    )


def _tensors(file: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the tensors of ``file``: https://huggingface.co/docs/safetensors#format."""
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        header = json.loads(opened.read(length)) if length < _HEADER_BYTES else {}
    for name, tensor in header.items():
        if name != "__metadata__":
            yield name, tensor


def _values(tensor: Mapping[str, Any]) -> int:
    return math.prod(tensor["shape"])


def _size(name: str, tensor: Mapping[str, Any], shape: Shape) -> float:
    """Return the bytes of one value; only what a linear layer multiplies with is quantised."""
    stored = tensor["dtype"]
    if stored not in _FLOATING:
        return _BYTES.get(stored, 1)
    linear = len(tensor["shape"]) > 1 and not any(part in name for part in ("embed", "wte", "head"))
    if shape.quantization != "none" and linear:
        return _QUANTIZED[shape.quantization]
    return _DTYPES.get(shape.dtype, _BYTES[stored])


def _first(config: Mapping[str, Any], *names: str) -> int:
    return next((int(config[name]) for name in names if config.get(name)), 0)


def _free_here() -> int | None:
    """Return what this machine has free, and no more than its container allows."""
    found = [size for size in (_available(), _allowed()) if size is not None]
    return min(found, default=None)


def _available() -> int | None:
    with suppress(OSError, ValueError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None


def _allowed() -> int | None:
    """Return what is left of a container's limit (cgroup v2); its cached files do not count."""
    group = Path("/sys/fs/cgroup")
    with suppress(OSError, ValueError):
        limit = int((group / "memory.max").read_text())  # "max" where there is none
        used = int((group / "memory.current").read_text())
        counts = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return max(0, limit - used + int(counts.get("inactive_file", 0)))
    return None


def _free_on_gpus() -> list[int]:
    import torch  # noqa: PLC0415 - takes seconds

    if not torch.cuda.is_available():
        return []
    return [torch.cuda.mem_get_info(number)[0] for number in range(torch.cuda.device_count())]
