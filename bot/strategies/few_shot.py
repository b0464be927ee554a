"""Shows the model good replies to questions that are like the one at hand."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import log, sqrt

from bot.backends.base import Request
from bot.messages import Step
from bot.strategies.base import UNLIMITED, Asking, Limits, Plan
from bot.strategies.meaning import Stems, words


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A good reply of the company's own, and what it was a reply to."""

    question: str
    reply: str
    passages: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FewShot:
    """Answers after the ``most`` examples that are nearest to the question.

    They stand before the passages, after all that repeats from turn to turn, so that providers'
    prompt caches still hit. ``file`` is where they are from, for the audit.
    """

    name: str = "few_shot"
    purpose: str = "answers after good examples"
    template: str = "direct.j2"
    limits: Limits = UNLIMITED
    examples: tuple[Example, ...]
    most: int = 3
    stems: Stems = field(default=words)

    async def think(self, request: Request, asking: Asking) -> Plan:
        """Put the nearest examples before what belongs to this turn."""
        near = self.nearest(request.question)
        if not near:
            asking.note(Step(name="examples", text="none is like the question"))
            return Plan(request=request)
        asking.note(Step(name="examples", text="\n".join(each.question for each in near)))
        shown = asking.render("steps/examples.j2", examples=near)
        return Plan(request=replace(request, context=f"{shown}\n\n{request.context}"))

    def nearest(self, question: str) -> Sequence[Example]:
        """Return the examples whose questions share most with ``question``, nearest last.

        Nearness is the cosine of their stems, each weighed by how few examples have it. Those
        that share nothing are left out. The nearest stands next to the question.
        """
        asked = self._weighed(question)
        scores = [_cosine(asked, each) for each in self._asked]
        places = sorted(range(len(scores)), key=lambda place: -scores[place])
        return [self.examples[place] for place in places[: self.most] if scores[place] > 0][::-1]

    @cached_property
    def _asked(self) -> Sequence[dict[str, float]]:
        return [self._weighed(example.question) for example in self.examples]

    @cached_property
    def _having(self) -> Counter[str]:
        return Counter(stem for each in self.examples for stem in set(self.stems(each.question)))

    def _weighed(self, question: str) -> dict[str, float]:
        count = len(self.examples)
        return {
            stem: log(1 + (count + 1) / (self._having[stem] + 0.5))
            for stem in set(self.stems(question))
        }


def _cosine(one: dict[str, float], two: dict[str, float]) -> float:
    shared = sum(weight * two[stem] for stem, weight in one.items() if stem in two)
    return shared / (_length(one) * _length(two)) if shared else 0.0


def _length(weights: dict[str, float]) -> float:
    return sqrt(sum(weight * weight for weight in weights.values()))
