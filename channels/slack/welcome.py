"""What people see before they have asked: a greeting, suggestions, the App Home."""

import asyncio
from collections.abc import Callable

from bot.app import App
from bot.settings.slack import SlackSettings
from channels.slack.blocks import home
from channels.slack.calls import Calls
from channels.slack.errors import SlackError
from channels.slack.heard import Began, OpenedHome, OpenedMessages
from channels.slack.notices import Notices
from channels.slack.places import CHANNEL, Place, customer

_DAY = 86_400
_LISTED = 8
_TITLE = 80  # characters of a suggestion that are shown


class Welcome:
    """Greets, suggests what can be asked, and tells people of their conversations."""

    def __init__(
        self,
        *,
        app: App,
        calls: Calls,
        notices: Notices,
        settings: SlackSettings,
        clock: Callable[[], float],
    ) -> None:
        self._app = app
        self._calls = calls
        self._notices = notices
        self._settings = settings
        self._clock = clock

    async def greet(self, began: Began) -> None:
        """Say hello in a new thread of the assistant, once."""
        place = began.place
        if not await self._notices.first(f"greeted:{place.key}"):
            return
        await self._notices.post(place, "greeting", self._greeting)
        await self._suggest(place.install, place.channel, thread=place.thread)

    async def suggest(self, opened: OpenedMessages) -> None:
        """Suggest questions to someone who opened their messages, once a day."""
        today = int(self._clock() // _DAY)
        if await self._notices.first(f"suggested:{opened.install}:{opened.user}:{today}"):
            await self._suggest(opened.install, opened.channel)

    async def show_home(self, opened: OpenedHome) -> None:
        """Show what the bot can do, and the conversations that the person is in."""
        name = customer(opened.install, opened.user)
        visits = await self._app.visits.of(CHANNEL, name, limit=_LISTED)
        links = await asyncio.gather(*(self._link(each.conversation.key) for each in visits))
        view = home(
            company=self._app.settings.bot.name,
            about=self._greeting,
            suggestions=self._settings.suggestions,
            conversations=[(each.opening, link) for each, link in zip(visits, links, strict=True)],
        )
        await self._calls(opened.install, "views.publish", user_id=opened.user, view=view)

    async def _link(self, key: str) -> str | None:
        """Return the address of a conversation, if Slack tells it."""
        place = Place.of(key)
        try:
            found = await self._calls(
                place.install,
                "chat.getPermalink",
                channel=place.channel,
                message_ts=place.thread,
            )
        except SlackError:
            return None
        return str(found.get("permalink") or "") or None

    @property
    def _greeting(self) -> str:
        return self._settings.greeting or self._notices.words("greeting")

    async def _suggest(self, install: str, channel: str, *, thread: str | None = None) -> None:
        if not self._settings.suggestions:
            return
        prompts = [{"title": each[:_TITLE], "message": each} for each in self._settings.suggestions]
        await self._calls(
            install,
            "assistant.threads.setSuggestedPrompts",
            channel_id=channel,
            prompts=prompts,
            thread_ts=thread,
        )
