"""Cuts an answer's Markdown into Slack messages, also while it is still being written."""

import re
from typing import Final

from channels.slack.heads import ODD, tamed, tells, unfenced
from channels.slack.inline import ends_sentence, finished, open_ticks, pieces, whole_signs
from channels.slack.outline import QUOTE, Fence, Kind, Line, Outline, Table
from channels.slack.page import Page, quotes
from channels.slack.wording import JOINER, Harmless, weight

# From which share of its room on a message ends at the first such place.
_ZONE: Final = 0.80
_AT_HEADING: Final = 0.80
_AT_PARAGRAPH: Final = 0.84
_AT_ITEM: Final = 0.88
_AT_LINE: Final = 0.91
_AT_SENTENCE: Final = 0.95
_AT_SPACE: Final = 0.97

_GAP: Final = 20  # as many blank lines in a row are shown at most
_TICKS: Final = 9  # room that is kept for closing a span of code
_SIGNS: Final = 200  # what the last few signs weigh at most, of which none is split

_BLOCK: Final = re.compile(r"[ \t]*(?:[-+*>#|=]|\d{1,9}[.)]|`{3}|~{3})|[ \t]{4}")
_RISKY: Final = re.compile(r"[-+*>#|=`~\d]")
_DELIMITER: Final = re.compile(r"[ \t>|:-]*")
_SOLID: Final = frozenset({Kind.CODE, Kind.ROW, Kind.DELIMITER, Kind.FENCE, Kind.END})


