"""What the router looks at to choose who answers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.messages import Passage

# Only where a word or the text ends: the mark within an address asks nothing.
_QUESTION = re.compile(r"""[?\u061f]+(?=$|[\s.,!"'\u00bb\u201d\u2019)\]*_])|\uff1f+""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is known of a turn before anybody is asked.

    ``conversation`` is its id, 0 where there is none: it is in no arm of a split.
    ``question_length`` is in characters, and ``questions`` is how many the customer's words hold.
    ``coverage`` (0 to 1) is the share of the question that the best passage has, None where no
    passage was found. ``backend`` is the conversation's own choice, and so is ``strategy`` where it
    ``keeps_strategy``.
    """

    channel: str
    question_length: int
    strategy: str
    conversation: int = 0
    questions: int = 1
    keeps_strategy: bool = False
    coverage: float | None = None
    language: str | None = None
    topic: str | None = None
    mood: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    backend: str | None = None


def count_questions(text: str) -> int:
    """Return how many sentences of ``text`` end as questions do; a row of marks is one."""
    return len(_QUESTION.findall(text))


def coverage(passages: Sequence[Passage]) -> float | None:
    """Return the share of the question that the best of ``passages`` has."""
    return max((passage.coverage for passage in passages), default=None)
