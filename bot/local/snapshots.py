"""Where a model's files lie: in a folder of yours, or in the cache of the Hugging Face hub."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.errors import LocalModelError
from bot.local.base import Progress
from bot.local.hub import limit_waiting

# What a model is loaded from. Weights come once: in safetensors, where there are any.
_TEXTS = ("*.json", "*.jinja", "*.txt", "*.model", "*.spm", "*.tiktoken")
_WEIGHTS = ("*.safetensors", "*.bin")
# Others' layouts, in folders of their own or beside, and variants of the same weights.
_NEVER = ("*/*", "consolidated*", "model.*.safetensors", "training_args.bin", "scheduler.bin")
_TOKENIZERS = (
    "tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model", "source.spm",
    "sentencepiece.bpe.model", "tokenizer_config.json",
)  # fmt: skip
_INDICES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")


def find(model: str, *, revision: str | None = None) -> Path:
    """Return the folder that holds all of ``model``; asks no network.

    Raises:
        LocalModelError: it is not here, or only a part of it is; the text says which files lack.
    """
    if is_folder(model):
        folder = Path(model).expanduser()
        if not folder.is_dir():
            raise LocalModelError(f"There is no folder '{folder}'. Check 'model'.")
        _check_whole(folder, f"The folder '{folder}'", "Copy it there.")
        return folder
    cached = _cached(model, revision)
    pull = f"Get it with: {_pull(model, revision)}"
    if cached is None:
        raise LocalModelError(f"The model '{model}' is not on this machine. {pull}")
    _check_whole(
        cached, f"The model '{model}'", f"Get the rest with: {_pull(model, revision)}", model=model
    )
    return cached


def fetch(
    model: str, *, revision: str | None = None, progress: Progress = lambda _what, _share: None
) -> Path:
    """Get what lacks of ``model`` from the hub, and return the folder that holds all of it.

    What an earlier call has begun is gone on with.

    Raises:
        LocalModelError: the hub does not know it, does not give it, or cannot be reached.
    """
    import huggingface_hub  # noqa: PLC0415 - takes half a second

    limit_waiting()
    with _explained(model, revision):
        listed = huggingface_hub.snapshot_download(model, revision=revision, dry_run=True)
        names = [file.filename for file in listed]
        path = huggingface_hub.snapshot_download(
            model,
            revision=revision,
            allow_patterns=list(wanted(names)),
            ignore_patterns=list(_NEVER),
            tqdm_class=_bars(progress),
        )
    folder = Path(path)
    _check_whole(folder, f"The model '{model}'", "It cannot be loaded as it is.", model=model)
    return folder


def wanted(names: Sequence[str]) -> Sequence[str]:
    """Return patterns of what is needed of the files ``names``: no weights twice."""
    safe = any(name.endswith(".safetensors") and "/" not in name for name in names)
    return (*_TEXTS, _WEIGHTS[0] if safe else _WEIGHTS[1])


def lacking(folder: Path) -> Sequence[str]:
    """Return the names of the files that a model in ``folder`` needs and that are not there."""
    lack = [] if (folder / "config.json").is_file() else ["config.json"]
    if not any((folder / name).is_file() for name in _TOKENIZERS):
        lack.append("tokenizer.json")
    indices = [folder / name for name in _INDICES if (folder / name).is_file()]
    if indices:
        shards = sorted(set(json.loads(indices[0].read_text())["weight_map"].values()))
        lack += [name for name in shards if not (folder / name).is_file()]
    elif not any(file.is_file() for pattern in _WEIGHTS for file in folder.glob(pattern)):
        lack.append("model.safetensors")
    return lack


def is_folder(model: str) -> bool:
    """Whether ``model`` names a folder, one that is there or one that should be."""
    path = Path(model).expanduser()
    return path.is_dir() or path.is_absolute() or model.startswith(".")


def _cached(model: str, revision: str | None) -> Path | None:
    import huggingface_hub  # noqa: PLC0415 - takes half a second
    from huggingface_hub.errors import (  # noqa: PLC0415
        IncompleteSnapshotError,
        LocalEntryNotFoundError,
    )

    try:
        with _explained(model, revision):
            return Path(
                huggingface_hub.snapshot_download(
                    model,
                    revision=revision,
                    local_files_only=True,
                    allow_patterns=["config.json"],
                )
            )
    except LocalModelError as error:
        if isinstance(cause := error.__cause__, IncompleteSnapshotError):
            return Path(cause.snapshot_path)
        if isinstance(cause, LocalEntryNotFoundError):
            return None
        raise


def _check_whole(folder: Path, what: str, cure: str, *, model: str | None = None) -> None:
    try:
        lack = lacking(folder)
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise LocalModelError(f"{what} has a broken index of its weights. {cure}") from error
    if lack:
        some = ", ".join(lack[:5]) + (f" and {len(lack) - 5} more" if len(lack) > 5 else "")  # noqa: PLR2004
        half = "is here only in part: " if model else "holds no whole model: "
        raise LocalModelError(f"{what} {half}it lacks {some}. {cure}")


def _pull(model: str, revision: str | None) -> str:
    return f"bot models pull {model}" + (f" --revision {revision}" if revision else "")


@contextmanager
def _explained(model: str, revision: str | None) -> Iterator[None]:
    """Turn the hub's errors into ours."""
    import httpx2  # noqa: PLC0415 - the hub's own client has it open
    from huggingface_hub import errors  # noqa: PLC0415

    page = f"https://huggingface.co/{model}"
    cure = "give your token: HF_TOKEN in the environment, or 'hf auth login'"
    pull = _pull(model, revision)
    # The first that fits: a gated model is also one that is not found.
    texts: Mapping[type[BaseException], str] = {
        errors.HFValidationError: f"'{model}' is no model's id. It reads like 'owner/name'.",
        errors.GatedRepoError: f"The model '{model}' is gated. Accept its terms at {page}, then "
        f"{cure}.",
        errors.RepositoryNotFoundError: f"The hub knows no model '{model}'. Check its spelling; "
        f"if it is private, {cure}.",
        errors.RevisionNotFoundError: f"The model '{model}' has no revision '{revision}'. "
        f"See which it has: {page}/tree/main",
        errors.LocalEntryNotFoundError: f"The model '{model}' is not on this machine, and the hub "
        f"cannot be reached. Once it can: {pull}",
        errors.DryRunError: "The hub cannot be reached. Check the network, and that "
        f"HF_HUB_OFFLINE is not set; then: {pull}",
        errors.HfHubHTTPError: f"The hub refused to give '{model}'. Try again later: {pull}",
        httpx2.HTTPError: f"The hub broke off while it gave '{model}'. What came is kept; go on "
        f"with: {pull}",
        OSError: f"The files of '{model}' could not be kept. Check the disk's free space.",
    }
    try:
        yield
    except tuple(texts) as error:
        # A dry run wraps why: gated and unknown are worth more than that it failed.
        cause = error.__cause__
        wrapped = isinstance(error, errors.DryRunError) and isinstance(cause, errors.HfHubHTTPError)
        told = cause if wrapped else error
        found = next(text for kind, text in texts.items() if isinstance(told, kind))
        raise LocalModelError(found) from error


def _bars(progress: Progress) -> Any:
    """Return a class of bars, made like ``tqdm``, that tell ``progress`` of the bytes fetched."""
    from huggingface_hub.utils import tqdm  # noqa: PLC0415 - takes half a second

    class Told(tqdm):  # type: ignore[misc]
        """Tells instead of drawing."""

        def __init__(self, *args: Any, **named: Any) -> None:
            super().__init__(*args, **{**named, "disable": True})
            self._of_bytes = named.get("unit") == "B"
            self._so_far = 0.0

        def update(self, n: float | None = 1) -> None:
            self._so_far += n or 0
            if self._of_bytes and self.total:
                progress("fetching", min(1.0, self._so_far / self.total))

    return Told