class Sheets:
    """An answer's Markdown as messages: text goes in as it comes, and out as it may be appended.

    A message that is ``full`` is ended with ``turn``. Fences that are open then are closed, and
    opened again in the next message; a table goes on with its header. ``longest`` is counted by
    ``wording.weight``. All that is held back is what more text could change.
    """

    def __init__(self, *, longest: int = 10_500) -> None:
        self._longest = longest
        self._harmless = Harmless()
        self._text = ""  # what is not shown yet, from _at on
        self._at = 0
        self._blank: list[str] = []  # blank lines, which wait for what follows them
        self._taken: list[str] = []
        # The line that is being shown
        self._source = Outline()
        self._within = False
        self._read = ""  # as the answer has it
        self._line = ""  # as this message has it
        self._words = ""  # of the answer's, as far as this message has it
        self._midway = False  # a message before has its beginning
        self._torn = ""  # the rest of a piece of it that had to be split
        self._lead = ""  # what this message needs before the rest of it
        self._solid = False  # it is code or of a table
        self._reserve = 0  # room that is kept for closing what is open in it
        # The present message
        self._page = Page(longest)
        self._roomy = False  # all the rest has room
        self.full = False
        # What the message before left
        self._left: Fence | Table | None = None
        self._orphans = 0  # containers: lists' indent means nothing any more

    def add(self, text: str) -> None:
        """Take some more of the answer."""
        self._text += self._harmless.feed(text)

    def take(self, *, final: bool = False) -> str:
        """Return what may be appended to the present message now; ``final``: nothing follows."""
        if final:
            self._text += self._harmless.close()
            self._roomy = self._has_room_for_all()
        while not self.full and self._step(final=final):
            pass
        self._text, self._at = self._text[self._at :], 0
        if final and not self.full and self._page.said:
            self._close()
        return self._page.take()

    def turn(self) -> str:
        """End the present message; return what to append to it first."""
        if not self._page.said:
            return self._page.take()
        if self._within and not self._line:
            self._rewind()
        self._left = self._page.outline.fence or self._page.outline.table
        ticks = self._close()
        self._midway = self._within
        if self._midway:
            self._lead = quotes(self._page.outline.look(self._line).containers) + ticks
        read = self._source.look(self._read) if self._within else self._source
        self._orphans = len(read.containers)
        code = isinstance(self._left, Fence)
        self._blank = [_quotes_of(each) for each in self._blank] if code else []
        given, self._page, self.full = self._page.take(), Page(self._longest), False
        self._line = self._words = self._torn = ""
        return given

    def soon(self) -> None:
        """Let the present message end at the next good place: it grows old."""
        self._page.room = min(self._page.room, self._page.used + max(200, self._longest // 10))

    def _remaining(self) -> int:
        return self._page.left - self._reserve - weight(self._lead)

    def _has_room_for_all(self) -> bool:
        if len(self._text) - self._at > self._page.left:
            return False
        return self._page.used + weight(self._text[self._at :]) + 3 * ODD <= self._page.room

    # --- Where lines begin --------------------------------------------------------------------

    def _step(self, *, final: bool) -> bool:
        """Show some more; False if nothing can be shown now."""
        if self._at >= len(self._text) and not (final and self._within):
            return False
        end = self._text.find("\n", self._at)
        whole = end >= 0 or final
        rest = self._text[self._at : end if end >= 0 else len(self._text)]
        if self._within:
            return self._go_on(rest, whole=whole, ended=end >= 0)
        return self._next(rest, whole=whole, final=final)

    def _next(self, rest: str, *, whole: bool, final: bool) -> bool:
        code = self._source.fence is not None
        if (better := tamed(rest, code=code)) != rest:
            return self._rewrite(rest, better)
        plain = not self._source.table and tells(rest, code=code)
        if not (whole or plain or self._is_endless(rest)):
            return False
        line = self._source.look(rest[: ODD + 1] if plain else rest)
        if line.kind is Kind.WORDS and (better := unfenced(rest)) != rest:
            return self._rewrite(rest, better)
        if _is_blank(line):
            return whole and self._hold(line, rest)
        if isinstance(self._left, Fence) and line.kind is Kind.END:
            self._left = None
            return self._pass(rest)
        table = self._delimiter(line, rest, final=final)
        return table is not None and self._begin(line, rest, table)

    def _rewrite(self, rest: str, better: str) -> bool:
        self._text = self._text[: self._at] + better + self._text[self._at + len(rest) :]
        return True

    def _is_endless(self, text: str) -> bool:
        """Tell whether ``text`` is too long to be kept whole."""
        return weight(text) > self._longest // 2

    def _begin(self, line: Line, rest: str, table: str) -> bool:
        """Begin to show a line, or end the message before it and return False."""
        kept, start = self._inherited(line, rest)
        shown = kept + rest[start:]
        if self._would_hide(line, shown):
            start = len(rest) - len(rest[start:].lstrip())
            shown = kept + rest[start:]
        if self._page.said and self._ends_before(
            line, shown, table, endless=self._is_endless(rest)
        ):
            self.full = True
            return False
        self._open(line, shown)
        self._lead = kept + (JOINER if self._would_change(line) else "")
        self._within, self._midway = True, False
        self._read, self._line, self._words = rest[:start], "", ""
        self._at += start
        self._solid = line.kind in _SOLID
        self._reserve = self._kept_for(line, rest)
        return True

    def _inherited(self, line: Line, rest: str) -> tuple[str, int]:
        """Return what is kept of a line's containers from messages before, and where they end."""
        spans = line.spans[: self._orphans]
        if not spans:
            return "", 0
        pairs = zip(spans, self._source.containers, strict=False)
        kept = "".join(rest[start:end] for (start, end), width in pairs if width == QUOTE)
        return kept, spans[-1][1]

    def _would_hide(self, line: Line, shown: str) -> bool:
        """Tell whether a fence's indent would make it part of a list that is not its own."""
        return line.kind is Kind.FENCE and len(self._page.outline.look(shown).containers) > len(
            line.containers
        )

    def _would_change(self, line: Line) -> bool:
        """Tell whether words would become a block, without what stood in the messages before."""
        begins = line.continues and not self._page.said and not line.spans
        return begins and _BLOCK.match(line.content) is not None

    def _hold(self, line: Line, rest: str) -> bool:
        """Keep a blank line until something follows it."""
        if len(self._blank) < _GAP:
            kept, start = self._inherited(line, rest)
            self._blank.append((kept + rest[start:]).rstrip()[:ODD])
        return self._pass(rest)

    def _pass(self, rest: str) -> bool:
        """Leave a line out."""
        self._settle(self._source.take(rest))
        self._at += len(rest) + 1
        return True

    def _settle(self, line: Line) -> None:
        if not line.continues or len(line.containers) < self._orphans:
            self._orphans = min(self._orphans, len(line.spans))

    def _delimiter(self, line: Line, rest: str, *, final: bool) -> str | None:
        """Return the next line if the two begin a table, else nothing; None if it must be known.

        Only a line that begins with ``|`` is looked at: others are shown before they are whole.
        """
        if line.kind is not Kind.WORDS or not line.content.lstrip().startswith("|"):
            return ""
        start = self._at + len(rest) + 1
        end = self._text.find("\n", start)
        following = self._text[start : end if end >= 0 else len(self._text)]
        if self._is_endless(rest) or not _DELIMITER.fullmatch(following):
            return ""
        if end < 0 and not final and not self._is_endless(following):
            return None
        return following if self._source.after(rest).look(following).kind is Kind.DELIMITER else ""

    def _ends_before(self, line: Line, shown: str, table: str, *, endless: bool) -> bool:
        """Tell whether the message ends before this line."""
        left = self._page.left
        before = sum(map(weight, self._blank)) + len(self._blank)
        if self._leaves_fence(line):
            before += weight(self._page.closing) + 1
        needs = before + weight(shown) + 1 + (weight(table) + 1 if table else 0)
        if line.kind in {Kind.END, Kind.DELIMITER}:
            return needs > left
        if not self._roomy and self._page.used >= self._threshold(line, table) * self._page.room:
            return True
        reserve = self._kept_for(line, shown)
        if before + reserve >= left:
            return True
        keeps = (line.kind in _SOLID or bool(table)) and not endless
        return keeps and needs + reserve > left

    def _threshold(self, line: Line, table: str) -> float:
        if line.kind is Kind.HEADING:
            return _AT_HEADING
        first = not line.spans
        if first and (table or line.kind in {Kind.FENCE, Kind.RULE}):
            return _AT_PARAGRAPH
        if first and self._blank and not line.item:
            return _AT_PARAGRAPH
        return _AT_ITEM if first and line.item else _AT_LINE

    def _kept_for(self, line: Line, rest: str) -> int:
        """Return the room that closing needs while this line is shown, its end included."""
        if line.kind is Kind.FENCE:
            return weight(rest) + 2 * len("\n")
        if line.kind is Kind.CODE:
            return weight(self._page.closing) + 2 * len("\n")
        return len("\n") if line.kind in _SOLID else _TICKS

    # --- What was open ------------------------------------------------------------------------

    def _open(self, line: Line, shown: str) -> None:
        """Open again what the message before left, and show the blank lines that waited."""
        left, self._left = self._left, None
        if isinstance(left, Fence) and line.kind is Kind.CODE:
            self._page.reopen(left, line.containers)
        elif isinstance(left, Table) and line.kind is Kind.ROW and self._is_repeated(left):
            self._page.repeat(left, line.containers)
        if self._leaves_fence(line):
            self._page.put_line(self._page.closing)
        blank, self._blank = self._blank, []
        for each in blank:
            self._page.put_line(each)
        # An item goes on with its list, of which this message has none, not with a paragraph.
        if line.item and not self._page.outline.look(shown).item:
            self._page.put_line("")

    def _leaves_fence(self, line: Line) -> bool:
        """Tell whether the message has a fence open that ``line`` is not of."""
        return self._page.outline.fence is not None and (line.breaks or self._source.fence is None)

    def _is_repeated(self, table: Table) -> bool:
        return weight(table.header) + weight(table.delimiter) <= self._longest // 3

    def _close(self) -> str:
        """Close what is open; return the backticks that closed a span of code."""
        if self._page.outline.fence:
            self._page.close_fence()
            return ""
        if not self._within or self._solid:
            return ""
        known, ended, _ = self._text.partition("\n")
        rest = self._torn if self.full else (known if ended else None)
        ticks = open_ticks(self._line, rest)
        self._page.put(ticks)
        return ticks

    # --- Within a line ------------------------------------------------------------------------

    def _go_on(self, rest: str, *, whole: bool, ended: bool) -> bool:
        """Show more of a line; False if more of it must be known first."""
        if not rest and not whole:
            return False
        if rest and isinstance(self._left, Fence):
            self._page.reopen(self._left, self._source.containers)
            self._left = None
        if not rest:
            self._end_line(ended=ended)
        elif self._midway and not self._page.said and not self._solid and rest[0].isspace():
            self._skip(rest[0])
        elif self._solid:
            return self._show_solid(rest, whole=whole)
        else:
            return self._show_words(rest, whole=whole)
        return True

    def _end_line(self, *, ended: bool) -> None:
        if ended and self._line:
            self._page.put("\n")
        read = self._source.take(self._read)
        if not self._midway:
            self._settle(read)
        if self._line:
            self._page.outline.take(self._line)
        self._at += 1
        self._within, self._read, self._line, self._lead = False, "", "", ""

    def _show_solid(self, text: str, *, whole: bool) -> bool:
        room = self._remaining()
        if weight(text) > room:
            self._split(text)
        elif whole or weight(text) <= room - _SIGNS:
            self._say(text)
        else:
            return False
        return True

    def _show_words(self, text: str, *, whole: bool) -> bool:
        """Show words as they come; where the message may end, as soon as they are finished."""
        share = 1.0 if self._roomy else _ZONE
        free = min(int(share * self._page.room) - self._page.used, self._remaining())
        if fits := _fitting(text, free):
            self._say(text[:fits])
            return True
        line, shown = self._words + text, len(self._words)
        end, before = 0, ""
        for piece in pieces(line) if whole else finished(line):
            start, end = end, end + len(piece)
            new = line[max(start, shown) : end]
            if new and not self._place(new, before, begun=start < shown):
                return True
            before = piece
        return end > shown

    def _place(self, piece: str, before: str, *, begun: bool) -> bool:
        """Show a piece, or end the message at it and return False."""
        apart = self._page.said and not begun
        fits = weight(piece) <= self._remaining()
        if apart and (self._may_end(piece, before) or not (fits or self._is_endless(piece))):
            self._cut(piece[: len(piece) - len(piece.lstrip())])
        elif fits:
            self._say(piece)
            return True
        else:
            self._split(piece)
        return False

    def _may_end(self, piece: str, before: str) -> bool:
        apart = piece[0].isspace() or not piece[0].isascii()
        share = self._page.share
        return apart and (share >= _AT_SPACE or (share >= _AT_SENTENCE and ends_sentence(before)))

    def _cut(self, space: str) -> None:
        """End the message here; the space that stands here belongs to it."""
        self.full = True
        if not self._line:
            self._rewind()
        elif weight(space) <= self._remaining():
            self._say(space)
        else:
            self._skip(space)

    def _rewind(self) -> None:
        """Leave the whole line, of which nothing is shown, to the next message."""
        self._text, self._at = self._read + self._text[self._at :], 0
        self._within, self._read, self._lead = False, "", ""

    def _split(self, text: str) -> None:
        """Show as much as there is room for, of what is longer than a message."""
        end = whole_signs(text, _fitting(text, self._remaining()))
        if end < 1 and self._page.said:
            self._cut("")
            return
        end = max(end, 1)
        self._say(text[:end])
        self._torn, self.full = text[end:], end < len(text)

    def _skip(self, text: str) -> None:
        self._read += text
        self._at += len(text)

    def _say(self, text: str) -> None:
        if self._midway and not self._line and (self._solid or _RISKY.match(text)):
            self._lead += JOINER
        self._page.put(self._lead + text)
        self._line += self._lead + text
        self._words += text
        self._lead = ""
        self._page.said = self._page.said or bool(text.strip())
        self._skip(text)


def pages(text: str, *, longest: int = 10_500) -> list[str]:
    """Return a whole answer as messages."""
    sheets = Sheets(longest=longest)
    sheets.add(text)
    found: list[str] = []
    page = sheets.take(final=True)
    while sheets.full:
        found.append(page + sheets.turn())
        page = sheets.take(final=True)
    return [*found, page] if page.strip() else found


def _is_blank(line: Line) -> bool:
    return not line.item and not line.content.strip() and line.kind in {Kind.BLANK, Kind.CODE}


def _quotes_of(blank: str) -> str:
    return "> " * blank.count(">")


def _fitting(text: str, room: int) -> int:
    """Return how many characters of ``text`` weigh at most ``room``."""
    end = min(len(text), max(room, 0))
    while end and (over := weight(text[:end]) - room) > 0:
        end -= max(1, over // 5)
    return end
