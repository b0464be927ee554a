"""What citation marks, links and code look like in the Markdown that models write."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

# Each token is bounded in length and ends with its line, so that little is ever held back; and
# for each there is what it begins with.

_SCHEMES: Final = ("https://", "http://", "ftp://", "www.")
_STARTS: Final = "|".join(
    re.escape(scheme[:length]) for scheme in _SCHEMES for length in range(len(scheme), 0, -1)
)
_BEGUN: Final = rf"(?:{'|'.join(map(re.escape, _SCHEMES))})" + r"[^\s<>()\[\]{}|\\^`\"]{0,1500}"
_ADDRESS: Final = rf"{_BEGUN}(?<![.,;:!?*_~'/])/?"  # what ends the sentence is not part of it
_AFTER: Final = r"\|(?P<words>[^<>\n]{0,200})"  # as Slack writes links: <address|words>

_WIDE_OPEN, _WIDE_SHUT = "\uff3b\u3010\u3014", "\uff3d\u3011\u3015"
_WIDE: Final = rf"[{_WIDE_OPEN}][^{_WIDE_OPEN}{_WIDE_SHUT}\n]{{0,120}}"

_OPEN: Final = r"!?\\?\["
_NEST: Final = r"\[[^\[\]\n]{0,60}"
_LABEL: Final = rf"[^\[\]\n]{{0,200}}(?:{_NEST}\][^\[\]\n]{{0,200}}){{0,3}}"
_PARENS: Final = r"\([^()\n]{0,200}"
_TARGET: Final = rf"[^()\n]{{0,600}}(?:{_PARENS}\)[^()\n]{{0,200}}){{0,2}}"

_SPACE: Final = r"[ \t]{0,9}"
_LINE: Final = r"(?<![^\n])[ \t>]{0,12}"

TOKEN: Final = re.compile(
    rf"{_LINE}(?P<fence>`{{3,40}}|~{{3,40}})(?P<info>[^`\n]{{0,80}})(?=\n|\Z)"
    r"|(?<!`)(?P<code>`{1,9})(?!`)[^\n]{1,300}?(?<!`)(?P=code)(?!`)"
    rf"|(?P<space>{_SPACE})(?:(?P<wide>{_WIDE}[{_WIDE_SHUT}])"
    rf"|(?P<open>{_OPEN})(?P<label>{_LABEL})\](?:\((?P<target>{_TARGET})\))?"
    rf"|<(?P<angled>{_ADDRESS})(?:{_AFTER})?>"
    rf"|(?P<url>{_ADDRESS}))",
    re.IGNORECASE,
)
"""A fence, a span of code, or, with the ``space`` before it, a mark or a link."""

BEGINNING: Final = re.compile(
    rf"(?:{_LINE}(?:`{{1,40}}|~{{1,40}}|(?:`{{3,40}}|~{{3,40}})[^`\n]{{0,80}})?"
    r"|(?<!`)(?P<run>`{1,9})(?:(?!`)(?:(?!(?<!`)(?P=run)[^`])[^\n]){0,310})?"
    rf"|{_SPACE}(?:{_WIDE}"
    rf"|!?\\?(?:\[{_LABEL}(?:{_NEST}|\](?:\({_TARGET}(?:{_PARENS})?)?)?)?"
    rf"|<?(?:{_STARTS})|<|<?{_BEGUN}|<{_BEGUN}{_AFTER})?)\Z",
    re.IGNORECASE,
)
"""What more text could make a token."""

LONGEST: Final = 3000
"""Characters that ``BEGINNING`` matches at most."""

_SIGNS: Final = rf" \t`~>!\\\[<{_WIDE_OPEN}"

PLAIN: Final = re.compile(
    rf"(?:[ \t]?(?:[^{_SIGNS}hfwHFW]+|(?i:h(?!t?\Z|tt)|f(?!t?\Z|tp)|w(?!\Z|w))))+"
)
"""Where neither ``TOKEN`` nor ``BEGINNING`` can match: most of what is written."""

_ONE: Final = (
    r"(?:(?:passage|source|reference|ref|citation|document|doc)s?[.:]?\s*)?[#^]?\s*\d+(?::\d+)?"
)
_AND: Final = r"\s*(?:,\s*and\b|,|;|&|\band\b|[-\u2013])\s*"
_CITING: Final = re.compile(rf"\s*{_ONE}(?:{_AND}{_ONE})*\s*(?:\u2020.*)?", re.IGNORECASE)
_SPAN: Final = re.compile(r"(\d+)(?::\d+)?(?:\s*[-\u2013]\s*\D*(\d+))?")

_LINK: Final = re.compile(_ADDRESS, re.IGNORECASE)
_MAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_DESTINATION: Final = re.compile(r"\s*<?([^\s<>]*)>?(?:\s+[\"'(].*)?\s*")

_MARK: Final = re.compile(r"\[\d+\]")
_OWN: Final = re.compile(
    r"(?P<code>^[ \t>]*(`{3,}|~{3,})(?s:.*?)(?:^[ \t>]*\2|\Z)|`[^`\n]+`)|[ \t]*\[\d+\]",
    re.MULTILINE,
)


def numbers(label: str) -> Sequence[range] | None:
    """Return the numbers that stand between a mark's brackets; None if it is no mark."""
    if not _CITING.fullmatch(label.strip("[]\\ ")):
        return None
    spans = _SPAN.finditer(label.partition("\u2020")[0])
    return [range(int(span[1]), int(span[2] or span[1]) + 1) for span in spans]


def destination(target: str) -> str | None:
    """Return the address between a link's parentheses; None if they hold a remark."""
    found = _DESTINATION.fullmatch(target)
    return found[1] if found else None


def addresses(text: str) -> Iterator[str]:
    """Yield every address in ``text``, of pages and of mail."""
    for found in _LINK.finditer(text):
        yield found[0]
    for found in _MAIL.finditer(text):
        yield f"mailto:{found[0]}"


def unmarked(text: str) -> str:
    """Return a reply of ours without its marks ``[1]``, which mean nothing in a later turn."""
    if "`" in text or "~~~" in text:
        return _OWN.sub(lambda found: found["code"] or "", text)
    *before, last = _MARK.split(text)  # without code, ten times as fast
    return "".join([part.rstrip(" \t") for part in before]) + last
