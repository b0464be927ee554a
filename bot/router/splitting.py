"""Divides conversations among the arms of a comparison, without keeping who is in which."""

from collections.abc import Sequence
from hashlib import blake2b
from math import log

from bot.settings import Split

REST = "rest"
"""The conversations that no arm takes."""

_BYTES = 8
_ALL = 2.0 ** (8 * _BYTES)


def arm(conversation: int, splits: Sequence[Split]) -> Split | None:
    """Return the arm that a conversation belongs to, on every process the same; None: the rest.

    Each arm draws a number for the conversation, weighed by its share, and the highest takes it
    (rendezvous hashing; C. Schindelhauer and G. Schomaker, "Weighted distributed hash tables",
    2005). So an arm that grows loses nobody and takes from the others in equal measure; between
    two that did not change nobody moves.
    """
    rest = 100.0 - sum(split.share for split in splits)
    best, found = _drawn(REST, conversation, rest), None
    for split in splits:
        drawn = _drawn(split.name, conversation, split.share)
        if drawn > best:
            best, found = drawn, split
    return found


def _drawn(name: str, conversation: int, share: float) -> float:
    """Return the number that ``name`` draws: the higher its share, the likelier a high one."""
    if share <= 0:
        return float("-inf")
    digest = blake2b(f"{name}\0{conversation}".encode(), digest_size=_BYTES).digest()
    even = (int.from_bytes(digest) + 0.5) / _ALL  # above 0 and below 1
    return share / -log(even)
