"""The hidden steps of one answer: asked within a budget, and kept for the audit."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from typing import TypeVar

from bot.backends.base import Finished, Output, Request, StopReason, Text, Thought
from bot.errors import NoAnswer, StepFailed, StoreUnavailable, without_text, without_words
from bot.messages import Attempt, Step, Usage
from bot.router import FellBack, Route
from bot.strategies import Limits, Nonsense, Plan, Strategy
from bot.strategies.budget import Budget
from bot.window import count_tokens

_logger = logging.getLogger(__name__)

T = TypeVar("T")

_UNNEEDED = "no longer waited for"


class Steps:
    """Keeps the promise of ``Asking`` for one turn.

    ``route`` is the turn's own; ``another`` is a way that begins with the backend of that name.
    """

    def __init__(
        self,
        *,
        route: Route,
        another: Callable[[str], Route],
        render: Callable[..., str],
        limits: Limits,
    ) -> None:
        self._ways = {"": route}
        self._another = another
        self._render = render
        self._limits = limits
        self._budget = Budget(limits.tokens, count=count_tokens)
        self.taken: list[Step] = []
        self.thoughts: list[str] = []

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every attempt of the turn so far, the reply's last."""
        own, *others = self._ways.values()
        steps = [attempt for attempt in own.attempts if attempt.step]
        asked = [attempt for way in others for attempt in way.attempts]
        return (*steps, *asked, *(attempt for attempt in own.attempts if not attempt.step))

    async def plan(self, strategy: Strategy, request: Request) -> Plan | None:
        """Let ``strategy`` think; None where that failed, broke, or took too long."""
        limit = asyncio.timeout(self._limits.seconds)
        try:
            async with limit:
                return await strategy.think(request, self)
        except StepFailed as failure:
            if not any(step.error for step in self.taken):
                self.note(Step(name=strategy.name, error=str(failure)))
            _logger.warning("%s failed in one of its steps; it answers directly.", strategy.name)
        except Exception as error:
            if limit.expired():
                told = f"over {self._limits.seconds:g} seconds"
                _logger.warning("%s took too long; it answers directly.", strategy.name)
            else:
                told, text = without_text(error), "%s broke; it answers directly."
                _logger.exception(text, strategy.name, exc_info=without_words(error))
            self.note(Step(name=strategy.name, error=told))
        return None

    async def ask(
        self, request: Request, *, step: str, read: Callable[[str], T], backend: str = ""
    ) -> T:
        text = ""
        try:
            text = await self._collected(request, step, self._way(backend))
            outcome = read(text)
        except (Nonsense, StepFailed, StoreUnavailable) as failure:
            self.note(Step(name=step, text=text, error=str(failure)))
            raise StepFailed(str(failure)) from failure
        except asyncio.CancelledError:
            self.note(Step(name=step, error=_UNNEEDED))
            raise
        self.note(Step(name=step, text=text))
        return outcome

    def note(self, step: Step) -> None:
        self.taken.append(step)

    def render(self, template: str, /, **variables: object) -> str:
        return self._render(template, **variables)

    def _way(self, backend: str) -> Route:
        if backend not in self._ways:
            self._ways[backend] = self._another(backend)
        return self._ways[backend]

    async def _collected(self, request: Request, step: str, route: Route) -> str:
        """Return the whole answer of the first backend that gives one."""
        told = _Told()
        reserved = self._budget.reserve(request)
        try:
            async with aclosing(route.stream(request, step=step)) as outputs:
                async for output in outputs:
                    if isinstance(output, FellBack) and told.begun:
                        self._budget.reserve(request)  # what was written so far was paid for
                    told.take(output)
        except NoAnswer as error:
            raise StepFailed(str(error)) from error
        self._budget.settle(reserved, told.usage)
        if told.thoughts:
            self.thoughts.append(f"{step}: {''.join(told.thoughts)}\n")
        return told.whole()


class _Told:
    """What an answer has come to."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self.thoughts: list[str] = []
        self.usage = Usage()
        self.reason = StopReason.END

    @property
    def begun(self) -> bool:
        return bool(self._text or self.thoughts)

    def take(self, output: Output | FellBack) -> None:
        match output:
            case FellBack():
                self._text.clear()
                self.thoughts.clear()
            case Text(piece):
                self._text.append(piece)
            case Thought(piece):
                self.thoughts.append(piece)
            case Finished(reason=reason, usage=usage):
                self.reason, self.usage = reason, usage

    def whole(self) -> str:
        """Return the text, if it is one and not cut off."""
        text = "".join(self._text).strip()
        if self.reason is not StopReason.END:
            raise StepFailed(f"it stopped with {self.reason!s}")
        if not text:
            raise StepFailed("the answer was empty")
        return text
