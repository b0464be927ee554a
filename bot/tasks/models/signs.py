"""The signs within a line of Markdown: marks, links, emphasis, code and addresses.

A translator is trained on bare sentences, and would break them.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

# Each is bounded, so that no line takes long.
_TARGET: Final = r"\]\([^()\s]{1,600}\)"
_ADDRESS: Final = r"(?:https?://|www\.|[\w.+-]{1,64}@)[^\s\[\]]{0,200}"
_KEPT: Final = re.compile(
    rf"(!?\[{_ADDRESS}{_TARGET}"
    r"|`+[^`]{1,500}`+"
    r"|<[^<>\s]{1,500}>"
    r"|(?:https?://|www\.)[^\s<>()\[\]]{0,500}[^\s<>()\[\].,;:!?]"
    r"|[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,4})"
)
_LINK: Final = re.compile(rf"(!?\[)(?!{_ADDRESS}\])([^\[\]]{{1,200}})({_TARGET})")
_EMPHASIS: Final = re.compile(
    r"(?<![\w*])(\*\*|__|\*|_)(?=[^\s*_])([^*_]{1,300})(?<=\S)\1(?![\w*])"
)
_MARK: Final = re.compile(r"[ \t]*\[\d{1,3}\]")
_END: Final = re.compile(r"[.!?…:\u3002\uff01\uff1f]+\Z")

# Of Unicode's private use; what a customer wrote has none of them left when it comes here.
_OPEN, _SHUT = "\ue000", "\ue001"
_PLACE: Final = re.compile(f"{_OPEN}(\\d{{1,6}}){_SHUT}")
_PRIVATE: Final = re.compile(f"[{_OPEN}{_SHUT}]")


@dataclass(frozen=True, slots=True)
class _Sign:
    """Something around words: ``needed`` where the words are nothing without it."""

    before: str
    words: str
    after: str
    needed: bool


class Signs:
    """Takes the signs of one line out, and puts them around the translated words again."""

    def __init__(self) -> None:
        self._signs: list[_Sign] = []

    def aside(self, line: str) -> Iterator[tuple[str, bool]]:
        """Yield the parts of ``line``, and whether each is kept as it is."""
        line = _LINK.sub(self._link, _PRIVATE.sub("", line))
        for place, part in enumerate(_KEPT.split(line)):
            if place % 2:
                yield self.put(part), True
            elif part:
                yield _EMPHASIS.sub(self._emphasis, part), False

    def bare(self, sentence: str) -> str:
        """Return ``sentence`` without a sign."""
        words = _PLACE.sub(lambda found: self._signs[int(found[1])].words, sentence)
        return _MARK.sub("", words)

    def put(self, sentence: str) -> str:
        """Return ``sentence`` with its signs, as it was."""
        return _PLACE.sub(lambda found: self._whole(int(found[1])), sentence)

    def around(self, sentence: str, into: Callable[[str], str]) -> str:
        """Return ``sentence`` as ``into`` has it, with the signs where their words went.

        A link whose words went nowhere follows in parentheses; emphasis is left out.
        """
        words = into(self.bare(sentence))
        after = ""
        for found in _PLACE.finditer(sentence):
            sign = self._signs[int(found[1])]
            inner = into(sign.words)
            begin = words.casefold().find(inner.casefold())
            if begin >= 0:
                end = begin + len(inner)
                words = words[:begin] + sign.before + words[begin:end] + sign.after + words[end:]
            elif sign.needed:
                after += f" ({sign.before}{inner}{sign.after})"
        return _marked(words, sentence, after)

    def _link(self, found: re.Match[str]) -> str:
        return self._kept(_Sign(found[1], found[2], found[3], needed=True))

    def _emphasis(self, found: re.Match[str]) -> str:
        if _PLACE.search(found[2]):
            return found[2]
        return self._kept(_Sign(found[1], found[2], found[1], needed=False))

    def _kept(self, sign: _Sign) -> str:
        self._signs.append(sign)
        return f"{_OPEN}{len(self._signs) - 1}{_SHUT}"

    def _whole(self, number: int) -> str:
        sign = self._signs[number]
        return f"{sign.before}{sign.words}{sign.after}"


def _marked(words: str, sentence: str, after: str) -> str:
    """Put the marks of ``sentence``, and ``after``, behind ``words`` or before their full stop."""
    marks = "".join(_MARK.findall(sentence))
    if not marks and not after:
        return words
    if marks and sentence.endswith(marks.strip()):
        return words + after + marks
    end = _END.search(words)
    stop = end.start() if end else len(words)
    return words[:stop] + after + marks + words[stop:]
