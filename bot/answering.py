"""Answers what waits in a conversation: one try, from the passages to a draft of the reply."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.answers import Answer, Prepared
from bot.backends.base import Finished, Output, Request, Said, StopReason, Text
from bot.citations import unmarked
from bot.errors import NoAnswer, nearest
from bot.knowledge.base import Knowledge
from bot.messages import (
    Author,
    Conversation,
    Message,
    Passage,
    Summary,
)
from bot.prompts import PromptBook, delimit
from bot.router import Circumstances, FellBack, Router, count_questions, coverage
from bot.settings import Settings
from bot.steps import Steps
from bot.store.base import History
from bot.strategies import Strategy
from bot.window import Voice, Window, fit

_logger = logging.getLogger(__name__)

_VOICE = Voice(delimit=delimit, unmarked=unmarked)


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
        strategies: Mapping[str, Strategy],
    ) -> None:
        self._settings = settings
        self._router = router
        self._knowledge = knowledge
        self._prompts = prompts
        self.words = words
        self._clock = clock
        self._strategies = strategies

    def begin(self, history: History, window: Window) -> Answer:
        """Return an answer to what waits in ``history``; nothing is asked before its events."""
        return Answer(
            prepare=lambda: self._prepare(history, window),
            words=self.words,
            known=(self._settings.bot.contact,),
        )

    async def _prepare(self, history: History, window: Window) -> Prepared:
        """Find the passages, render the prompt, choose the route."""
        conversation = history.conversation
        question, earlier = _questions(history)
        passages = await self._knowledge.search(
            question, earlier=earlier, limit=self._settings.knowledge.passages
        )
        chosen = self._strategy(conversation)
        circumstances = _circumstances(conversation, question, passages, chosen)
        route = self._router.route(circumstances)
        chosen = self._strategies[route.strategy] if route.strategy else chosen
        request = Request(
            system=self._system(chosen, conversation, window.summary),
            history=window.steps,
            context=self._context(passages),
            question=question,
            passages=tuple(passages),
        )
        return Prepared(
            request=request,
            route=route,
            strategy=chosen,
            system=lambda strategy: self._system(strategy, conversation, window.summary),
            digest=self._prompts.digest,
            steps=Steps(
                route=route,
                another=lambda name: self._router.route(replace(circumstances, backend=name)),
                render=self._prompts.render,
                limits=chosen.limits,
            ),
        )

    def prompt_source(self, template: str) -> str:
        """Return the sources behind a template's hash, for the audit."""
        return self._prompts.source(template)

    def fit(self, history: History, *, ahead: bool = False) -> Window:
        """Return what a model is sent of ``history``, now or ``ahead``, within the budget."""
        return fit(history, budget=self._settings.history_tokens, voice=_VOICE, ahead=ahead)

    async def summary(self, before: str, window: Window) -> Summary:
        """Let a model fold what left ``window`` into the summary ``before``.

        Its text is empty where nothing left, no backend writes, or none comes to an end.
        """
        route = self._router.writers()
        if route is None or not window.folded:
            return Summary(upto=window.upto, text="")
        request = Request(
            system=self._prompts.render("summary.j2", summary=before),
            history=(Said(role="user", text=_transcript(window.folded)),),
            context="",
            question="",
        )
        try:
            outputs = [output async for output in route.stream(request, step="summary")]
        except NoAnswer:
            outputs = []
        return Summary(
            upto=window.upto,
            text=_written(outputs),
            by=route.backend.name,
            attempts=route.attempts,
        )

    def _strategy(self, conversation: Conversation) -> Strategy:
        configured = self._strategies[self._settings.bot.strategy]
        if conversation.strategy is None:
            return configured
        if conversation.strategy not in self._strategies:
            # Chosen before it was taken out of the program: the conversation goes on without it.
            known = nearest(conversation.strategy, self._strategies)
            text = "Conversation %d: no strategy called %r.%s"
            _logger.warning(text, conversation.id, conversation.strategy, known)
            return configured
        return self._strategies[conversation.strategy]

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


def _circumstances(
    conversation: Conversation, question: str, passages: Sequence[Passage], chosen: Strategy
) -> Circumstances:
    return Circumstances(
        conversation=conversation.id,
        channel=conversation.channel,
        language=conversation.language,
        topic=conversation.topic,
        mood=conversation.mood,
        question_length=len(question),
        questions=count_questions(question),
        coverage=coverage(passages),
        strategy=chosen.name,
        keeps_strategy=conversation.strategy is not None,
        attributes=conversation.attributes,
        backend=conversation.backend,
    )
