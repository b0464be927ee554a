"""What the channel says itself, in words that are no reply: refusals, thanks, greetings."""

from collections.abc import Mapping
from typing import Any

from bot.app import App
from channels.slack.blocks import answer, fallback, notice
from channels.slack.calls import Calls
from channels.slack.places import CHANNEL, Place
from channels.slack.sheets import pages


class Notices:
    """Posts them, each marked as one, so that nobody takes it for a part of an answer."""

    def __init__(self, *, app: App, calls: Calls) -> None:
        self._app = app
        self._calls = calls

    def words(self, name: str, **variables: object) -> str:
        """Return the words of the template ``words/<name>.j2``."""
        longest = self._app.settings.bot.longest_message
        return self._app.words(name, **{"limit": longest} | variables)

    async def first(self, name: str) -> bool:
        """Tell whether the notice ``name`` was not sent yet; from now on it was."""
        return await self._app.posts.once(CHANNEL, name)

    async def post(self, place: Place, name: str, words: str) -> None:
        """Say ``words`` in the thread; ``name`` tells what they are."""
        await self._calls(
            place.install,
            "chat.postMessage",
            channel=place.channel,
            thread_ts=place.thread,
            **_said(name, words),
        )

    async def begin(self, install: str, user: str, name: str, words: str) -> Place:
        """Say ``words`` in a thread of their own in a person's direct messages; return where."""
        posted = await self._calls(install, "chat.postMessage", channel=user, **_said(name, words))
        return Place(install=install, channel=str(posted["channel"]), thread=str(posted["ts"]))

    async def whisper(
        self, install: str, channel: str, user: str, words: str, *, thread: str | None = None
    ) -> None:
        """Say ``words`` so that only ``user`` sees them."""
        page = pages(words)[0]
        await self._calls(
            install,
            "chat.postEphemeral",
            channel=channel,
            user=user,
            text=fallback(page),
            blocks=answer(page),
            thread_ts=thread,
        )


def _said(name: str, words: str) -> Mapping[str, Any]:
    """Return the arguments of a message that says ``words``, which are Markdown."""
    page = pages(words)[0]
    return {
        "text": fallback(page),
        "blocks": answer(page),
        "metadata": notice(name),
        "unfurl_links": False,
        "unfurl_media": False,
    }
