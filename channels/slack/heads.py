"""Tells from the beginning of a line what it may become; an answer comes in pieces.

It asks for no more of a line than its first ``ODD`` signs, so that what is decided does not hang
on how much of it has come.
"""

import re
from typing import Final

from channels.slack.wording import JOINER

ODD: Final = 120
"""A line that may be a fence is never longer, nor is an indent: else it is made none."""

_MARKS: Final = r"(?:[ \t>]|[-+*][ \t]|\d{1,9}[.)][ \t]){0,40}"
_FENCE: Final = re.compile(rf"{_MARKS}(?P<sign>`{{3,}}|~{{3,}})")
_ROW: Final = re.compile(rf"{_MARKS}\|")
_UNDECIDED: Final = re.compile(
    rf"{_MARKS}(?:[-+*]?|\d{{1,9}}[.)]?|#{{1,6}}|`{{1,2}}|~{{1,2}}|[-=_*:| \t]+)"
)
_DEEP: Final = re.compile(rf"[ \t]{{{ODD + 1},}}")


def tells(head: str, *, code: bool) -> bool:
    """Tell whether no more of a line can make it another kind of line.

    What may be a fence, code or a row is told only by the whole line.
    """
    head = head[: ODD + 1]
    if code or _ROW.match(head) or _fence(head, code=False):
        return False
    return len(head) > ODD or not _UNDECIDED.fullmatch(head)


def tamed(head: str, *, code: bool) -> str:
    """Return ``head`` without an absurd indent, and with an absurdly long fence made none."""
    if len(head) <= ODD:
        return head
    if indent := _DEEP.match(head):
        return head[:ODD] + head[indent.end() :]
    return unfenced(head, code=code)


def unfenced(head: str, *, code: bool = False) -> str:
    """Return ``head`` with what looks like a fence made none, by a sign that shows nothing."""
    fence = _fence(head[: ODD + 1], code=code)
    return head[: fence.start("sign")] + JOINER + head[fence.start("sign") :] if fence else head


def _fence(head: str, *, code: bool) -> re.Match[str] | None:
    """Return the fence that ``head`` begins or, in code, ends; None if it is plainly none."""
    found = _FENCE.match(head)
    if found is None:
        return None
    after = head[found.end() :]
    plain = after.strip() if code else found["sign"][0] == "`" and "`" in after
    return None if plain else found
