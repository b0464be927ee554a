"""Asks a backend for what a task wants to know, as one JSON object, with one repair."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from bot.backends.base import Finished, Output, Request, Said, StopReason, Text, Thought
from bot.errors import NoAnswer, TaskFailed
from bot.prompts import PromptBook, delimit
from bot.router import FellBack, Route
from bot.strategies.written import seen
from bot.tasks.base import Account

T = TypeVar("T")
Proof = Callable[[Mapping[str, Any]], T]
"""Makes a value of what a model wrote, or raises a ``ValueError`` that tells it what is wrong."""

_MOST_TEXT = 300  # characters of what is wrong


class Asker:
    """Asks on behalf of the task ``step``; the ``account`` gets every attempt, however it ends."""

    def __init__(
        self,
        *,
        route: Callable[[], Route | None],
        prompts: PromptBook,
        step: str,
        account: Account,
    ) -> None:
        self._route = route
        self._step = step
        self._account = account
        self.render = prompts.noting(account.note)
        self.by = ""

    async def ask(self, template: str, text: str, /, *, proof: Proof[T], **variables: object) -> T:
        """Return what ``proof`` makes of the answer about the customer's words ``text``.

        Raises:
            TaskFailed: nobody writes, nobody answered, or the answer was of no use twice.
        """
        system = self.render(template, **variables)
        said = [Said(role="user", text=delimit(text))]
        answer = await self.write(system, said)
        try:
            return proof(_object(answer))
        except ValueError as error:
            wrong = str(error)[:_MOST_TEXT]
        again = self.render("tasks/repair.j2", wrong=wrong)
        said += [Said(role="assistant", text=answer or "{}"), Said(role="user", text=again)]
        try:
            return proof(_object(await self.write(system, said)))
        except ValueError as error:
            raise TaskFailed("The answer was of no use, and neither was its repair.") from error

    async def write(self, system: str, said: Sequence[Said]) -> str:
        """Return what the first backend that answers writes; empty where it was cut or declined.

        Raises:
            TaskFailed: nobody writes, nobody answered, or who did only thought.
        """
        route = self._route()
        if route is None:
            raise TaskFailed("No backend writes: the task needs one that does.")
        request = Request(
            system=system,
            history=tuple(said),
            context="",
            question="",
            temperature=0.0,
        )
        outputs = route.stream(request, step=self._step)
        try:
            return await _written(outputs, route)
        except NoAnswer as error:
            raise TaskFailed("No backend gave an answer.") from error
        finally:
            await outputs.aclose()
            self.by = route.backend.name
            for attempt in route.attempts:
                self._account.keep(attempt)


async def _written(outputs: Any, route: Route) -> str:
    """Return what may be seen of the last answer; nothing where it was declined or cut."""
    written: list[str] = []
    text, thought, reason = "", False, StopReason.END
    output: Output | FellBack
    async for output in outputs:
        match output:
            case FellBack():
                written.clear()
                thought = False
            case Text(piece):
                written.append(piece)
            case Thought():
                thought = True
            case Finished(reason=reason):
                text = seen("".join(written)).text
    if reason is StopReason.LENGTH and not text and (thought or written):
        raise TaskFailed(
            "It thought until its tokens were spent, and said nothing. Raise 'max_tokens' in "
            f"[backends.{route.backend.name}], or choose another backend for it."
        )
    return text if reason is StopReason.END else ""


def _object(answer: str) -> Mapping[str, Any]:
    """Return the first JSON object in ``answer``, whatever stands around it.

    One that stands in another, which cannot be read, is only a part of what was meant.
    """
    decoder = json.JSONDecoder()
    start = answer.find("{")
    while start >= 0:
        if answer.count("{", 0, start) == answer.count("}", 0, start):
            with suppress(ValueError, RecursionError):
                return dict(decoder.raw_decode(answer, start)[0])
        start = answer.find("{", start + 1)
    raise ValueError("There is no JSON object in it.")
