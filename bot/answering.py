"""Answers what waits in a conversation: one try, from the passages to a draft of the reply."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.backends.base import (
    Backend,
    Called,
    Finished,
    Output,
    Request,
    Said,
    StopReason,
    Text,
    Thought,
)
from bot.citations import Citations, unmarked
from bot.errors import NoAnswer, SettingsError
from bot.knowledge.base import Knowledge
from bot.messages import (
    Attempt,
    Author,
    Citation,
    Conversation,
    Found,
    Message,
    Outcome,
    Passage,
    Piece,
    ToolCall,
    Withdrawn,
)
from bot.prompts import PromptBook, delimit
from bot.router import Circumstances, FellBack, Route, Router
from bot.settings import Settings
from bot.store.base import History
from bot.strategies import Reader, Strategy, strategy
from bot.window import Voice, Window, fit

_logger = logging.getLogger(__name__)

_VOICE = Voice(delimit=delimit, unmarked=unmarked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What one try has come to: the reply's text and all that explains it."""

    text: str
    outcome: Outcome
    citations: tuple[Citation, ...] = ()
    strategy: str = ""
    prompt: str = ""
    prompt_hash: str = ""
    reasoning: str = ""
    passages: tuple[Found, ...] = ()
    refused_calls: tuple[ToolCall, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """What is asked, and of whom."""

    request: Request
    route: Route
    strategy: Strategy
    prompt_hash: str


def waiting(history: History) -> tuple[Message, ...]:
    """Return the customer's messages that have no reply yet, in order."""
    return tuple(
        message
        for message in history.messages
        if message.author is Author.CUSTOMER
        and message.seq > history.conversation.answered
        and message.text
    )


def newest(history: History) -> int:
    """Return the seq of the customer's newest message; one that they deleted counts, too."""
    said = reversed(history.messages)
    return next((message.seq for message in said if message.author is Author.CUSTOMER), 0)


class Answering:
    """Begins answers; holds what every one of them needs."""

    def __init__(
        self,
        *,
        settings: Settings,
        router: Router,
        knowledge: Knowledge,
        prompts: PromptBook,
        words: Callable[..., str],
        clock: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._router = router
        self._knowledge = knowledge
        self._prompts = prompts
        self.words = words
        self._clock = clock

    def begin(self, history: History, window: Window) -> "Answer":
        """Return an answer to what waits in ``history``; nothing is asked before its events."""
        return Answer(
            prepare=lambda: self._prepare(history, window),
            words=self.words,
            known=(self._settings.bot.contact,),
        )

    async def _prepare(self, history: History, window: Window) -> _Prepared:
        """Find the passages, render the prompt, choose the route."""
        conversation = history.conversation
        question, earlier = _questions(history)
        passages = await self._knowledge.search(
            question, earlier=earlier, limit=self._settings.knowledge.passages
        )
        chosen = self._strategy(conversation)
        request = Request(
            system=self._system(chosen, conversation, window.summary),
            history=window.steps,
            context=self._context(passages),
            question=question,
            passages=tuple(passages),
        )
        return _Prepared(
            request=request,
            route=self._router.route(_circumstances(conversation, question, chosen)),
            strategy=chosen,
            prompt_hash=self._prompts.digest(chosen.template),
        )

    def prompt_source(self, template: str) -> str:
        """Return the sources behind a template's hash, for the audit."""
        return self._prompts.source(template)

    def fit(self, history: History, *, ahead: bool = False) -> Window:
        """Return what a model is sent of ``history``, now or ``ahead``, within the budget."""
        return fit(history, budget=self._settings.history_tokens, voice=_VOICE, ahead=ahead)

    async def summary(self, before: str, folded: Sequence[Message]) -> str:
        """Let a model fold messages into the summary ``before``.

        Returns an empty text where nothing is folded, no backend writes, or none comes to an end.
        """
        route = self._router.writers()
        if route is None or not folded:
            return ""
        request = Request(
            system=self._prompts.render("summary.j2", summary=before),
            history=(Said(role="user", text=_transcript(folded)),),
            context="",
            question="",
        )
        try:
            outputs = [output async for output in route.stream(request)]
        except NoAnswer:
            return ""
        return _written(outputs)

    def _strategy(self, conversation: Conversation) -> Strategy:
        configured = strategy(self._settings.bot.strategy)
        if conversation.strategy is None:
            return configured
        try:
            return strategy(conversation.strategy)
        except SettingsError as error:
            # Chosen before it was taken out of the program: the conversation goes on without it.
            _logger.warning("Conversation %d: %s", conversation.id, error)
            return configured

    def _system(self, chosen: Strategy, conversation: Conversation, summary: str) -> str:
        bot = self._settings.bot
        return self._prompts.render(
            chosen.template,
            bot=bot.name,
            company=bot.company,
            contact=bot.contact,
            language=conversation.language or bot.language,
            summary=summary,
        )

    def _context(self, passages: Sequence[Passage]) -> str:
        today = datetime.fromtimestamp(self._clock(), UTC).date().isoformat()
        return self._prompts.render("context.j2", passages=passages, today=today)


class Answer:
    """One answer while it is made; ask it at any time for what it has come to so far."""

    def __init__(
        self,
        *,
        prepare: Callable[[], Awaitable[_Prepared]],
        words: Callable[..., str],
        known: Sequence[str],
    ) -> None:
        self._prepare = prepare
        self._words = words
        self._known = known
        self._prepared: _Prepared | None = None
        self._outcome = Outcome.ANSWERED
        self._calls: list[ToolCall] = []
        self._thoughts: list[str] = []
        self._source: Backend | None = None
        self._start(Reader(), ())

    async def events(self) -> AsyncGenerator[Piece | Withdrawn]:
        """Ask, and tell what the customer may see as it comes.

        There is always something to see in the end: where no backend answers, decent words.
        """
        prepared = self._prepared = await self._prepare()
        outputs = prepared.route.stream(prepared.request, verdict=self._verdict)
        try:
            async with aclosing(outputs):
                async for output in outputs:
                    if prepared.route.backend is not self._source:
                        for event in self._begin_anew(prepared):
                            yield event
                    for event in self._take(output):
                        yield event
        except NoAnswer as error:
            _logger.warning("The customer was told that no answer can be given. %s", error)
            for event in self.instead("unavailable", Outcome.FAILED):
                yield event

    def instead(self, words: str, outcome: Outcome) -> Iterator[Piece | Withdrawn]:
        """Let the customer have the words ``words`` in place of all that was written."""
        yield from self._withdraw()
        self._start(Reader(), ())
        self._outcome = outcome
        yield from self._show(self._words(words))

    def draft(self, outcome: Outcome | None = None) -> Draft:
        """Return what this answer has come to; ``outcome`` tells why it ends early."""
        prepared = self._prepared
        return Draft(
            text="".join(self._shown).strip(),
            outcome=outcome or self._outcome,
            citations=self._citations.cited,
            reasoning="".join([*self._thoughts, self._reader.reasoning]).strip(),
            refused_calls=tuple(self._calls),
            strategy=prepared.strategy.name if prepared else "",
            prompt=prepared.strategy.template if prepared else "",
            prompt_hash=prepared.prompt_hash if prepared else "",
            passages=_found(prepared.request.passages) if prepared else (),
            attempts=prepared.route.attempts if prepared else (),
        )

    def _begin_anew(self, prepared: _Prepared) -> Iterator[Piece | Withdrawn]:
        """Forget what was written: another backend has begun to answer."""
        yield from self._withdraw()
        self._source = backend = prepared.route.backend
        # A backend that quotes knows nothing of the strategy's tags.
        reader = prepared.strategy.reader() if backend.writes else Reader()
        self._start(reader, prepared.request.passages)

    def _start(self, reader: Reader, passages: Sequence[Passage]) -> None:
        self._reader = reader
        self._citations = Citations(passages, known=self._known)
        self._shown: list[str] = []
        self._rest = ""

    def _take(self, output: Output | FellBack) -> Iterable[Piece | Withdrawn]:
        match output:
            case Text(text):
                return self._show(self._citations.feed(self._reader.feed(text)))
            case Thought(text):
                self._thoughts.append(text)
            case Called(call):
                self._calls.append(call)
            case Finished():
                return self._finish(output)
        return ()

    def _verdict(self, finished: Finished) -> str:
        """Tell the router why an answer that has come to its end is of no use; empty if it is."""
        self._rest = self._citations.feed(self._reader.close()) + self._citations.close()
        if self._reader.unanswered or "".join([*self._shown, self._rest]).strip():
            return ""
        if finished.reason is StopReason.TOOL:
            return "it called a tool that nobody offered and said nothing"
        return f"its answer was empty (it stopped with {finished.reason!s})"

    def _finish(self, finished: Finished) -> Iterator[Piece | Withdrawn]:
        if finished.reason is StopReason.REFUSAL:
            yield from self.instead("refused", Outcome.REFUSED)
            return
        yield from self._show(self._rest)
        if self._reader.unanswered:
            self._outcome = Outcome.UNANSWERED
            if not self._shown:
                yield from self._show(self._words("unknown"))
        if finished.reason is StopReason.LENGTH:
            _logger.warning("An answer of %s was cut at its token limit.", finished.model)
            yield from self._show("\n\n" + self._words("cut"))

    def _withdraw(self) -> Iterator[Withdrawn]:
        if self._shown:
            yield Withdrawn()

    def _show(self, text: str) -> Sequence[Piece]:
        if not text:
            return ()
        self._shown.append(text)
        return (Piece(text),)


def _written(outputs: Sequence[Output | FellBack]) -> str:
    """Return the text after the last fallback; nothing where it was declined or cut."""
    text: list[str] = []
    for output in outputs:
        match output:
            case FellBack():
                text.clear()
            case Text(piece):
                text.append(piece)
            case Finished(reason=reason) if reason is not StopReason.END:
                return ""
    return "".join(text).strip()


def _found(passages: Sequence[Passage]) -> tuple[Found, ...]:
    return tuple(Found(each.id, round(each.score, 3), round(each.coverage, 3)) for each in passages)


def _transcript(messages: Sequence[Message]) -> str:
    return "\n\n".join(f"{message.author}: {_VOICE.spoken(message)}" for message in messages)


def _questions(history: History) -> tuple[str, tuple[str, ...]]:
    """Return what is asked now, and what the customer said before it, newest last."""
    now = waiting(history)
    earlier = tuple(
        message.text
        for message in history.messages
        if message.author is Author.CUSTOMER
        and message.seq <= history.conversation.answered
        and message.text
    )
    return "\n".join(message.text for message in now), earlier


def _circumstances(conversation: Conversation, question: str, chosen: Strategy) -> Circumstances:
    return Circumstances(
        channel=conversation.channel,
        language=conversation.language,
        question_length=len(question),
        strategy=chosen.name,
        attributes=conversation.attributes,
        backend=conversation.backend,
    )
