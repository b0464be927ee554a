"""Reads a file as its writer left it: its kind, its encoding, its front matter, its text."""

import codecs
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

import yaml

from bot.knowledge.markdown import MarkdownReader
from bot.knowledge.outline import Outline, Section, one_line

MARKDOWN = frozenset({".md", ".mdx", ".markdown"})
HTML = frozenset({".html", ".htm", ".xhtml"})
TEXT = frozenset({".txt", ".text"})
READ = MARKDOWN | HTML | TEXT
LARGEST = 10_000_000  # bytes: more than any article, less than what would stall a learner

_FRONT_MATTER = re.compile(
    r"\s*(---|\+\+\+)[ \t]*\n(.{0,100000}?)^\1[ \t]*(?:\n|\Z)", re.MULTILINE | re.DOTALL
)
_SIMPLE_LINE = re.compile(r"^(title|description)\s*[:=]\s*(.+)$", re.MULTILINE)
_SETTING = re.compile(r"[\w-]+[ \t]*[:=]")  # which words between two rules do not begin with
_CHARSET = re.compile(rb"""charset\s*=\s*["']?([\w-]{1,40})""", re.IGNORECASE)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LONGEST_TITLE = 100  # of a plain text, whose first line may be one
_LOOKED_AT = 8192  # characters in which a file that is no text gives itself away


class Unread(Exception):
    """A file that is no article; the text is the reason. It never stops the other files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An article as it was read, not cut yet. ``description`` tells what it is about.

    ``note`` tells its writer what is wrong with it.
    """

    title: str
    description: str
    sections: tuple[Section, ...]
    note: str = ""


def read(path: str, content: bytes) -> Draft:
    """Return the article that ``content`` is; ``path`` tells its kind and, at worst, its title.

    Raises:
        Unread: it is not text, has no words, or its writer marked it as unpublished.
    """
    suffix = PurePosixPath(path).suffix.lower()
    text = _decode(content, is_html=suffix in HTML)
    front, text, note = ({}, text, "") if suffix in TEXT else _front_matter(text)
    if front.get("draft") is True or front.get("published") is False:
        raise Unread("its front matter says that it is not published")
    try:
        outline = _outline(suffix, text)
    except (ValueError, RecursionError) as error:
        raise Unread(f"it cannot be parsed: {error}") from error
    sections, description = outline.sections(), _description(front)
    if not sections:
        raise Unread("it has no words")
    return Draft(
        title=_title(front, outline, path),
        description=description,
        sections=sections,
        note=note,
    )


def _outline(suffix: str, text: str) -> Outline:
    if suffix in HTML:
        from bot.knowledge.webpages import WebpageReader  # noqa: PLC0415 - most folders have none

        return WebpageReader().read(text)
    if suffix in MARKDOWN:
        return MarkdownReader().read(text)
    outline = Outline()
    first, _, rest = text.strip().partition("\n")
    if len(first) <= _LONGEST_TITLE and rest.startswith("\n"):  # a title, as people write one
        outline.title, text = one_line(first), rest
    outline.write(text)
    return outline


def _title(front: Mapping[str, object], outline: Outline, path: str) -> str:
    given = front.get("title")
    if isinstance(given, str | int | float) and str(given).strip():
        return one_line(str(given))
    return outline.title or _spoken(PurePosixPath(path)) or outline.opening or path


def _spoken(path: PurePosixPath) -> str:
    """Return a file's name as words; a folder's own page is called as the folder."""
    name = path.parent.name if path.stem.lower() in {"index", "_index", "readme"} else path.stem
    words = re.sub(r"[-_\s]+", " ", name).strip()
    return words[:1].upper() + words[1:]


def _description(front: Mapping[str, object]) -> str:
    words = front.get("description")
    return words.strip() if isinstance(words, str) else ""


# --- Front matter -------------------------------------------------------------------------------


def _front_matter(text: str) -> tuple[Mapping[str, object], str, str]:
    """Return what stands between the marks at the top, the text after them, and what is wrong."""
    found = _FRONT_MATTER.match(text)
    if found is None:
        return {}, text, ""
    mark, source = found.groups()
    values = _toml(source) if mark == "+++" else _yaml(source)
    if values is not None:
        return values, text[found.end() :], ""
    # Broken, most often by a colon in a title: what can be told from its lines is taken.
    kind = "TOML" if mark == "+++" else "YAML"
    values = {key: value.strip(" \t\"'") for key, value in _SIMPLE_LINE.findall(source)}
    if values:
        note = f"its front matter is no {kind}; only title and description are taken from it"
        return values, text[found.end() :], note
    note = f"its front matter is no {kind}, so it is read as text" if _SETTING.match(source) else ""
    return {}, text, note


def _yaml(source: str) -> Mapping[str, object] | None:
    try:
        values = yaml.safe_load(source)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def _toml(source: str) -> Mapping[str, object] | None:
    try:
        return tomllib.loads(source)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


# --- Encoding -----------------------------------------------------------------------------------


def _decode(content: bytes, *, is_html: bool) -> str:
    """Return the words of ``content``; a wrong byte costs one letter, not the article."""
    text = _in_some_encoding(content, is_html=is_html)
    if "\0" in text[:_LOOKED_AT]:
        raise Unread("it is not text")
    return text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")


def _in_some_encoding(content: bytes, *, is_html: bool) -> str:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    named = _CHARSET.search(content[:2048]) if is_html else None
    try:
        return content.decode(named[1].decode() if named else "cp1252", errors="replace")
    except LookupError:
        return content.decode("cp1252", errors="replace")
