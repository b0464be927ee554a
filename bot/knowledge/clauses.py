"""Takes a message apart that asks more than one thing.

The cues are English. In another language a message stays whole.
"""

import re
from collections.abc import Sequence

_ASKS = (
    r"(?:how|what|when|where|which|who|whose|why|can|could|do|does|did|is|are|was|were|will"
    r"|would|should|may)\b"
)
_BEGINS = re.compile(rf"\W*{_ASKS}", re.IGNORECASE)
_JOINT = re.compile(
    rf"\s*(?:[?!.;,]\s*|\s)(?:(?:and|but|also|plus)\s+){{1,2}}(?={_ASKS})"
    rf"|[?!.;]\s+(?={_ASKS})",
    re.IGNORECASE,
)


def clauses(message: str) -> Sequence[str]:
    """Return the questions of ``message``; all of it where it is not several questions in a row."""
    parts = [part for part in _JOINT.split(message) if part.strip()]
    return parts if parts and all(map(_BEGINS.match, parts)) else [message]
