"""Finds links and citation marks in plain words, and lets through only harmless addresses."""

import re
from collections.abc import Iterator
from typing import Any, Final

from markdown_it.common.normalize_url import normalizeLink

# Exactly what is allowed, in visible ASCII; no name and password stand before a host.
_REST: Final = r"(?::[0-9]{1,5})?(?:[/?#][!-~]*)?"
_ALLOWED: Final = re.compile(
    rf"https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\]){_REST}|mailto:[!-~]+|tel:[+0-9(][!-~]*",
    re.IGNORECASE | re.ASCII,
)
_SIGN: Final = r"[^\s<>()\[\]{}\"`\\^|]"
_URL: Final = rf"(?P<url>https?://(?:{_SIGN}|\({_SIGN}*\))*(?<![.,;:!?'*_~]))"
_ADDRESS: Final = re.compile(_URL, re.IGNORECASE)
_MARK_OR_ADDRESS: Final = re.compile(rf"\[(?P<number>[1-9][0-9]{{0,2}})\]|{_URL}", re.IGNORECASE)


def allowed(address: str) -> str | None:
    """Return the address as a browser may follow it; None where it is to be no link."""
    try:
        normal = normalizeLink(address)
    except ValueError:
        return None
    if not _ALLOWED.fullmatch(normal):
        return None
    scheme, colon, rest = normal.partition(":")
    return scheme.lower() + colon + rest


def linked(text: str, *, marks: bool) -> Iterator[Any]:
    """Yield the words and the links that bare addresses are; with ``marks``, also citations."""
    end = 0
    for found in (_MARK_OR_ADDRESS if marks else _ADDRESS).finditer(text):
        if node := _node(found):
            if end < found.start():
                yield text[end : found.start()]
            yield node
            end = found.end()
    if end < len(text):
        yield text[end:]


def _node(found: re.Match[str]) -> list[Any] | None:
    if found["url"] is None:
        return ["cite", {"n": int(found["number"])}]
    address = allowed(found["url"])
    return ["a", {"href": address}, found["url"]] if address else None
