"""Lets through only citations of this turn's passages, and only links that are known."""

import re
from collections.abc import Iterable, Sequence
from functools import cached_property

from bot.marks import BEGINNING, LONGEST, PLAIN, TOKEN, addresses, destination, numbers, unmarked
from bot.messages import Citation, Passage
from bot.scanner import Part, Scanner

__all__ = ["Citations", "unmarked"]


class Citations:
    """Cleans one answer of a model while it is written; the same, however it is cut.

    A number of ``passages`` (from 1) becomes ``[1]``, ``[2]`` … in the order of appearance, in
    whatever brackets the model wrote it; every other one is taken out. A link stays if it stands
    in the passages or in ``known``, else its words remain. Code is left as it is.
    """

    def __init__(self, passages: Sequence[Passage], *, known: Iterable[str] = ()) -> None:
        self._passages = passages
        self._known = tuple(known)
        self._scanner = _scanner()
        self._fence = ""
        self._cited: dict[int, Citation] = {}

    @property
    def cited(self) -> tuple[Citation, ...]:
        """What was cited by now, in order of number."""
        return tuple(self._cited.values())

    def feed(self, text: str) -> str:
        """Take some more of the answer; return what may be shown of it by now."""
        return "".join(map(self._outer, self._scanner.feed(text)))

    def close(self) -> str:
        """Return the rest, now that nothing follows."""
        return "".join(map(self._outer, self._scanner.close()))

    def _outer(self, part: Part) -> str:
        """Clean what is not inside a fence."""
        if isinstance(part, str):
            return part
        if not part["fence"]:
            return part[0] if self._fence else self._token(part)
        if not self._fence:
            self._fence = part["fence"]
        elif part["fence"].startswith(self._fence) and not part["info"].strip():
            self._fence = ""
        return part[0]

    def _plain(self, text: str) -> str:
        """Clean what stands inside a token."""
        scanner = _scanner()
        parts = [*scanner.feed(text), *scanner.close()]
        return "".join(part if isinstance(part, str) else self._token(part) for part in parts)

    def _token(self, token: re.Match[str]) -> str:
        if token["fence"] or token["code"]:
            return token[0]
        if token["wide"]:
            words = self._bracketed(token["wide"][1:-1], token["wide"][0], token["wide"][-1])
        elif token["open"]:
            words = self._square(token)
        else:
            words = self._address(token)
        return token["space"] + words if words else ""

    def _square(self, token: re.Match[str]) -> str:
        opening, label, target = token["open"], token["label"], token["target"]
        if target is None or numbers(label) is not None:
            return self._bracketed(label, opening, "]")
        address = destination(target)
        if address is None:
            return f"{self._bracketed(label, opening, ']')}({self._plain(target)})"
        words = self._plain(label)
        return f"{opening}{words}]({target})" if self._knows(address) else words

    def _bracketed(self, label: str, opening: str, closing: str) -> str:
        """Return the marks that the brackets hold, or else the brackets, cleaned within."""
        cited = numbers(label)
        if cited is not None:
            return self._marks(cited)
        words = self._plain(label)
        return opening + words + closing if words or not label else ""

    def _marks(self, spans: Iterable[range]) -> str:
        count = len(self._passages)
        cited = [
            self._number(self._passages[number - 1])
            for span in spans
            for number in range(max(span.start, 1), min(span.stop, count + 1))
        ]
        return "".join(f"[{number}]" for number in dict.fromkeys(cited))

    def _number(self, passage: Passage) -> int:
        if passage.id not in self._cited:
            self._cited[passage.id] = Citation(
                number=len(self._cited) + 1,
                passage=passage.id,
                title=passage.title,
                heading=_heading(passage),
                link=passage.link,
            )
        return self._cited[passage.id].number

    def _address(self, token: re.Match[str]) -> str:
        if self._knows(token["angled"] or token["url"]):
            return token[0].removeprefix(token["space"])
        return self._plain(token["words"] or "")

    def _knows(self, address: str) -> bool:
        return address.rstrip("/") in self._links

    @cached_property
    def _links(self) -> frozenset[str]:
        texts = (*self._known, *(f"{each.link} {each.text}" for each in self._passages))
        return frozenset(link.rstrip("/") for text in texts for link in addresses(text))


def _heading(passage: Passage) -> str:
    """Return the heading right above the passage; empty where that is the article's title."""
    nearest = passage.headings[-1] if passage.headings else ""
    return "" if nearest == passage.title else nearest


def _scanner() -> Scanner:
    return Scanner(token=TOKEN, beginning=BEGINNING, longest=LONGEST, plain=PLAIN)
