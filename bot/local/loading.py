"""Loads a model into this process, after all that can be checked before has been."""

import importlib.util
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.errors import LocalModelError, MissingExtra
from bot.local import limits, memory, snapshots
from bot.local.base import Head, Loaded, Progress, Shape

# Two at once would each count on the memory that the other takes.
_one_at_a_time = threading.Lock()

_CLASSES: Mapping[Head, str] = {
    "causal-lm": "AutoModelForCausalLM",
    "seq2seq-lm": "AutoModelForSeq2SeqLM",
    "sequence-classification": "AutoModelForSequenceClassification",
    "question-answering": "AutoModelForQuestionAnswering",
}
_MAPPINGS: Mapping[Head, str] = {
    "causal-lm": "MODEL_FOR_CAUSAL_LM_MAPPING_NAMES",
    "seq2seq-lm": "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES",
    "sequence-classification": "MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES",
    "question-answering": "MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES",
}
_DOES: Mapping[Head, str] = {
    "causal-lm": "write the next words of a text, as a chat needs",
    "seq2seq-lm": "turn a text into another, as translation and summaries need",
    "sequence-classification": "sort a text under labels",
    "question-answering": "find an answer's place in a text",
}
_USED = 0.8  # of what is free; the rest is for computing, and for others


def load(shape: Shape, *, head: Head, progress: Progress = lambda _what, _share: None) -> Loaded:
    """Load what ``shape`` says; takes seconds or minutes of the thread that calls.

    What is not on this machine yet is fetched from the hub, unless ``shape`` is offline. Code
    that comes with a model is never run.

    Raises:
        LocalModelError: it cannot be loaded; the text says why, and what to do.
        MissingExtra: torch or transformers is not installed.
    """
    check_packages()
    started = time.perf_counter()
    folder = _found(shape, progress)  # what is fetched for minutes keeps no other model waiting
    with _one_at_a_time:
        check(folder, shape, head=head)
        return _load(folder, shape, head, progress, started)


def check_packages() -> None:
    """Raise MissingExtra where a package lacks that every model here needs; imports none."""
    for package in ("torch", "transformers", "huggingface_hub", "accelerate"):
        if importlib.util.find_spec(package) is None:
            raise MissingExtra(
                f"A model in this process needs the package '{package}'. "
                "Install it with: pip install 'frontdesk[local]'"
            )


def check(folder: Path, shape: Shape, *, head: Head) -> memory.Estimate:
    """Say what loading the model in ``folder`` takes of the memory, without loading it.

    Raises:
        LocalModelError: it will not work here.
    """
    config = _config(folder, shape)
    _check_head(config, shape, head)
    _check_quantization(shape)
    _check_device(shape)
    needed = memory.estimate(folder, config, shape)
    place = place_of(shape)
    if shape.measured and (free := memory.free(place)) is not None and needed.total > free:
        raise LocalModelError(
            f"The model '{shape.model}' is too large: it takes about "
            f"{memory.gigabytes(needed.total)} ({memory.gigabytes(needed.weights)} for its "
            f"weights, {memory.gigabytes(needed.cache)} for {shape.held_tokens:,} tokens of "
            f"conversations), and {memory.gigabytes(free)} are free on {place}. Choose a smaller "
            'model, dtype = "bfloat16", or quantization = "4bit" on a GPU; or less of '
            "'context_tokens'."
        )
    return needed


def place_of(shape: Shape) -> str:
    """Return where ``shape`` goes: ``cpu``, ``cuda:0``, ``mps`` or ``auto`` for all of them."""
    import torch  # noqa: PLC0415 - takes seconds

    if shape.device_map is not None:
        spread = shape.device_map in {"auto", "balanced", "balanced_low_0", "sequential"}
        return "auto" if spread else shape.device_map
    if torch.cuda.is_available():
        return "cuda:0"
    return "mps" if torch.backends.mps.is_available() else "cpu"


