"""What is kept of a turn, so that people can see later why the bot said what it said."""

from collections.abc import Callable, Sequence

from bot.answering import Answering
from bot.answers import Draft
from bot.messages import Reply, Turn
from bot.store.base import Conversations
from bot.work import Work


class Audit:
    """Makes the record of each turn, and keeps the templates that it was asked with."""

    def __init__(
        self, *, conversations: Conversations, answering: Answering, clock: Callable[[], float]
    ) -> None:
        self._conversations = conversations
        self._answering = answering
        self._clock = clock
        self._kept_prompts: set[str] = set()

    def record(self, work: Work, draft: Draft) -> Turn:
        """Return how the turn went, and what it has come to."""
        reply = Reply(
            turn=work.turn,
            text=draft.text or self._answering.words("stopped"),
            outcome=draft.outcome,
            answers=work.upto,
            citations=draft.citations,
        )
        return Turn(
            id=work.turn,
            reply=reply,
            first=work.first,
            started=work.started,
            seconds=self._clock() - work.started,
            first_piece=work.first_piece,
            strategy=draft.strategy,
            prompt=draft.prompt,
            prompt_hash=self._answering.prompt_hash(draft.templates),
            reasoning=draft.reasoning,
            passages=draft.passages,
            refused_calls=draft.refused_calls,
            attempts=(*work.spent, *draft.attempts),
            steps=draft.steps,
            readings=draft.readings,
            noticed=draft.noticed,
            route=draft.route,
            trouble=draft.trouble,
        )

    async def keep_prompt(self, turn: Turn, templates: Sequence[str]) -> None:
        """Keep the sources of templates that no turn of this process has used before."""
        if not turn.prompt_hash or turn.prompt_hash in self._kept_prompts:
            return
        source = self._answering.prompt_source(templates)
        await self._conversations.keep_prompt(turn.prompt_hash, name=turn.prompt, source=source)
        self._kept_prompts.add(turn.prompt_hash)
