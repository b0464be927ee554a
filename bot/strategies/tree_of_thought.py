"""Thinks in several directions, follows the best, and replies from where they lead."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import isfinite
from typing import Any, Final, TypeGuard, TypeVar

from bot.backends.base import Request
from bot.errors import StepFailed
from bot.messages import Step
from bot.strategies.base import Asking, Limits, Plan
from bot.strategies.written import json_value

T = TypeVar("T")
Path = tuple[str, ...]

_LIMITS: Final = Limits(tokens=40_000)
_BEST: Final = 10.0
_LONGEST: Final = 2000  # characters of a thought


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeOfThought:
    """Grows a tree of thoughts, has a judge score them, and replies from the best line of them.

    The source: Yao et al., "Tree of Thoughts: Deliberate Problem Solving with Large Language
    Models" (2023), https://arxiv.org/abs/2305.10601, searched breadth first. At each of ``depth``
    levels ``breadth`` thoughts are asked for on every line, and the ``kept`` best lines go on.
    ``judge`` is the backend that scores them; None: the one that replies.
    """

    name: str = "tree_of_thought"
    purpose: str = "thinks in several directions, replies from the best"
    template: str = "tree_of_thought.j2"
    limits: Limits = _LIMITS
    breadth: int = 3
    depth: int = 2
    kept: int = 2
    judge: str | None = None

    async def think(self, request: Request, asking: Asking) -> Plan:
        """Grow the tree level by level; the reply is asked for with the best line."""
        lines: Sequence[Path] = ((),)
        for level in range(1, self.depth + 1):
            grown = await self._grown(request, asking, lines, level)
            lines = await self._best(request, asking, grown, level)
        thoughts = lines[0]
        context = asking.render("steps/reply.j2", thoughts=thoughts)
        return Plan(request=_after(request, context), hidden=thoughts)

    async def _grown(
        self, request: Request, asking: Asking, lines: Sequence[Path], level: int
    ) -> Sequence[Path]:
        """Return every line with each of its next thoughts; a line that yields none ends."""

        async def grow(line: Path) -> list[Path]:
            text = asking.render("steps/thoughts.j2", breadth=self.breadth, path=line)
            try:
                step = f"thoughts {level}"
                thoughts = await self._ask(request, asking, text, step, self._thoughts)
            except StepFailed:
                return []  # the audit has it; the other lines go on
            return [(*line, thought) for thought in thoughts]

        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(grow(line)) for line in lines]
        grown = [line for task in running for line in task.result()]
        if not grown:
            raise StepFailed("no line of thought goes on")
        return grown

    async def _best(
        self, request: Request, asking: Asking, lines: Sequence[Path], level: int
    ) -> Sequence[Path]:
        """Return the lines that go on, best first; one that got no score counts as the worst."""
        if len(lines) == 1:
            return lines
        text = asking.render("steps/judge.j2", paths=lines)
        read = partial(_scores, count=len(lines))
        scores = await self._ask(request, asking, text, f"judge {level}", read, judge=True)
        places = sorted(range(len(lines)), key=lambda place: -scores[place])
        best = lines[places[0]]
        asking.note(Step(name=f"best {level}", text=f"{scores[places[0]]:g} of 10: {best[-1]}"))
        return [lines[place] for place in places[: self.kept]]

    async def _ask(
        self,
        request: Request,
        asking: Asking,
        text: str,
        step: str,
        read: Callable[[str], T],
        *,
        judge: bool = False,
    ) -> T:
        asked = replace(_after(request, text), max_tokens=self.limits.step_tokens)
        if not judge:
            return await asking.ask(asked, step=step, read=read)
        asked = replace(asked, temperature=0.0)
        return await asking.ask(asked, step=step, read=read, backend=self.judge or "")

    def _thoughts(self, written: str) -> Sequence[str]:
        found = json_value(written, "[", _is_texts, wanted="JSON list of texts")
        thoughts = [" ".join(text.split())[:_LONGEST] for text in found]
        return list(dict.fromkeys(filter(None, thoughts)))[: self.breadth]


def _after(request: Request, text: str) -> Request:
    """Return ``request`` with what a step asks for: at its end, so that all before is cached."""
    return replace(request, context=f"{request.context}\n\n{text}")


def _is_texts(value: Any) -> TypeGuard[list[str]]:
    texts = isinstance(value, list) and all(isinstance(each, str) for each in value)
    return texts and any(each.strip() for each in value)


def _scores(written: str, *, count: int) -> Sequence[float]:
    """Read the judge's scores; what is no number from 0 to 10 is none, and none at all nonsense."""

    def fits(value: Any) -> TypeGuard[list[Any]]:
        return isinstance(value, list) and len(value) == count and any(map(_is_score, value))

    scores = json_value(written, "[", fits, wanted=f"list of {count} scores")
    return [float(score) if _is_score(score) else -1.0 for score in scores]


def _is_score(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and isfinite(value) and 0 <= value <= _BEST
