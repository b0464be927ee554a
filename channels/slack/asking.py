"""Questions that come by a command, a shortcut or a button, and are answered in private."""

import asyncio
from contextlib import suppress

from bot.app import App
from bot.errors import InboundRefused, StoreUnavailable
from bot.guards import cleaned
from bot.messages import Inbound
from channels.slack.calls import Calls
from channels.slack.errands import Errands
from channels.slack.errors import SlackError, SlackRefused
from channels.slack.heard import Asked
from channels.slack.notices import Notices
from channels.slack.places import CHANNEL, Place, customer

# Seconds that Slack waits for an answer to a command are three.
_PATIENCE = 2.0
_QUOTED = 3_000  # characters of a question that are shown again


class Asking:
    """Gives such a question a thread of its own in the person's direct messages.

    Slack tells of a command once and waits three seconds. Until the question is kept, which takes
    a call to Slack, it lives in this process alone: if that ends, the question is lost, and so
    it is where Slack refuses. Whoever asked is told so where anybody is left to do it.
    """

    def __init__(
        self, *, app: App, calls: Calls, notices: Notices, errands: Errands, command: str
    ) -> None:
        self._app = app
        self._calls = calls
        self._notices = notices
        self._errands = errands
        self._command = command

    async def take(self, asked: Asked) -> str:
        """Return what to show at once to whoever asked, where that can be shown."""
        asking = self._errands.run("a question asked by a click", self._ask(asked))
        if not asked.spoken:
            self._errands.run("word of where the answer is", self._tell(asked, asking))
            return ""
        await asyncio.wait({asking}, timeout=_PATIENCE)
        if asking.done():
            words = asking.result()
            return self._notices.words("not_taken") if words is None else words
        self._errands.run("word of where the answer is", self._tell(asked, asking))
        return self._notices.words("one_moment")

    async def _ask(self, asked: Asked) -> str:
        """Keep the question in a new thread; return what to tell the person, if anything."""
        try:
            longest = self._app.settings.bot.longest_message
            question = cleaned(asked.text, longest=longest)
            if not await self._notices.first(f"asked:{asked.external_id}"):
                return ""
            await self._keep(asked, await self._begin(asked, question), question)
        except InboundRefused as refused:
            if asked.spoken and refused.words == "empty":
                return self._notices.words("how_to_ask", command=self._command)
            return self._notices.words(refused.words)
        except SlackRefused:
            return self._notices.words("no_direct")
        except (SlackError, StoreUnavailable):
            return self._notices.words("not_taken")
        return self._notices.words("elsewhere")

    async def _begin(self, asked: Asked, question: str) -> Place:
        """Show the question in the person's direct messages; its thread is the conversation."""
        quote = question if len(question) <= _QUOTED else f"{question[:_QUOTED]} …"
        words = self._notices.words("asked", question=quote)
        return await self._notices.begin(asked.install, asked.user, "asked", words)

    async def _keep(self, asked: Asked, place: Place, question: str) -> None:
        inbound = Inbound(
            channel=CHANNEL,
            key=place.key,
            external_id=asked.external_id,
            text=question,
            customer=customer(asked.install, asked.user),
        )
        try:
            await self._app.engine.accept(inbound)
        except StoreUnavailable:
            # A question that stands there without an answer would promise one.
            await self._calls(place.install, "chat.delete", channel=place.channel, ts=place.thread)
            raise

    async def _tell(self, asked: Asked, asking: asyncio.Task[str | None]) -> None:
        """Say where the answer comes, or why none does, once that is known."""
        words = await asking
        if asked.channel and words:
            # Where the bot is not, it can show nothing; the question stands in their messages.
            with suppress(SlackRefused):
                await self._notices.whisper(asked.install, asked.channel, asked.user, words)
