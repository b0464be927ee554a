"""Where one model writes many answers, step by step.

Between two steps, each of which gives every answer its next token, those who wait are let in, in
the order in which they came (https://www.usenix.org/conference/osdi22/presentation/yu). Long
prompts are read in parts, so that nobody else stands still for longer than one part.
"""

from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot.local import memory
from bot.local.base import Loaded
from bot.local.batch import Batch, side_by_side
from bot.local.letters import Decode, Letters, Stops
from bot.local.sampling import Manner, choose
from bot.local.strand import Exhausted, Strand, Unwritten, plain
from bot.thoughts import is_mark

# Tokens that are read between two steps of those who write already.
_PART = 512
# Tokens that an answer is given room for when it is let in; most take less.
_AHEAD = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What the model reads, and how it answers.

    ``room`` is how many tokens it writes at most. ``opening`` begins the answer: ``tokens`` hold
    it already. The answer ends before the first of ``stops``.
    """

    tokens: Sequence[int]
    room: int
    manner: Manner
    opening: str = ""
    stops: Sequence[str] = ()


Prepare = Callable[[Loaded], Prompt]
"""Makes the prompt, in the model's thread, since tokenizers bear no two; what it raises is told."""


class _Row:
    """One answer at the desk."""

    def __init__(self, strand: Strand, prompt: Prompt, decode: Decode) -> None:
        self.strand = strand
        self.prompt = prompt
        self.last = 0
        self._letters = Letters(decode)
        self._stops = Stops(prompt.stops)
        strand.read = len(prompt.tokens)
        strand.give(prompt.opening)

    def accept(self, token: int, ends: Collection[int]) -> bool:
        """Add ``token``; return whether the answer goes on."""
        strand, self.last = self.strand, token
        strand.wrote += 1
        ended = token in ends
        if not ended:
            strand.give(self._stops.add(self._letters.add(token)))
            if self._stops.reached:
                strand.end()
                return False
        if ended or strand.wrote >= self.prompt.room:
            strand.give(self._stops.add(self._letters.close()))
            strand.give(self._stops.close())
            strand.cut = not ended
            strand.end()
            return False
        return True