# --- Before -----------------------------------------------------------------------------------


def _found(shape: Shape, progress: Progress) -> Path:
    try:
        return snapshots.find(shape.model, revision=shape.revision)
    except LocalModelError:
        if shape.offline or snapshots.is_folder(shape.model):
            raise
    return snapshots.fetch(shape.model, revision=shape.revision, progress=progress)


def _config(folder: Path, shape: Shape) -> Mapping[str, Any]:
    from transformers import CONFIG_MAPPING  # noqa: PLC0415 - takes seconds

    try:
        config = json.loads((folder / "config.json").read_text())
        kind = config["model_type"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LocalModelError(
            f"The config.json of '{shape.model}' does not say what kind of model it is. "
            "Get the model again, or choose one that is made for transformers."
        ) from error
    if kind not in CONFIG_MAPPING:
        own = " Code that comes with a model is never run." if config.get("auto_map") else ""
        raise LocalModelError(
            f"The model '{shape.model}' is of the kind '{kind}', which the installed transformers "
            f"does not know.{own} Upgrade transformers, or choose another model."
        )
    return config  # type: ignore[no-any-return]


def _check_head(config: Mapping[str, Any], shape: Shape, head: Head) -> None:
    from transformers.models.auto import modeling_auto  # noqa: PLC0415 - takes seconds

    known: Mapping[str, str | tuple[str, ...]] = getattr(modeling_auto, _MAPPINGS[head])
    classes = set(_flat(known.values()))
    said = config.get("architectures") or ()
    fits = any(name in classes for name in said) if said else config["model_type"] in known
    if not fits:
        what = ", ".join(said) or config["model_type"]
        raise LocalModelError(
            f"The model '{shape.model}' is a {what}: it was not made to {_DOES[head]}. "
            f"Choose one whose config.json names a class of {_CLASSES[head]}."
        )


def _flat(names: Iterable[str | tuple[str, ...]]) -> Iterator[str]:
    for name in names:
        yield from (name,) if isinstance(name, str) else name


def _check_quantization(shape: Shape) -> None:
    if shape.quantization == "none":
        return
    asked = f"quantization = \"{shape.quantization}\" for '{shape.model}'"
    if importlib.util.find_spec("bitsandbytes") is None:
        raise LocalModelError(
            f"{asked} needs the package 'bitsandbytes'. Install it with: pip install bitsandbytes "
            '(for an NVIDIA GPU), or set quantization = "none".'
        )
    from transformers.integrations import (  # noqa: PLC0415 - takes seconds
        validate_bnb_backend_availability,
    )

    try:
        fits = validate_bnb_backend_availability(raise_exception=False)
    except (ImportError, RuntimeError):  # it is broken, as a build for another CUDA is
        fits = False
    if not fits:
        raise LocalModelError(
            f"{asked} needs an accelerator that bitsandbytes works with, and this machine has "
            'none. Set quantization = "none", or run it on a machine with a GPU.'
        )


def _check_device(shape: Shape) -> None:
    import torch  # noqa: PLC0415 - takes seconds

    place = place_of(shape)
    if place == "auto":
        return
    try:
        torch.empty(0, device=place)
    except (AssertionError, RuntimeError) as error:  # the first where torch was built without CUDA
        raise LocalModelError(
            f"device_map = \"{place}\" for '{shape.model}': this machine has no such device that "
            'torch can use. Set device_map = "cpu" or "auto", or leave it out; for a GPU install '
            "the torch that was built for it."
        ) from error


# --- Loading ----------------------------------------------------------------------------------


def _load(folder: Path, shape: Shape, head: Head, progress: Progress, started: float) -> Loaded:
    import torch  # noqa: PLC0415 - takes seconds
    import transformers  # noqa: PLC0415

    place = place_of(shape)
    options: dict[str, Any] = {"dtype": shape.dtype, "device_map": shape.device_map or place}
    if shape.quantization != "none":
        options["quantization_config"] = _quantized(shape)
    try:
        with _shown(progress):
            tokenizer = transformers.AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
            model, report = getattr(transformers, _CLASSES[head]).from_pretrained(
                folder,
                local_files_only=True,
                trust_remote_code=False,
                output_loading_info=True,
                **options,
            )
    except torch.OutOfMemoryError as error:
        memory.release()
        raise LocalModelError(
            f"The model '{shape.model}' did not fit into the memory of {place} after all: "
            "another program may use it. Stop that, or choose a smaller model."
        ) from error
    except Exception as error:
        text = str(error).strip().partition("\n")[0]
        raise LocalModelError(
            f"The model '{shape.model}' could not be loaded: {type(error).__name__}: "
            f"{text.removesuffix('.')}. Check its files, and that the installed transformers "
            "knows it."
        ) from error
    if missing := sorted(report["missing_keys"]):
        raise LocalModelError(
            f"The weights of '{shape.model}' lack {missing[0]}"
            f"{f' and {len(missing) - 1} more' if len(missing) > 1 else ''}: it was never trained "
            f"to {_DOES[head]}. Choose one that was."
        )
    model.eval()
    return Loaded(
        model=model,
        tokenizer=tokenizer,
        device=str(model.device),
        context_tokens=_context(model.config, tokenizer),
        spare_tokens=_spare(model.config, shape, place),
        seconds=time.perf_counter() - started,
    )


def _quantized(shape: Shape) -> Any:
    import torch  # noqa: PLC0415 - takes seconds
    from transformers import BitsAndBytesConfig  # noqa: PLC0415

    if shape.quantization == "8bit":
        return BitsAndBytesConfig(load_in_8bit=True)
    named = "bfloat16" if shape.dtype == "auto" else shape.dtype
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=getattr(torch, named),
    )


