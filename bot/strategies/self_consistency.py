"""Asks several times, and gives the answer that most of them come to."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, TypeGuard

from bot.backends.base import Request
from bot.errors import StepFailed
from bot.messages import Step
from bot.strategies.base import Asking, Limits, Nonsense, Plan
from bot.strategies.meaning import Meaning, Stems, clusters, middle, words
from bot.strategies.written import Seen, json_value, seen

_LIMITS: Final = Limits(tokens=40_000)


@dataclass(frozen=True, slots=True)
class _Sample:
    """One of the answers: as it was written, and what it says."""

    written: str
    meaning: Meaning


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfConsistency:
    """Has the model reason and answer several times over, and gives what most answers mean.

    The source: Wang et al., "Self-Consistency Improves Chain of Thought Reasoning in Language
    Models" (2022), https://arxiv.org/abs/2203.11171; free text is put to the vote by its meaning.
    ``judge`` is the backend that tells which mean the same; without one their words tell, and
    whoever would come too late to change the majority is not waited for.
    """

    name: str = "self_consistency"
    purpose: str = "answers several times, gives what most say"
    template: str = "self_consistency.j2"
    limits: Limits = _LIMITS
    answers: int = 5
    temperature: float = 0.7
    judge: str | None = None
    stems: Stems = words

    async def think(self, request: Request, asking: Asking) -> Plan:
        """Ask for the answers at once, and choose among those that can be used."""
        sampled = replace(request, temperature=self.temperature, max_tokens=self.limits.step_tokens)
        samples = await self._samples(sampled, asking)
        if not samples:
            raise StepFailed("none of the answers can be used")
        meanings = [sample.meaning for sample in samples]
        found = await self._clusters(request, asking, meanings)
        chosen = samples[middle(meanings, found[0])]
        asking.note(Step(name="agreement", text=self._agreement(found)))
        return Plan(request=request, tagged=True, text=chosen.written)

    async def _samples(self, request: Request, asking: Asking) -> Sequence[_Sample]:
        """Return the answers that can be used, in the order in which they were asked for."""
        came: dict[int, _Sample] = {}
        missing = set(range(self.answers))
        changed = asyncio.Event()

        async def take(place: int) -> None:
            try:
                came[place] = await asking.ask(
                    request, step=f"answer {place + 1}", read=self._sample
                )
            except StepFailed:
                pass  # the audit has it; the others go on
            finally:
                missing.discard(place)
                changed.set()

        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(take(place)) for place in range(self.answers)]
            while missing and not self._is_settled([*came.values()], left=len(missing)):
                await changed.wait()
                changed.clear()
            for task in running:
                task.cancel()
        return [came[place] for place in sorted(came)]

    def _sample(self, written: str) -> _Sample:
        answer = seen(written, tagged=True)
        if not answer.text and not answer.unanswered:
            raise Nonsense("it holds no answer")
        return _Sample(written, Meaning(answer=answer, stems_of=self.stems))

    def _is_settled(self, samples: Sequence[_Sample], *, left: int) -> bool:
        """Tell whether no answer that is still to come can change which meaning wins."""
        if self.judge or not samples:
            return False
        first, *others = [len(each) for each in clusters([one.meaning for one in samples])]
        return first > max(others, default=0) + left

    async def _clusters(
        self, request: Request, asking: Asking, meanings: Sequence[Meaning]
    ) -> list[list[int]]:
        if self.judge is None or len(meanings) == 1:
            return clusters(meanings)
        answers = [_told(meaning.answer) for meaning in meanings]
        question = asking.render("steps/meanings.j2", answers=answers)
        judged = replace(
            request,
            context=f"{request.context}\n\n{question}",
            max_tokens=self.limits.step_tokens,
            temperature=0.0,
        )
        read = partial(_judged, count=len(meanings))
        try:
            return await asking.ask(judged, step="judge", read=read, backend=self.judge)
        except StepFailed:
            return clusters(meanings)

    def _agreement(self, found: Sequence[Sequence[int]]) -> str:
        sizes = [len(cluster) for cluster in found]
        meanings = "one meaning" if len(sizes) == 1 else f"{len(sizes)} meanings"
        given = f"{sizes[0]} of {sum(sizes)} answers agree ({meanings})"
        late = self.answers - sum(sizes)
        return given + (f"; {late} of {self.answers} not used" if late else "")


def _told(answer: Seen) -> str:
    return ("(does not know) " if answer.unanswered else "") + answer.text


def _judged(written: str, *, count: int) -> list[list[int]]:
    """Read the judge's numbers; answers with the same one mean the same."""

    def fits(value: Any) -> TypeGuard[list[int]]:
        numbers = isinstance(value, list) and len(value) == count
        return numbers and all(type(each) is int for each in value)

    numbers = json_value(written, "[", fits, wanted=f"list of {count} whole numbers")
    found: dict[int, list[int]] = {}
    for place, number in enumerate(numbers):
        found.setdefault(number, []).append(place)
    return sorted(found.values(), key=lambda cluster: (-len(cluster), cluster[0]))