class Desk:
    """What the thread works at: answers that wait, one group that is read in, and the batch."""

    def __init__(self, loaded: Loaded, *, at_once: int) -> None:
        self.loaded = loaded
        self._at_once = at_once if side_by_side(loaded.model) else 1
        self._ends = _ends(loaded)
        self._decode = _decode(loaded.tokenizer)
        self._line: deque[tuple[Strand, Prepare]] = deque()
        self._ready: deque[_Row] = deque()  # with their prompts made, still to be read
        self._reading: list[_Row] = []
        self._read = 0  # how much of their prompts was
        self._newcomers = Batch(loaded.model, 0)
        self._rows: list[_Row] = []
        self._batch = Batch(loaded.model, 0)
        self._open: set[Strand] = set()  # everyone who is owed an end
        self._touched: list[Strand] = []

    @property
    def waiting(self) -> int:
        return len(self._line) + len(self._ready) + len(self._reading)

    @property
    def busy(self) -> bool:
        return bool(self._line or self._ready or self._reading or self._rows)

    def take(self, strand: Strand, prepare: Prepare) -> None:
        self._line.append((strand, prepare))
        self._open.add(strand)

    def turn(self) -> None:
        """Read one part of those who begin, and write one token of all the others."""
        try:
            self._leave()
            self._read_part()
            self._write()
        except BaseException as error:  # noqa: BLE001 - nothing may end the thread
            self.end(plain(error))
        told, self._touched = self._touched, []
        Strand.tell(told)

    def end(self, error: Exception) -> None:
        """Give up every answer that has begun, or waits here."""
        strands = list(self._open)
        self._open.clear()
        self._line.clear()
        self._ready.clear()
        self._rows, self._reading = [], []
        for strand in strands:  # before all that a broken accelerator may refuse, too
            strand.end(error)
        Strand.tell(strands)
        self._batch = self._newcomers = Batch(self.loaded.model, 0)
        memory.release()

    def _fail(self, strand: Strand, error: Exception) -> None:
        exhausted = memory.is_exhausted(error)
        if exhausted:
            error = Exhausted("there was not enough memory for this answer")
        strand.end(error)
        self._open.discard(strand)
        self._touched.append(strand)
        if exhausted:
            memory.release()

    def _leave(self) -> None:
        """Let go of those for whom nobody waits any longer."""
        self._keep([number for number, row in enumerate(self._rows) if not row.strand.left])
        if any(row.strand.left for row in self._reading):
            self._ready.extendleft(reversed(self._reading))
            self._reading = []
        self._ready = deque(row for row in self._ready if not row.strand.left)
        self._open = {strand for strand in self._open if not strand.left}

    def _keep(self, numbers: Sequence[int]) -> None:
        if len(numbers) < len(self._rows):
            self._rows = [self._rows[number] for number in numbers]
            if self._rows:
                self._batch.keep(numbers)
            else:
                self._batch = Batch(self.loaded.model, 0)

    # --- Reading ------------------------------------------------------------------------------

    def _read_part(self) -> None:
        if not self._reading and not self._begin():
            return
        end = self._read + _PART if len(self._reading) == 1 else None
        parts = [row.prompt.tokens[self._read : end] for row in self._reading]
        whole = end is None or end >= len(self._reading[0].prompt.tokens)
        rows, batch = self._reading, self._newcomers
        try:
            logits = batch.step(parts)
        except Exception as error:  # noqa: BLE001 - it fails those only whom it concerns
            self._reading = []
            self._not_read(rows, error)
            return
        self._read += _PART
        if whole:
            self._reading = []
            self._admit(rows, batch, logits)

    def _not_read(self, rows: Sequence[_Row], error: Exception) -> None:
        if len(rows) == 1:
            self._fail(rows[0].strand, error)
            return
        for row in rows:  # each alone: whose fault it was shows then
            self._step(row, lambda: Batch(self.loaded.model, 1), row.prompt.tokens)

    def _begin(self) -> bool:
        """Choose who is let in next: the first, and those behind who are read in one go with it."""
        group: list[_Row] = []
        longest = 0
        while (row := self._first()) is not None:
            longest = max(longest, len(row.prompt.tokens))
            alone = not group
            if not alone and longest * (len(group) + 1) > _PART:
                break
            if not self._has_room(len(group) + 1, longest):
                break
            group.append(self._ready.popleft())
        self._reading, self._read = group, 0
        self._newcomers = Batch(self.loaded.model, len(group))
        return bool(group)

    def _first(self) -> _Row | None:
        """Return who is next, its prompt made."""
        while not self._ready and self._line:
            strand, prepare = self._line.popleft()
            if strand.left:
                self._open.discard(strand)
                continue
            try:
                self._ready.append(_Row(strand, prepare(self.loaded), self._decode))
            except BaseException as error:  # noqa: BLE001 - it concerns this answer only
                self._fail(strand, plain(error))
        return self._ready[0] if self._ready else None

    def _has_room(self, more: int, longest: int) -> bool:
        rows = len(self._rows) + more
        if rows == 1:
            return True
        spare = self.loaded.spare_tokens
        width = max(self._batch.width, longest) + _AHEAD
        return rows <= self._at_once and (spare is None or rows * width <= spare)

    # --- Writing ------------------------------------------------------------------------------

    def _write(self) -> None:
        if not self._rows:
            return
        try:
            logits = self._batch.step([[row.last] for row in self._rows])
        except Exception as error:  # noqa: BLE001 - it fails those only whom it concerns
            self._rescue(error)
            return
        self._keep(self._accept(self._rows, logits))

    def _rescue(self, error: Exception) -> None:
        """Find whose fault a failed step was; where memory lacks, the youngest gives way."""
        if len(self._rows) == 1 or memory.is_exhausted(error):
            self._fail(self._rows[-1].strand, error)
            self._keep(range(len(self._rows) - 1))
            return
        rows, batch = self._rows, self._batch
        self._rows, self._batch = [], Batch(self.loaded.model, 0)
        for number, row in enumerate(rows):
            self._step(row, partial(batch.row, number), [row.last])

    def _step(self, row: _Row, alone: Callable[[], Batch], tokens: Sequence[int]) -> None:
        """Have one row take a step by itself, and join the others."""
        try:
            batch = alone()
            self._admit([row], batch, batch.step([tokens]))
        except Exception as error:  # noqa: BLE001 - it is this one
            self._fail(row.strand, error)

    def _admit(self, rows: Sequence[_Row], batch: Batch, logits: Any) -> None:
        """Take in those who have just been read, with their first token."""
        going = self._accept(rows, logits)
        if not going:
            return
        if len(going) < len(rows):
            batch.keep(going)
        if self._rows:
            self._batch.join(batch)
        else:
            self._batch = batch
        self._rows += [rows[number] for number in going]

    def _accept(self, rows: Sequence[_Row], logits: Any) -> Sequence[int]:
        """Give each row its next token; return the numbers of those that go on."""
        going = []
        tokens = choose(logits, [row.prompt.manner for row in rows])
        for number, (row, token) in enumerate(zip(rows, tokens, strict=True)):
            if token is None:
                self._fail(row.strand, Unwritten("the model computed no usable number"))
                continue
            self._touched.append(row.strand)
            if row.accept(token, self._ends):
                going.append(number)
            else:
                self._open.discard(row.strand)
        return going


def _ends(loaded: Loaded) -> Collection[int]:
    """Return the tokens that end an answer, which chat models have several of."""
    named = getattr(loaded.model.generation_config, "eos_token_id", None)
    several = named if isinstance(named, list) else [named]
    return {token for token in (*several, loaded.tokenizer.eos_token_id) if token is not None}


def _decode(tokenizer: Any) -> Decode:
    """Return what makes text of tokens: of special ones only the marks of thoughts are left."""
    special = {
        n: each.content for n, each in tokenizer.added_tokens_decoder.items() if each.special
    }
    marks = {number for number, content in special.items() if is_mark(content)}
    if not marks:
        return _skipping(tokenizer, special=True)
    skipped = {*special, *tokenizer.all_special_ids} - marks
    decode = _skipping(tokenizer, special=False)
    return lambda tokens: decode([token for token in tokens if token not in skipped])


def _skipping(tokenizer: Any, *, special: bool) -> Decode:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:  # several times as fast
        return lambda tokens: str(backend.decode(tokens, skip_special_tokens=special))
    return lambda tokens: str(
        tokenizer.decode(tokens, skip_special_tokens=special, clean_up_tokenization_spaces=False)
    )
