"""What people see before they have asked: a greeting, suggestions, the App Home."""

from collections.abc import Callable, Sequence
from typing import Any

from bot.app import App
from bot.settings.slack import SlackSettings
from channels.slack.calls import Calls
from channels.slack.heard import Began, OpenedHome, OpenedMessages
from channels.slack.notices import Notices
from channels.slack.places import CHANNEL, customer

_DAY = 86_400
_LISTED = 10
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
        await self._notices.post(place, self._greeting)
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
        view = {"type": "home", "blocks": self._home([visit.opening for visit in visits])}
        await self._calls(opened.install, "views.publish", user_id=opened.user, view=view)

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

    def _home(self, openings: Sequence[str]) -> list[dict[str, Any]]:
        blocks = [_section(self._greeting)]
        if self._settings.suggestions:
            blocks.append(
                {
                    "type": "actions",
                    "elements": [
                        _button(number, each)
                        for number, each in enumerate(self._settings.suggestions)
                    ],
                }
            )
        return blocks + [_section(each) for each in openings]


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "plain_text", "text": text[:300]}}


def _button(number: int, question: str) -> dict[str, Any]:
    text = {"type": "plain_text", "text": question[:_TITLE]}
    name = f"frontdesk_suggest:{number}"
    return {"type": "button", "action_id": name, "text": text, "value": question}
