"""Makes passages of an article: pieces that can be found, read and cited on their own."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, repeat
from pathlib import PurePosixPath
from urllib.parse import quote

from bot.knowledge.base import Cutting
from bot.knowledge.cutter import LONGEST, cut
from bot.knowledge.outline import Section
from bot.knowledge.readers import Draft
from bot.knowledge.terms import Terms

TINY = 120  # characters below which a section is read together with its like
_TOGETHER = 600  # characters of tiny sections that are read together

# Halves and wholes, so that sums are exact and both databases rank alike.
_TITLE = 1.5
_HEADING = 1.5


def address(path: str, *, base: str) -> str:
    """Return where the page of ``path`` stands: under ``base``, or in the folder that was read."""
    if not base:
        return quote(path)
    page = PurePosixPath(path).with_suffix("")
    if page.name.lower() in {"index", "_index", "readme"}:
        page = page.parent
    name = "" if page == PurePosixPath() else quote(str(page))
    return f"{base.rstrip('/')}/{name}".rstrip("/") if name else base


def passages(draft: Draft, *, page: str, terms: Terms) -> tuple[Cutting, ...]:
    """Cut ``draft``, which is read at the address ``page``.

    Its description helps to find the first passage and stands in none: "How to send things back"
    announces an answer and is none.
    """
    announced = chain([draft.description], repeat(""))
    return tuple(
        Cutting(
            headings=headings,
            link=f"{page}#{section.anchor}" if section.anchor else page,
            text=text,
            terms=_weighed(draft.title, headings[1:], f"{next(announced)}\n{text}", terms),
        )
        for section in _together(draft.sections)
        for headings in [_way(draft.title, section)]
        for text in cut(section.text)
    )


def _way(title: str, section: Section) -> tuple[str, ...]:
    """Return the headings down to ``section``, a title that is said twice only once."""
    below = section.headings[1:] if section.headings[:1] == (title,) else section.headings
    return (title, *below)


def _weighed(title: str, headings: Iterable[str], text: str, terms: Terms) -> Mapping[str, float]:
    weights: defaultdict[str, float] = defaultdict(float)
    for weight, words in ((_TITLE, title), *((_HEADING, head) for head in headings), (1.0, text)):
        for term in terms.of_text(words):
            weights[term] += weight
    return dict(weights)


# --- Sections that say too little on their own --------------------------------------------------


def _together(sections: Iterable[Section]) -> Iterator[Section]:
    """Join what stands under the same headings, and tiny neighbours under the same parent."""
    kept: list[Section] = []
    for section in sections:
        if kept and _is_continued(kept, section):
            kept.append(section)
        else:
            yield from _joined(kept)
            kept = [section]
    yield from _joined(kept)


def _is_continued(kept: list[Section], section: Section) -> bool:
    length = sum(len(before.text) for before in kept) + len(section.text)
    if all(before.headings == section.headings for before in kept):
        return length <= LONGEST
    return (
        length <= _TOGETHER
        and bool(section.headings)
        and all(len(s.text) < TINY for s in (*kept, section))
        and all(before.headings[:-1] == section.headings[:-1] for before in kept)
        and all(before.headings for before in kept)
    )


def _joined(sections: list[Section]) -> Iterator[Section]:
    if not sections:
        return
    first = sections[0]
    if all(section.headings == first.headings for section in sections):
        text = "\n\n".join(section.text for section in sections)
        yield Section(headings=first.headings, anchor=first.anchor, text=text)
        return
    marks = "#" * min(6, len(first.headings) + 1)
    text = "\n\n".join(f"{marks} {s.headings[-1]}\n\n{s.text}" for s in sections)
    yield Section(headings=first.headings[:-1], anchor=first.anchor, text=text)
