"""Tells whether a small model's answer is one to rely on."""

from collections.abc import Sequence

from bot.backends.base import Finished, Output, StopReason, Text
from bot.citations import Citations
from bot.messages import Passage
from bot.strategies import Reader


class AnswerDoubt:
    """Keeps the promise of ``Doubt``: an answer is sure once it has cited one of ``passages``.

    Where there is none to cite it is sure with its first word. To say that it does not know, though
    there are passages, is unsure; and so is what is cut, declined or empty.
    """

    def __init__(self, passages: Sequence[Passage], *, tagged: bool) -> None:
        self._passages = passages
        self._citations = Citations(passages)
        self._reader = Reader(tagged=tagged)
        self._words = False

    def settled(self, output: Output) -> bool:
        if not isinstance(output, Text):
            return False
        text = self._reader.feed(output.text)
        if self._reader.recalled:
            self._citations, self._words = Citations(self._passages), False
        self._read(text)
        return self._sure

    def against(self, finished: Finished) -> str:
        self._read(self._reader.close())
        self._words = self._words or bool(self._citations.close().strip())
        troubles = {
            "it declined": finished.reason is StopReason.REFUSAL,
            "it was cut": finished.reason is StopReason.LENGTH,
            "it does not know": self._reader.unanswered and bool(self._passages),
            "it said nothing": not self._words and not self._reader.unanswered,
            "it cites nothing": bool(self._passages) and not self._citations.cited,
        }
        return next((trouble for trouble, holds in troubles.items() if holds), "")

    @property
    def _sure(self) -> bool:
        if self._reader.unanswered:
            return False
        return bool(self._citations.cited) if self._passages else self._words

    def _read(self, text: str) -> None:
        self._words = bool(self._citations.feed(text).strip()) or self._words
