"""What the Hugging Face hub's cache on this machine holds of models."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import LocalModelError, nearest
from bot.local.snapshots import lacking


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """A model in the cache. ``used`` is when it was last read, in seconds since the epoch.

    ``lacks`` names the files without which its newest revision cannot be loaded.
    """

    model: str
    size: int
    used: float
    revisions: tuple[str, ...]
    lacks: tuple[str, ...]


def shelved() -> Sequence[Shelved]:
    """Return every model in the cache, by name; data sets are none of our business."""
    return sorted((_shelved(repo) for repo in _repositories()), key=lambda one: one.model.lower())


def check(model: str) -> None:
    """Look whether ``model`` is in the cache.

    Raises:
        LocalModelError: it is not there.
    """
    _repository(model)


def put_away(model: str) -> int:
    """Delete ``model`` from the cache, with all its revisions; return the bytes that are free now.

    Raises:
        LocalModelError: it is not there.
    """
    import huggingface_hub  # noqa: PLC0415 - takes half a second

    hashes = [revision.commit_hash for revision in _repository(model).revisions]
    deed = huggingface_hub.scan_cache_dir().delete_revisions(*hashes)
    deed.execute()
    return int(deed.expected_freed_size)


def _repository(model: str) -> Any:
    repositories = {repo.repo_id: repo for repo in _repositories()}
    if model not in repositories:
        raise LocalModelError(
            f"The model '{model}' is not in the cache.{nearest(model, repositories)} "
            "See what is: bot models list"
        )
    return repositories[model]


def _repositories() -> Sequence[Any]:
    import huggingface_hub  # noqa: PLC0415 - takes half a second
    from huggingface_hub.errors import CacheNotFound  # noqa: PLC0415

    with suppress(CacheNotFound):
        return [
            repo for repo in huggingface_hub.scan_cache_dir().repos if repo.repo_type == "model"
        ]
    return []


def _shelved(repository: Any) -> Shelved:
    newest = max(repository.revisions, key=lambda one: one.last_modified, default=None)
    return Shelved(
        model=repository.repo_id,
        size=repository.size_on_disk,
        used=repository.last_accessed,
        revisions=tuple(
            ", ".join(sorted(one.refs)) or one.commit_hash[:8] for one in repository.revisions
        ),
        lacks=tuple(_lacks(newest.snapshot_path)) if newest else ("config.json",),
    )


def _lacks(folder: Path) -> Sequence[str]:
    try:
        return lacking(folder)
    except (OSError, ValueError, KeyError, AttributeError):
        return ["an index of its weights"]
