"""Learns folders and files: reads what changed, forgets what vanished."""

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from bot.errors import KnowledgeError
from bot.knowledge.base import Article, Articles, Known
from bot.knowledge.folder import Place, Skipped, find, locate, remembered
from bot.knowledge.passages import address, passages
from bot.knowledge.readers import LARGEST, Unread, read
from bot.knowledge.terms import Terms

READER = "3"  # raised when articles are read, cut or weighed in a new way: all are read anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far learning is: ``path`` was looked at, and it was number ``done`` of ``total``."""

    path: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Note:
    """What is wrong with a file that was read all the same."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """How many files were dealt with in each way; ``passages`` counts those of the files read."""

    read: int = 0
    unchanged: int = 0
    removed: int = 0
    passages: int = 0
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[Note, ...] = ()

    def __add__(self, other: "Learned") -> "Learned":
        return Learned(
            read=self.read + other.read,
            unchanged=self.unchanged + other.unchanged,
            removed=self.removed + other.removed,
            passages=self.passages + other.passages,
            skipped=self.skipped + other.skipped,
            notes=self.notes + other.notes,
        )


async def learn(
    paths: Sequence[str | Path],
    *,
    articles: Articles,
    link: str = "",
    language: str = "english",
    progress: Callable[[Progress], None] | None = None,
) -> Learned:
    """Bring what is known of ``paths``, folders and files, up to date.

    ``link`` is the address under which the articles stand. Only files that changed are read, and
    those that vanished are forgotten. A file that cannot be read is skipped, with the reason.

    Raises:
        KnowledgeError: a path is empty, does not exist, is no article or has none any more, or the
            language is unknown.
        StoreUnavailable: the database does not answer; what was read until then is kept.
    """
    sources = set(await articles.sources())
    places: list[Place] = []
    # Folders first: a file on its own makes what lies around it no folder of articles.
    for path in sorted(paths, key=lambda path: Path(path).is_file()):
        places.append(locate(path, sources))
        sources.add(str(places[-1].source))
    lesson = _Lesson(articles, Reader(link=link, language=language), progress)
    learned = Learned()
    for place in dict.fromkeys(places):
        learned += await lesson.take(place)
        for inner in place.covers(sources):  # learned on its own before, now a part of this one
            await forget(inner, articles=articles)
    return learned


async def forget(source: str | Path, *, articles: Articles) -> int:
    """Forget what was learned from a folder, which need not exist any more; return how much."""
    known = await articles.known(str(source))
    await articles.remove(str(source), list(known))
    return len(known)


async def forget_path(path: str | Path, *, articles: Articles) -> int:
    """Forget what was learned from ``path``, a known folder or what lay in one; return how much.

    Raises:
        KnowledgeError: nothing was learned from there.
    """
    place = remembered(path, await articles.sources())
    known = [each for each in await articles.known(str(place.source)) if place.has(each)]
    if not known:
        raise KnowledgeError(f"Nothing was learned from '{path}'.")
    await articles.remove(str(place.source), known)
    return len(known)


class Reader:
    """Makes articles of files."""

    def __init__(self, *, link: str, language: str) -> None:
        self._link = link
        self._terms = Terms(language)
        self._version = f"{READER}\0{language}\0".encode()

    def read(self, file: Path, *, path: str, known: Known | None) -> Article | None:
        """Return the article in ``file``; None if it is still the one that is ``known``.

        Raises:
            Unread: the file is not an article.
            OSError: the file cannot be opened or read.
        """
        content = _content(file)
        found = Known(digest=self._digest(content), link=address(path, base=self._link))
        if found == known:
            return None
        draft = read(path, content)
        return Article(
            path=path,
            title=draft.title,
            link=found.link,
            digest=found.digest,
            passages=passages(draft, page=found.link, terms=self._terms),
            note=draft.note,
        )

    def says_the_same(self, file: Path, known: Known) -> bool:
        """Tell whether ``file`` is as it was when it became ``known``, under whatever link."""
        try:
            return self._digest(_content(file)) == known.digest
        except (OSError, Unread):
            return False

    def _digest(self, content: bytes) -> str:
        return hashlib.sha256(self._version + content).hexdigest()


def _content(file: Path) -> bytes:
    if file.stat().st_size > LARGEST:
        raise Unread(f"it is larger than {LARGEST // 1_000_000} MB")
    return file.read_bytes()


class _Lesson:
    """Goes through places file by file; reading happens in a thread, keeping does not."""

    def __init__(
        self, articles: Articles, reader: Reader, progress: Callable[[Progress], None] | None
    ) -> None:
        self._articles = articles
        self._reader = reader
        self._tell = progress or (lambda _: None)

    async def take(self, place: Place) -> Learned:
        source = str(place.source)
        all_known = await self._articles.known(source)
        known = {path: article for path, article in all_known.items() if place.has(path)}
        found = await asyncio.to_thread(find, place)
        if known and found.is_empty and not place.below:
            raise KnowledgeError(_emptied(place.source, len(known)))
        learned = Learned(skipped=tuple(found.skipped))
        for done, path in enumerate(found.paths, start=1):
            learned += await self._learn(place.source, path, known.get(path))
            self._tell(Progress(path=path, done=done, total=len(found.paths)))
        gone = _vanished(known, found.paths, learned.skipped)
        await self._articles.remove(source, gone)
        return replace(learned, removed=len(gone))

    async def _learn(self, source: Path, path: str, known: Known | None) -> Learned:
        try:
            article = await asyncio.to_thread(
                self._reader.read, source / path, path=path, known=known
            )
        except Unread as reason:
            return Learned(skipped=(Skipped(path, str(reason)),))
        except OSError as error:
            return Learned(skipped=(Skipped.unseen(path, error),))
        if article is None:
            return Learned(unchanged=1)
        await self._articles.keep(str(source), article)
        notes = (Note(path, article.note),) if article.note else ()
        return Learned(read=1, passages=len(article.passages), notes=notes)


def _emptied(folder: Path, known: int) -> str:
    articles = "article" if known == 1 else "articles"
    return (
        f"There is no article in '{folder}' any more, and {known} {articles} learned from it would "
        f"be forgotten. Is it a disk that is not there? To forget them, run: bot forget {folder}"
    )


def _vanished(known: Iterable[str], found: Sequence[str], skipped: Sequence[Skipped]) -> list[str]:
    """Return the known paths that are no articles any more; an unseen one may still be."""
    unread = {skip.path for skip in skipped if not skip.may_stay}
    unseen = [skip.path for skip in skipped if skip.may_stay]
    gone = set(known) - (set(found) - unread)
    return sorted(
        path
        for path in gone
        if not any(PurePosixPath(path).is_relative_to(place) for place in unseen)
    )
