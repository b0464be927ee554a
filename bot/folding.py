"""Folds what has outgrown a model's window into a conversation's summary."""

import logging

from bot.answering import Answering, waiting
from bot.answers import Draft
from bot.errors import without_words
from bot.messages import Summary
from bot.store.base import Conversations, History
from bot.window import Window, count_tokens

_logger = logging.getLogger(__name__)


class Folding:
    """``budget`` is what a history may take in the window, in tokens."""

    def __init__(self, *, conversations: Conversations, answering: Answering, budget: int) -> None:
        self._conversations = conversations
        self._answering = answering
        self._budget = budget

    async def fitted(self, history: History) -> Window:
        """Cut the history where it has outgrown the window; what left is kept as a summary."""
        window = self._answering.fit(history)
        if window.folded:
            await self._fold(history, Summary(upto=window.upto, text=window.summary, by="rule"))
        return window

    def outgrown(self, window: Window, draft: Draft) -> bool:
        """Tell whether the next turn's history will not fit any more."""
        return window.tokens + count_tokens(draft.text) > self._budget

    async def ahead(self, conversation: int) -> None:
        """Let a model fold an outgrown history before the next turn has to do it without one."""
        try:
            history = await self._conversations.read(conversation)
            if waiting(history):
                return  # the next turn has begun, and folds by itself
            window = self._answering.fit(history, ahead=True)
            summary = await self._answering.summary(history.conversation, window)
            if summary.text or summary.attempts:
                await self._fold(history, summary)
        except Exception as error:
            text = "A summary failed; the next turn makes a plainer one."
            _logger.exception(text, exc_info=without_words(error))

    async def _fold(self, history: History, summary: Summary) -> None:
        before = history.conversation
        await self._conversations.fold(before.id, since=before.summary_seq, summary=summary)
