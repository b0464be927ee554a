"""Decides what a small backend may answer."""

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from typing import Protocol

from bot.backends.base import Backend, Finished, Output, StopReason
from bot.errors import BackendError, BackendUnavailable, BackendUnsure
from bot.router.circumstances import Circumstances
from bot.router.line import Line, Verdict
from bot.settings import CascadeSettings


class Doubt(Protocol):
    """Judges one answer of the small backend while it is written."""

    def settled(self, output: Output) -> bool:
        """Take some more of the answer; tell whether it may be shown from here on."""
        ...

    def against(self, finished: Finished) -> str:
        """Tell, of an answer that never settled, why it is unsure; empty where it is not."""
        ...


Doubts = Callable[[Backend], Doubt]
"""Makes the judge of one answer of a backend."""


def hard(to: Circumstances, settings: CascadeSettings) -> str:
    """Return why a question is too hard for the small backend; empty where it is not."""
    reasons = {
        f"the question is longer than {settings.longer_than} characters": (
            0 < settings.longer_than < to.question_length
        ),
        f"the message holds {to.questions} questions": 0 < settings.questions <= to.questions,
        f"no passage covers {settings.covered:.0%} of the question": (
            to.coverage is not None and to.coverage < settings.covered
        ),
        f"the customer is {to.mood}": to.mood in settings.moods,
        f"the strategy is {to.strategy}": to.strategy in settings.strategies,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


class Trial:
    """The answer of the small backend: held back until it is sure, and then let out.

    What was let out is never withdrawn for the sake of the cascade.
    """

    def __init__(self, *, line: Line, doubt: Doubt, verdict: Verdict) -> None:
        self.line = line
        self.why = ""
        self.held: list[Output] = []
        self._doubt = doubt
        self._verdict = verdict
        self._settled = False
        self._went = "is left alone"
        self._given = False

    @property
    def whole(self) -> bool:
        """Whether an answer is held back that came to its end."""
        return bool(self.held) and isinstance(self.held[-1], Finished)

    @property
    def told(self) -> str:
        """What became of it, for the audit."""
        if not self.why:
            return self._went
        return f"was unsure, {self.why}" + (", but nobody else answered" if self._given else "")

    def verdict(self, finished: Finished) -> str:
        """Judge the end of an answer that is let out by then; what is held back waits for it."""
        return self._verdict(finished) if self._settled else ""

    async def outputs(self, answer: AsyncGenerator[Output]) -> AsyncGenerator[Output]:
        """Yield what ``answer`` yields, from when it is sure.

        Raises:
            BackendUnsure: it never was.
        """
        self._went = "gave no answer"
        try:
            async with aclosing(answer):
                async for output in answer:
                    if self._settled:
                        yield output
                        continue
                    self.held.append(output)
                    if self._settles(output):
                        for held in self.release():
                            yield held
        except BackendError:
            self._went += ", but broke off" if self._settled else ""
            raise

    def release(self) -> Iterator[Output]:
        """Let out what was held back; that a model declines is an answer."""
        held, self.held, self._settled = self.held, [], True
        self._went = "was sure"
        for output in held:
            if isinstance(output, Finished):
                refused = output.reason is StopReason.REFUSAL
                if against := "" if refused else self._verdict(output):
                    self.why = against
                    raise BackendUnavailable(against, backend=self.line.backend.name)
                self._given = True
            yield output

    def _settles(self, output: Output) -> bool:
        if not isinstance(output, Finished):
            return self._doubt.settled(output)
        self.why = self._doubt.against(output)
        if self.why:
            raise BackendUnsure(self.why, backend=self.line.backend.name)
        return True