def _spare(config: Any, shape: Shape, place: str) -> int | None:
    """Return how many tokens of conversations the memory that is left has room for."""
    each, free = memory.token(config.to_dict(), shape), memory.free(place)
    return int(free * _USED / each) if each and free is not None and shape.measured else None


def _context(config: Any, tokenizer: Any) -> int | None:
    text = config.get_text_config()
    found = (getattr(text, name, None) for name in limits.CONTEXTS)
    return limits.least([*found, tokenizer.model_max_length])


# --- Progress ---------------------------------------------------------------------------------


@contextmanager
def _shown(progress: Progress) -> Iterator[None]:
    """Let ``progress`` hear of what transformers would show by bars of its own."""
    from transformers.utils import logging  # noqa: PLC0415 - takes seconds

    before = logging.set_tqdm_hook(lambda _factory, args, kwargs: _Bar(progress, *args, **kwargs))
    loudness = logging.get_verbosity()
    logging.set_verbosity_error()  # what matters of it is said by our errors
    try:
        yield
    finally:
        logging.set_tqdm_hook(before)
        logging.set_verbosity(loudness)


class _Bar:
    """Takes the place of a ``tqdm``, as far as transformers asks of one."""

    def __init__(
        self, progress: Progress, items: Iterable[Any] = (), *_: Any, **named: Any
    ) -> None:
        self._progress = progress
        self._items = named.get("iterable") or items
        self._what = str(named.get("desc") or "loading").lower()
        self._total = named.get("total") or (len(items) if isinstance(items, Sized) else 0)
        self._done = 0.0

    def __iter__(self) -> Iterator[Any]:
        for item in self._items:
            yield item
            self.update()

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def update(self, steps: float = 1) -> None:
        self._done += steps
        self._progress(self._what, self._done / self._total if self._total else 0.0)

    def close(self) -> None:
        """Nothing to put away."""

    def __getattr__(self, _: str) -> Callable[..., None]:
        """Whatever else is asked of a bar changes how it looks."""
        return lambda *_args, **_named: None
