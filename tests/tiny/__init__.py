"""Tiny models of real kinds, built on the spot through the real libraries, for tests and trials.

They are loaded by the very code that loads the large ones. Those that must mean something learn
``tests.tiny.lessons`` by heart; the others babble.
"""

from importlib import import_module
from pathlib import Path
from typing import Final

from filelock import FileLock

BUILDERS: Final = {
    "llama": "speakers",
    "gemma": "speakers",
    "gpt2": "speakers",
    "thinker": "speakers",
    "roberta_qa": "readers",
    "classifier": "readers",
    "topics": "readers",
    "nli": "readers",
    "bart": "writers",
    "marian_de_en": "writers",
    "marian_en_de": "writers",
}
"""Which module builds what; its function is called as the model is."""


def built(name: str, *, root: Path) -> Path:
    """Return the folder of the model ``name`` below ``root``; the first who asks builds it."""
    folder = root / name.replace("_", "-")
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(root / f"{name}.lock"):
        if not (folder / "config.json").exists():
            build = getattr(import_module(f"tests.tiny.{BUILDERS[name]}"), name)
            unfinished = root / f"{name}.unfinished"
            build(unfinished)
            unfinished.rename(folder)
    return folder
