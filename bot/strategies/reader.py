"""Tells what a customer may see of what a model writes."""

import re
from collections.abc import Iterable
from typing import Final

from bot.prompts.markup import ANSWER, UNANSWERED
from bot.scanner import Part, Scanner
from bot.thoughts import ANSWERS, BLOCKS, BODY, HEADS, HIDDEN, MARKS, SPENT, THOUGHTS


class Reader:
    """Tells what a customer may see of one answer, while it is written.

    Hidden blocks may be nested, never closed, and cut anywhere. Of a model that writes messages
    only those are shown which say that they are for the customer. ``unanswered`` tells whether
    the answer says of itself that it does not know; ``recalled`` whether what was given before the
    latest ``feed`` was a thought after all, and is to be taken back: its end has come, and its
    beginning stood in the prompt. ``unopened`` is the mark that would have opened such a thought.
    """

    def __init__(self, *, tagged: bool = False) -> None:
        self._scanner = Scanner(token=_TAG, beginning=_BEGINNING, longest=_LONGEST, plain=_PLAIN)
        self._tagged = tagged
        self._inside = not tagged  # where the customer may look
        self._answered = not tagged  # whether that place ever was
        self._blocks: list[str] = []  # hidden ones that are open, the outermost first
        self._head: list[str] | None = None  # of the message whose text has not begun
        self._thought = False
        self._spare: list[str] = []
        self._reasoning: list[str] = []
        self._given: list[str] = []
        self._blank = ""
        self._shown = False
        self._writes_messages = False
        self.unanswered = False
        self.recalled = False
        self.unopened = ""

    @property
    def reasoning(self) -> str:
        """What was not shown, for the audit."""
        return "".join([*self._reasoning, *(self._head or ())]).strip()

    @property
    def usable(self) -> bool:
        """Whether a customer can be given something: words, or that there is no answer."""
        return self._shown or self.unanswered

    @property
    def astray(self) -> bool:
        """Whether all that was written stands where no customer may look, though some should."""
        return self._tagged and not self.usable and bool(self.reasoning)

    def feed(self, text: str) -> str:
        """Take some more of what the model writes; return what may be shown of it by now."""
        self.recalled = False
        return self._trimmed(self._read(self._scanner.feed(text)))

    def close(self) -> str:
        """Return the rest, now that the model has ended."""
        text = self._read(part for part in self._scanner.close() if not self._is_cut(part))
        if not self._answered:  # it thought and then forgot to say where its answer begins
            text += "".join(self._spare)
        return self._trimmed(text)

    def _is_cut(self, part: Part) -> bool:
        """Tell whether the answer was cut within a tag; no half of one is shown."""
        if isinstance(part, re.Match) or not re.search(r"\w", part):
            return False
        self._reasoning.append(part)
        return True

    def _read(self, parts: Iterable[Part]) -> str:
        before = len(self._given)
        for part in parts:
            text = self._text(part) if isinstance(part, str) else self._tag(part)
            before = min(before, len(self._given))  # less where it was taken back
            self._given.append(text)
        return "".join(self._given[before:])

    def _text(self, text: str) -> str:
        if self._inside and not self._blocks:
            return text
        if self._head is not None:
            self._head.append(text)
            return ""
        may_be_it = self._thought and not self._blocks and not self._answered
        (self._spare if may_be_it else self._reasoning).append(text)
        return ""

    def _tag(self, tag: re.Match[str]) -> str:
        if tag["mark"] in _OF_MESSAGES and self._blocks in ([], [_MESSAGE]):
            return self._message(tag["mark"])
        if _MESSAGE in self._blocks:
            return self._text(tag[0])
        if mark := tag["mark"]:
            self._mark(mark)
        elif name := tag["hidden"] or tag["unfinished"]:
            empty = tag[0].rstrip("> \n").endswith("/")
            self._block(name.lower(), closing=bool(tag["closing"]), empty=empty)
        elif self._blocks:
            self._reasoning.append(tag[0])
        elif tag["unanswered"]:
            self.unanswered = True
        elif self._tagged:
            return self._answer(closing=bool(tag["closing"]))
        return ""

    def _recall(self) -> None:
        """Take back what was given; where an answer's place is marked nothing else was."""
        if self._tagged:
            return
        self._reasoning += self._given
        self._given.clear()
        self.recalled = self.recalled or self._shown
        self.unanswered = self._shown = False
        self._blank = ""

    def _message(self, mark: str) -> str:
        """Begin a message, its head or its text; hide it unless it says that it is an answer."""
        if mark in SPENT:
            if self._head is not None:
                self._head.append(" ")
            return ""
        if not self._writes_messages:
            self._writes_messages = True
            self._recall()
        head, self._head = "".join(self._head or ()), [] if mark in HEADS else None
        if mark in ANSWERS or (mark == BODY and _FINAL.match(head)):
            self._blocks.clear()
            self._end_thought()
            return self._text("\n\n")
        self._blocks = [_MESSAGE]
        self._reasoning += [] if mark in HEADS else ["\n\n"]
        return ""

    def _mark(self, mark: str) -> None:
        if mark in BLOCKS:
            self._block(mark, closing=False, empty=False)
        elif mark in _OPENING_OF:
            self._block(_OPENING_OF[mark], closing=True, empty=False)
        else:  # of a message, and quoted in a thought
            self._reasoning.append(mark)

    def _block(self, name: str, *, closing: bool, empty: bool) -> None:
        """Enter or leave a hidden block; a closing tag closes those inside it as well."""
        if not closing:
            self._blocks += [] if empty else [name]
            return
        if not self._blocks:
            self.unopened = name if name in BLOCKS else f"<{name}>"
            self._recall()
        elif name in self._blocks:
            while self._blocks.pop() != name:
                pass
        if not self._blocks:
            self._end_thought()

    def _answer(self, *, closing: bool) -> str:
        self._inside = not closing
        if not closing:
            self._answered = True
            self._set_aside()
        return "\n\n" if closing else ""

    def _end_thought(self) -> None:
        self._thought = True
        self._set_aside()

    def _set_aside(self) -> None:
        self._reasoning += self._spare
        self._spare.clear()

    def _trimmed(self, text: str) -> str:
        """Return ``text`` without the blanks around the whole answer."""
        text = self._blank + text
        visible = text.rstrip() if self._shown else text.strip()
        self._shown = self._shown or bool(visible)
        self._blank = text[len(text.rstrip()) :] if self._shown else ""
        return visible


