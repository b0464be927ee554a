"""What people say to the bot in Slack, and what they do with what it said."""

import asyncio
from collections.abc import Callable

from bot.app import App
from bot.errors import FrontdeskError, InboundRefused
from bot.settings.slack import SlackSettings
from bot.store.base import Accepted, Visit
from channels.slack.calls import Calls
from channels.slack.errands import Errands
from channels.slack.heard import Call, Rated, Said, Stopped
from channels.slack.notices import Notices
from channels.slack.places import CHANNEL, Place

# A follow-up may overtake the mention that began its thread, be it that this process was just
# begun: so much is it awaited. Slack repeats what is not acknowledged at once and after a minute.
_YOUNG = 60.0
_REPEATED = 600.0
_LOOKS = (0.25, 0.5)
_TITLE = 200
_CALLED = frozenset({Call.DIRECT, Call.MENTION})


class NotYet(FrontdeskError):
    """Whether a reply is meant for the bot is known once its thread's mention is here."""


class Talk:
    """Keeps it. Each method returns why nothing was to be done, or nothing.

    All of them may raise ``StoreUnavailable``, and ``said`` may raise ``NotYet``: then it is not
    kept, and Slack shall say it again.
    """

    def __init__(
        self,
        *,
        app: App,
        calls: Calls,
        notices: Notices,
        errands: Errands,
        settings: SlackSettings,
        clock: Callable[[], float],
    ) -> None:
        self._app = app
        self._calls = calls
        self._notices = notices
        self._errands = errands
        self._settings = settings
        self._clock = clock

    async def said(self, said: Said) -> str:
        if said.call is Call.REPLY:
            visit = await self._conversation(said)
            if visit is None:
                return "a thread without the bot"
            if await self._came_before(said, visit):
                return "said before the bot was asked"
        accepted = await self._kept(said)
        if accepted is not None and accepted.seq == 1 and not accepted.duplicate:
            self._name(said)
        return ""

    async def _kept(self, said: Said) -> Accepted | None:
        """Keep a message, or let its writer know why it is not kept."""
        try:
            return await self._app.engine.accept(said.inbound)
        except InboundRefused as refused:
            # A picture among people who talk in its thread asks nothing of the bot.
            if said.call is not Call.REPLY or refused.words != "empty":
                self._refuse(said, refused)
        return None

    def _refuse(self, said: Said, refused: InboundRefused) -> None:
        """Say why a message cannot be taken; nobody is told if this process ends before that."""

        async def tell() -> None:
            if await self._notices.first(f"{refused.words}:{said.external_id}"):
                words = self._notices.words(refused.words)
                await self._notices.post(said.place, refused.words, words)

        self._errands.run("word of a message that is not taken", tell())

    def _name(self, said: Said) -> None:
        """Give an assistant's thread its first question as title; an agent's gets it elsewhere."""
        if self._settings.view != "assistant" or not said.place.is_direct:
            return
        title = " ".join(said.text.split())[:_TITLE]
        naming = self._calls(
            said.place.install,
            "assistant.threads.setTitle",
            channel_id=said.place.channel,
            thread_ts=said.place.thread,
            title=title,
        )
        self._errands.run("a thread's title", naming)

    async def _conversation(self, said: Said) -> Visit | None:
        """Return the conversation of a thread; a young one may be about to begin."""
        for pause in (*_LOOKS, None):
            found = await self._app.visits.find(CHANNEL, said.place.key)
            if found or self._age(said.place) > _YOUNG:
                return found
            if pause is not None:
                await asyncio.sleep(pause)
        raise NotYet("A reply came before its thread was known.")

    async def _came_before(self, said: Said, visit: Visit) -> bool:
        """Tell whether people said it among themselves, and it is only repeated."""
        if self._age(said.place) > _REPEATED:
            return False
        first = await self._app.visits.page(visit.conversation.id, limit=1)
        asked = first[0].external_id if first else None
        return asked is not None and said.external_id < asked

    def _age(self, place: Place) -> float:
        return self._clock() - float(place.thread)

    async def edited(self, said: Said) -> str:
        try:
            if await self._app.engine.revise(CHANNEL, said.external_id, said.text):
                return ""
        except InboundRefused as refused:
            if said.call not in _CALLED:
                return "an edit that cannot be taken"  # of anybody's message, for all we know
            self._refuse(said, refused)
            return ""
        # It may have been too long until now, or had no mention.
        return await self.said(said) if said.call in _CALLED else "an edit of an unknown message"

    async def deleted(self, external_id: str) -> str:
        if await self._app.engine.revise(CHANNEL, external_id, None):
            return ""
        return "it was not said to the bot"

    # --- Clicks ------------------------------------------------------------------------------

    async def rated(self, rated: Rated) -> str:
        place = rated.place
        visit = await self._app.visits.find(CHANNEL, place.key)
        if visit is None or not await self._app.visits.turn_of(visit.conversation.id, rated.turn):
            return "a rating of no reply there"
        await self._app.archive.rate(rated.turn, rated.rating, comment="")
        words = self._notices.words("rated", rating=str(rated.rating))
        thanks = self._notices.whisper(
            place.install, place.channel, rated.user, words, thread=place.thread
        )
        self._errands.run("thanks for a rating", thanks)
        return ""

    async def stopped(self, stopped: Stopped) -> str:
        key, trigger = stopped.place.key, stopped.trigger
        visit = await self._app.visits.find(CHANNEL, key)
        if visit is None:
            return "no conversation there"
        # Slack repeats itself for minutes, and a later answer is not meant.
        if trigger and not await self._notices.first(f"stopped:{key}:{trigger}"):
            return "a stop that was told before"
        await self._app.engine.stop(visit.conversation.id)
        return ""
