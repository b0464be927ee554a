"""Answers what waits in a conversation: one try, from the passages to a draft of the reply."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from bot.answers import Answer, Prepared, Read
from bot.backends.base import Request
from bot.citations import unmarked
from bot.errors import nearest
from bot.knowledge.base import Knowledge
from bot.knowledge.languages import same
from bot.messages import (
    Author,
    Conversation,
    Message,
    Passage,
    Summary,
)
from bot.prompts import PromptBook, delimit
from bot.router import Circumstances, Router, count_questions, coverage
from bot.settings import ServedSettings, Settings
from bot.steps import Steps
from bot.store.base import History
from bot.strategies import Strategy
from bot.tasks.noticing import Notice, Noticing
from bot.tasks.translating import Translating, Translation
from bot.window import Voice, Window, fit

T = TypeVar("T")

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
        noticing: Noticing,
        translating: Translating,
        strategies: Mapping[str, Strategy],
    ) -> None:
        self._settings = settings
        self._router = router
        self._knowledge = knowledge
        self._prompts = prompts
        self.words = words
        self._clock = clock
        self._noticing = noticing
        self._translating = translating
        self._strategies = strategies
        self._cut: set[str] = set()
        self._seen_through: set[str] = set()

    def begin(self, history: History, window: Window) -> Answer:
        """Return an answer to what waits in ``history``; nothing is asked before its events."""
        question, earlier = _questions(history)
        filled: set[str] = set()
        notice = self._noticing.begin(history.conversation, question, note=filled.add)
        return Answer(
            prepare=lambda: self._prepare(notice, window, question, earlier, filled.add),
            read=lambda: _read(notice),
            filled=filled,
            frames=self._router.frames,
            words=self.words,
            known=(self._settings.bot.contact,),
            cut=self._tell_cut,
            unopened=self._tell_unopened,
        )

    def _tell_cut(self, backend: str) -> None:
        """Tell once of each backend that an answer was cut: with a low limit most of them are."""
        if backend not in self._cut:
            self._cut.add(backend)
            text = (
                "An answer of the backend '%s' was cut at its token limit, which is told only once."
                " If its answers need more, raise 'max_tokens' in [backends.%s]."
            )
            _logger.warning(text, backend, backend)

    def _tell_unopened(self, backend: str, mark: str) -> None:
        """Tell once of each backend that a thought was seen, where a setting would hide it."""
        served = isinstance(self._settings.backends.get(backend), ServedSettings)
        if served and backend not in self._seen_through:
            self._seen_through.add(backend)
            text = (
                "A thought of the backend '%s' was seen until its end, which is told only once: it"
                " closed one that it never opened. If its chat template opens them, hide them with"
                " prefilled = '%s' in [backends.%s]."
            )
            _logger.warning(text, backend, mark, backend)

    async def _prepare(
        self,
        notice: Notice,
        window: Window,
        question: str,
        earlier: Sequence[str],
        note: Callable[[str], object],
    ) -> Prepared:
        """Find the passages, render the prompt, choose the route."""
        await notice.hear()
        translation = self._translating.begin(
            notice.language, conversation=notice.conversation.id, note=note
        )
        search = self._search(question, earlier, translation)
        asked, passages = await self._beside(notice, search)
        conversation = notice.conversation
        chosen = self._strategy(conversation)
        circumstances = _circumstances(conversation, question, passages, chosen)
        route = self._router.route(circumstances)
        chosen = self._strategies[route.strategy] if route.strategy else chosen
        render = self._prompts.noting(note)
        system = partial(self._system, render, window.summary)
        request = Request(
            system=system(chosen),
            history=window.steps,
            context=self._context(render, passages, notice),
            question=asked,
            passages=tuple(passages),
        )
        return Prepared(
            request=request,
            route=route,
            strategy=chosen,
            system=system,
            steps=Steps(
                route=route,
                another=lambda name: self._router.route(replace(circumstances, backend=name)),
                render=render,
                limits=chosen.limits,
            ),
            translation=translation,
            read=_read(notice),
        )

    async def _search(
        self, question: str, earlier: Sequence[str], translation: Translation | None
    ) -> tuple[str, Sequence[Passage]]:
        """Return what is asked, in the help centre's language, and the passages about it."""
        asked = await translation.question(question) if translation else question
        limit = self._settings.knowledge.passages
        return asked, await self._knowledge.search(asked, earlier=earlier, limit=limit)

    async def _beside(self, notice: Notice, search: Awaitable[T]) -> T:
        """Return what ``search`` finds; all else is noticed meanwhile."""
        if self._noticing.at_once:
            await notice.rest()
            return await search
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(notice.rest())
                return await search
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None  # noticing never fails: it is the search's

    def prompt_hash(self, templates: Sequence[str]) -> str:
        """Return the hash of the sources of ``templates``; empty where there are none."""
        return self._prompts.digest(*templates) if templates else ""

    def prompt_source(self, templates: Sequence[str]) -> str:
        """Return the sources behind that hash, for the audit."""
        return self._prompts.source(*templates)

    def fit(self, history: History, *, ahead: bool = False) -> Window:
        """Return what a model is sent of ``history``, now or ``ahead``, within the budget."""
        return fit(history, budget=self._settings.history_tokens, voice=_VOICE, ahead=ahead)

    async def summary(self, conversation: Conversation, window: Window) -> Summary:
        """Let the summary's keeper fold what left ``window`` into the conversation's summary.

        Its text is empty where nothing left, nobody does it, or it came to nothing.
        """
        return await self._noticing.summary(conversation, window.folded, upto=window.upto)

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

    def _system(self, render: Callable[..., str], summary: str, chosen: Strategy) -> str:
        bot = self._settings.bot
        return render(
            chosen.template,
            bot=bot.name,
            company=bot.company,
            contact=bot.contact,
            language=bot.language,
            summary=summary,
        )

    def _context(
        self, render: Callable[..., str], passages: Sequence[Passage], notice: Notice
    ) -> str:
        theirs = notice.language
        return render(
            "context.j2",
            passages=passages,
            today=datetime.fromtimestamp(self._clock(), UTC).date().isoformat(),
            language="" if not theirs or same(theirs, self._settings.bot.language) else theirs,
            facts=notice.facts,
            offer=notice.offer,
            contact=self._settings.bot.contact,
        )


def _read(notice: Notice) -> Read:
    return Read(
        readings=notice.readings,
        attempts=notice.attempts,
        noticed=notice.noticed,
        offer=notice.offer,
    )


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
