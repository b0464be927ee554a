"""Lets contenders answer the same questions, by the very answering that customers meet."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from bot.answering import Answering
from bot.answers import Draft
from bot.comparison.questions import Question
from bot.comparison.standing import Result, Standing
from bot.knowledge.base import Knowledge
from bot.messages import Author, Conversation, Message, Usage
from bot.store.base import History
from bot.strategies import DIRECT
from bot.window import count_tokens

_NOBODY = "compare"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A way of answering: a strategy and, where one was named, the backend to ask first."""

    strategy: str
    backend: str | None = None

    @property
    def name(self) -> str:
        return f"{self.strategy}, {self.backend}" if self.backend else self.strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """Asks every contender every question; nothing of it is kept as a conversation.

    ``passages`` is how many an answer is shown, ``at_once`` how many are answered at the same
    time. ``clock`` is monotonic.
    """

    answering: Answering
    knowledge: Knowledge
    passages: int
    at_once: int
    clock: Callable[[], float]

    async def run(
        self,
        contenders: Sequence[Contender],
        questions: Sequence[Question],
        *,
        done: Callable[[], object] = lambda: None,
    ) -> Sequence[Standing]:
        """Return how each contender stands; ``done`` is called after every answer.

        Raises:
            StoreError: the database has gone away meanwhile.
        """
        places = asyncio.Semaphore(self.at_once)

        async def answer(contender: Contender, question: Question) -> Result:
            async with places:
                result = await self._answer(contender, question)
            done()
            return result

        standings = []
        for contender in contenders:  # one after the other: none slows another down
            try:
                async with asyncio.TaskGroup() as tasks:
                    running = [tasks.create_task(answer(contender, each)) for each in questions]
            except BaseExceptionGroup as group:
                raise group.exceptions[0] from None  # what befell one befalls all
            results = tuple(task.result() for task in running)
            standings.append(Standing(name=contender.name, results=results))
        return standings

    async def _answer(self, contender: Contender, question: Question) -> Result:
        history = _history(contender, question)
        began = self.clock()
        answer = self.answering.begin(history, self.answering.fit(history))
        async for _ in answer.events():
            pass
        seconds = self.clock() - began
        draft = answer.draft()
        by, trouble = _course(draft)
        return Result(
            question=question,
            text=draft.text,
            outcome=_outcome(draft, by, contender),
            cited=await self._cited(draft, question),
            tokens=sum(each.usage.input + each.usage.output for each in draft.attempts),
            cost=cost_of(draft),
            seconds=seconds,
            fell_back=contender.strategy != DIRECT.name
            and draft.prompt == DIRECT.template
            and any(step.error for step in draft.steps),
            by=by,
            trouble=trouble,
        )

    async def _cited(self, draft: Draft, question: Question) -> tuple[str, ...]:
        """Return the names of the articles that the answer cites, without folders and endings."""
        if not draft.citations:
            return ()
        found = await self.knowledge.search(
            question.question, earlier=question.earlier, limit=self.passages
        )
        articles = {passage.id: PurePath(passage.article).stem for passage in found}
        cited = (articles.get(citation.passage, "") for citation in draft.citations)
        return tuple(dict.fromkeys(filter(None, cited)))


def _history(contender: Contender, question: Question) -> History:
    """Return a conversation in which ``question`` waits, after what was asked before it."""
    said = [*question.earlier, question.question]
    messages = tuple(
        Message(seq=seq, author=Author.CUSTOMER, text=text, tokens=count_tokens(text), at=0.0)
        for seq, text in enumerate(said, 1)
    )
    conversation = Conversation(
        id=0,
        channel=_NOBODY,
        key=_NOBODY,
        customer=_NOBODY,
        asked=len(said),
        answered=len(said) - 1,
        strategy=contender.strategy,
        backend=contender.backend,
    )
    return History(conversation=conversation, messages=messages)


def _outcome(draft: Draft, by: str, contender: Contender) -> str:
    elsewhere = contender.backend is not None and by not in ("", contender.backend)
    return "elsewhere" if elsewhere else str(draft.outcome)


def _course(draft: Draft) -> tuple[str, str]:
    """Return whose answer it is, empty where it is nobody's, and why others gave none."""
    asked = [each for each in draft.attempts if not each.step]
    by = next((each.backend for each in reversed(asked) if not each.error), "")
    troubles = dict.fromkeys(each.error for each in asked if each.error and each.backend != by)
    return by, " ".join(troubles)


def cost_of(draft: Draft) -> float | None:
    """Return the US dollars of one answer; None where the price of some of it is unknown."""
    paid = [each for each in draft.attempts if not each.error or each.usage != Usage()]
    known = [each.cost for each in paid if each.cost is not None]
    return sum(known) if known and len(known) == len(paid) else None