def _beginnings(names: Iterable[str]) -> str:
    starts = {name[:length] for name in names for length in range(1, len(name) + 1)}
    return "|".join(map(re.escape, sorted(starts, key=len, reverse=True)))


_MESSAGE: Final = "a message"
_OF_MESSAGES: Final = {*HEADS, *THOUGHTS, BODY, *ANSWERS, *SPENT}
_OPENING_OF: Final = {closing: opening for opening, closing in BLOCKS.items()}
_FINAL: Final = re.compile(r"\s*final\b")

_NAMES: Final = (*HIDDEN, ANSWER, UNANSWERED)
_LONGEST: Final = 160  # characters of what _BEGINNING matches
_GAP: Final = r"\s{0,9}"
_TAG: Final = re.compile(
    rf"<(?:{_GAP}(?P<closing>/))?{_GAP}"
    rf"(?:(?P<hidden>{'|'.join(HIDDEN)})|(?P<answer>{ANSWER})|(?P<unanswered>{UNANSWERED}))"
    r"(?:[\s/][^<>]{0,99})?>"
    rf"|<{_GAP}(?P<unfinished>{'|'.join(HIDDEN)})(?=[\s/])"
    rf"|(?P<mark>(?-i:{'|'.join(map(re.escape, MARKS))}))",
    re.IGNORECASE,
)
_BEGINNING: Final = re.compile(
    rf"(?:<{_GAP}(?:/{_GAP})?(?:{_beginnings(_NAMES)}|(?:{'|'.join(_NAMES)})[\s/][^<>]{{0,120}})?"
    rf"|(?-i:{_beginnings(mark[:-1] for mark in MARKS)}))\Z",
    re.IGNORECASE,
)
# Brackets begin citations and links as well: what follows tells them from a mark at once.
_PLAIN: Final = re.compile(r"(?:[^<\[\u25c1]+|\[(?![T/]|\Z))+")
