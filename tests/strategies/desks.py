"""A desk that answers in memory: the real answering, without an engine or a database."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import dataclass

from bot.answering import Answering
from bot.answers import Draft
from bot.backends.base import Backend, Output, Request
from bot.backends.scripted import Answer, ScriptedBackend, by_words
from bot.errors import BackendUnavailable
from bot.messages import Passage, Piece, Withdrawn
from bot.prompts import PromptBook
from bot.resources import shipped
from bot.router import Router
from bot.settings import Settings
from bot.strategies import STRATEGIES, Strategy
from bot.tasks.base import Tasks
from bot.tasks.noticing import Noticing
from bot.tasks.translating import Translating
from tests.talks import Talk

BOOK = PromptBook(shipped=shipped("prompts"))
QUESTION = "How long do I have to send a lamp back?"
PASSAGES = (
    Passage(
        id=7,
        article="returns",
        title="Returns",
        headings=("Returns",),
        link="",
        text="You can send back what you bought within 30 days.",
    ),
    Passage(
        id=8,
        article="refunds",
        title="Refunds",
        headings=("Refunds",),
        link="",
        text="Refunds take 5 working days.",
    ),
)
DOWN = BackendUnavailable("It is down.", backend="model")


class Model:
    """Answers each request as ``answer`` says; what was asked is kept in ``requests``."""

    provider = "scripted"

    def __init__(
        self,
        answer: Callable[[Request], Answer],
        *,
        name: str = "model",
        thinks: bool = False,
        writes: bool = True,
        cut: Callable[[str], Iterable[str]] = by_words,
    ) -> None:
        self.name = self.model = name
        self.thinks = thinks
        self.writes = writes
        self.requests: list[Request] = []
        self._answer = answer
        self._cut = cut

    async def stream(self, request: Request) -> AsyncGenerator[Output]:
        self.requests.append(request)
        answer = self._answer(request)
        voice = ScriptedBackend(answer, name=self.name, model=self.model, cut=self._cut)
        async for output in voice.stream(request):
            yield output

    async def close(self) -> None:
        """Nothing to let go of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a customer got, the pieces that were ever shown, and how it came about."""

    text: str
    shown: str
    draft: Draft

    @property
    def steps(self) -> list[str]:
        return [step.name for step in self.draft.steps]

    @property
    def failed(self) -> list[str]:
        return [step.name for step in self.draft.steps if step.error]


class Shelf:
    """Finds the same passages for every question."""

    async def search(
        self,
        question: str,
        *,
        earlier: Sequence[str] = (),
        limit: int = 6,
    ) -> Sequence[Passage]:
        del question, earlier
        return PASSAGES[:limit]


def words(name: str, /, **variables: object) -> str:
    return BOOK.render(f"words/{name}.j2", contact="", **variables)


async def answered(strategy: Strategy | str, *backends: Backend, question: str = QUESTION) -> Given:
    """Let ``backends`` answer in the way of ``strategy``."""
    chosen = STRATEGIES[strategy] if isinstance(strategy, str) else strategy
    settings = Settings.model_validate({"bot": {"strategy": chosen.name}})
    router = Router(
        backends={backend.name: backend for backend in backends},
        settings=settings.router,
        terms={},
        price=lambda *_: 0.0,
        clock=lambda: 0.0,
        sleep=lambda _: asyncio.sleep(0),
    )
    answering = Answering(
        settings=settings,
        router=router,
        knowledge=Shelf(),
        prompts=BOOK,
        words=words,
        clock=lambda: 0.0,
        noticing=Noticing(tasks=Tasks(), settings=settings.tasks, schema={}, clock=lambda: 0.0),
        translating=Translating(
            translator=None, home="en", note="", seconds=1.0, clock=lambda: 0.0
        ),
        strategies={**STRATEGIES, chosen.name: chosen},
    )
    talk = Talk()
    talk.asks(question)
    answer = answering.begin(talk.history, answering.fit(talk.history))
    text, shown = "", ""
    async for event in answer.events():
        match event:
            case Piece(piece):
                text, shown = text + piece, shown + piece
            case Withdrawn():
                text, shown = "", shown + "\n"
    return Given(text=text, shown=shown, draft=answer.draft())
