"""Has the model answer questions to itself, as JSON, before it replies."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, TypeGuard

from bot.backends.base import Request
from bot.errors import StepFailed
from bot.strategies.base import Asking, Limits, Nonsense, Plan
from bot.strategies.written import json_value

Answers = Mapping[str, Any]

_LIMITS: Final = Limits(tokens=20_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasoningQueries:
    """Attentive reasoning queries: what matters is asked for by name, so that it is not lost.

    The source: Karov, Zohar and Marcovitz, "Attentive Reasoning Queries" (2025),
    https://arxiv.org/abs/2503.03669. The questions are the keys of the JSON in the template
    ``steps/queries.j2``. They are a request of their own: what is answered can be checked, and
    asked for once more, before a word of the reply is seen.
    """

    name: str = "reasoning_queries"
    purpose: str = "answers questions to itself first"
    template: str = "reasoning_queries.j2"
    limits: Limits = _LIMITS

    async def think(self, request: Request, asking: Asking) -> Plan:
        """Have the questions answered, and ask for the reply with the answers at hand."""
        queries = asking.render("steps/queries.j2")
        keys = _keys(queries)
        asked = replace(
            request,
            context=f"{request.context}\n\n{queries}",
            max_tokens=self.limits.step_tokens,
        )
        answers = await _answered(asked, asking, keys)
        thoughts = [f"{key}: {_plain(answers[key])}" for key in keys]
        text = asking.render("steps/reply.j2", thoughts=thoughts)
        return Plan(
            request=replace(request, context=f"{request.context}\n\n{text}"),
            hidden=(*keys, *map(_plain, answers.values())),
        )


async def _answered(request: Request, asking: Asking, keys: Collection[str]) -> Answers:
    """Return the answers; where they cannot be used, they are asked for once more."""
    written = ""

    def read(text: str) -> Answers:
        nonlocal written
        written = text
        return _answers(text, keys)

    try:
        return await asking.ask(request, step="queries", read=read)
    except StepFailed as failure:
        if not written:
            raise
        repair = asking.render("steps/repair.j2", written=written, problem=str(failure))
    again = replace(request, context=f"{request.context}\n\n{repair}")
    return await asking.ask(again, step="queries, repaired", read=partial(_answers, keys=keys))


def _keys(queries: str) -> Collection[str]:
    try:
        return tuple(json_value(queries, "{", _is_object, wanted="JSON object"))
    except Nonsense as error:
        raise StepFailed(f"steps/queries.j2 asks for no JSON object: {error}") from error


def _answers(written: str, keys: Collection[str]) -> Answers:
    found = json_value(written, "{", _is_object, wanted="JSON object")
    missing = [key for key in keys if key not in found]
    if missing:
        raise Nonsense(f"it does not answer {', '.join(missing)}")
    return {key: found[key] for key in keys}


def _is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict) and bool(value)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
