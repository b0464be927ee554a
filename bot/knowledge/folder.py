"""Finds the articles in a folder, whatever else lies there."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from bot.errors import KnowledgeError
from bot.knowledge.readers import READ

# Documents that people expect to be read; what else lies in a folder, pictures say, is passed by.
_EXPECTED = frozenset({".pdf", ".doc", ".docx", ".odt", ".rtf", ".rst", ".adoc", ".org", ".epub"})
_PASSED_BY = frozenset({"node_modules", "__pycache__"})
_LONGEST_PATH = 1024  # what the database keeps


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder that was not read. ``may_stay``: what is known of it may still be true."""

    path: str
    reason: str
    may_stay: bool = False

    @classmethod
    def unseen(cls, path: str, error: OSError) -> "Skipped":
        reason = error.strerror or type(error).__name__
        return cls(path, reason[:1].lower() + reason[1:], may_stay=True)


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of articles, or what lies ``below`` a path in it: a folder or a file."""

    source: Path
    below: str = ""

    def has(self, path: str) -> bool:
        return not self.below or path == self.below or path.startswith(f"{self.below}/")

    def covers(self, sources: Collection[str]) -> list[str]:
        """Return the sources that lie within this place."""
        whole = self.source / self.below
        return [source for source in sources if whole in Path(source).parents]


@dataclass(frozen=True, slots=True)
class Found:
    """What a place holds: the articles' paths in their order, and what was skipped."""

    paths: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Tell whether there is no article, not even one that cannot be seen for now."""
        return not self.paths and not any(skipped.may_stay for skipped in self.skipped)


def locate(path: str | Path, sources: Collection[str]) -> Place:
    """Return the place that ``path`` is: within a folder that is known, or a folder of its own.

    Raises:
        KnowledgeError: it does not exist, or is a file of a kind that is not read.
    """
    path = _named(path)
    try:
        whole = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise KnowledgeError(_missing(path, sources)) from error
    if whole.is_file() and whole.suffix.lower() not in READ:
        raise KnowledgeError(
            f"'{path}' is not read. Give a folder, or a file of these kinds: {_kinds()}."
        )
    around = (whole, *whole.parents)
    known = (folder for folder in around if str(folder) in sources)
    source = next(known, whole.parent if whole.is_file() else whole)  # the nearest
    below = whole.relative_to(source).as_posix()
    return Place(source, "" if below == "." else below)


def remembered(path: str | Path, sources: Collection[str]) -> Place:
    """Return the place that ``path`` was when it was learned; it need not exist any more.

    Raises:
        KnowledgeError: it lies in no folder that is known.
    """
    whole = _named(path).resolve()
    source = next((folder for folder in (whole, *whole.parents) if str(folder) in sources), None)
    if source is None:
        known = ", ".join(sorted(sources)) or "nothing"
        raise KnowledgeError(f"Nothing was learned from '{path}'. Learned: {known}.")
    below = whole.relative_to(source).as_posix()
    return Place(source, "" if below == "." else below)


def find(place: Place) -> Found:
    """Find the articles of ``place``; symbolic links are followed, and each folder seen once."""
    found = Found()
    seen: set[tuple[int, int]] = set()
    waiting = [place.source / place.below]
    while waiting:
        entry = waiting.pop()
        name = entry.relative_to(place.source).as_posix()
        try:
            waiting.extend(_look(entry, name, found, seen))
        except OSError as error:
            found.skipped.append(Skipped.unseen(name, error))
    if found.is_empty:
        reason = f"there is no article in it; articles are {_kinds()} files"
        found.skipped.append(Skipped(str(place.source / place.below), reason))
    found.paths.sort()
    found.skipped.sort(key=lambda skipped: skipped.path)
    return found


def _look(entry: Path, name: str, found: Found, seen: set[tuple[int, int]]) -> Iterator[Path]:
    """Put ``entry`` where it belongs in ``found``; yield what lies in it."""
    status, kind = entry.stat(), entry.suffix.lower()
    if entry.is_dir():
        if (status.st_dev, status.st_ino) not in seen:
            seen.add((status.st_dev, status.st_ino))
            yield from (inner for inner in entry.iterdir() if not _is_passed_by(inner.name))
    elif kind in _EXPECTED:
        reason = f"{kind[1:]} files are not read; export it as HTML or Markdown"
        found.skipped.append(Skipped(name, reason))
    elif kind in READ and entry.is_file():
        if _is_keepable(name):
            found.paths.append(name)
        else:
            shown = name.encode(errors="replace").decode()
            found.skipped.append(Skipped(shown, "its name cannot be kept; give it another"))


def _is_passed_by(name: str) -> bool:
    """Hidden files, and fragments, whose names begin with a line by the custom of generators."""
    return name in _PASSED_BY or (name[:1] in "._" and not name.startswith("_index."))


def _is_keepable(name: str) -> bool:
    try:
        return len(name.encode()) <= _LONGEST_PATH and "\0" not in name
    except UnicodeEncodeError:
        return False


def _named(path: str | Path) -> Path:
    if path == "":  # of a shell's variable that is not set; as a Path it would be this folder
        raise KnowledgeError("The path is empty. Name a folder or a file; this folder is '.'.")
    return Path(path)


def _missing(path: Path, sources: Collection[str]) -> str:
    fact = f"'{path}' does not exist."
    if str(path.absolute()) in sources:
        return f"{fact} To forget what was learned from it, run: bot forget {path.absolute()}"
    near = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    close = get_close_matches(path.name, near, n=1)
    if close:
        return f"{fact} Did you mean '{path.parent / close[0]}'?"
    return f"{fact} Give a folder of articles, or a file of these kinds: {_kinds()}."


def _kinds() -> str:
    return ", ".join(sorted(READ))
