"""What the bot does in a thread of Slack: the calls, and what each of their ends means."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from bot.messages import Conversation
from channels.slack import blocks
from channels.slack.calls import Calls
from channels.slack.errors import SlackBusy, SlackRefused
from channels.slack.places import Place, user_of

_logger = logging.getLogger(__name__)

Block = dict[str, Any]

GONE: Final = "message_not_found"
STOPPED: Final = "stopped_by_user"
ENDED: Final = frozenset({"message_not_in_streaming_state", STOPPED})
"""What Slack says of a message that does not grow any more."""

_TOO_MUCH: Final = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
_TRIES, _PAUSE = 3, 0.5
_PAGE: Final = 15  # that Slack gives to everyone
_REMOVED: Final = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """Which part of a reply a message is, as it says of itself: one of them is the ``last``.

    ``live`` ones were shown while it was written, and are cut in places of their own.
    """

    turn: str
    part: int
    last: bool
    live: bool = False

    @property
    def metadata(self) -> Block:
        metadata = blocks.metadata(self.turn, self.part, self.last)
        metadata["event_payload"] |= {"live": self.live}
        return metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A message of the bot that was found in a thread; ``tag`` is None where it has none."""

    ts: str
    tag: Tag | None
    marked: bool  # it says of itself what it is: a part of a reply, a notice


class Thread:
    """A thread as the bot writes in it. Everything here may raise a ``SlackError``."""

    def __init__(self, place: Place, *, calls: Calls, agent: bool) -> None:
        self.place = place
        self.agent = agent
        self._calls = calls

    # --- A message that grows ----------------------------------------------------------------

    async def begin(self, text: str, *, reader: Conversation) -> str:
        """Begin a message for ``reader`` and return its ``ts``; never waits for Slack's limits."""
        person: dict[str, str] = {}
        if not self.place.is_direct:
            person["recipient_user_id"] = user_of(reader.customer)
            person["recipient_team_id"] = reader.attributes.get("team", self.place.install)
        begun = await self._call(
            "chat.startStream",
            patience=0.0,
            thread_ts=self.place.thread,
            chunks=_chunks(text),
            **person,
        )
        return str(begun["ts"])

    async def append(self, ts: str, text: str) -> None:
        """Let a message grow; never waits for Slack's limits."""
        await self._call("chat.appendStream", patience=0.0, ts=ts, chunks=_chunks(text))

    async def end(
        self,
        ts: str,
        text: str = "",
        *,
        tag: Tag | None = None,
        below: Sequence[Block] = (),
        patience: float = 0.0,
    ) -> None:
        """Let a message grow by ``text`` and never again; ``below`` it stand blocks."""
        status = {"session_status": _session(tag)} if self.agent and tag is not None else {}
        await self._call(
            "chat.stopStream",
            patience=patience,
            ts=ts,
            chunks=_chunks(text) if text else None,
            metadata=tag.metadata if tag else None,
            blocks=list(below) or None,
            **status,
        )

    # --- A whole message ---------------------------------------------------------------------

    async def post(
        self, page: str, *, tag: Tag, below: Sequence[Block] = (), patience: float = 20.0
    ) -> str:
        """Post a message and return its ``ts``; without blocks, if Slack does not take them."""
        told: dict[str, Any] = {"metadata": tag.metadata, "patience": patience}
        try:
            return await self._post(
                text=blocks.fallback(page), blocks=[*blocks.answer(page), *below], **told
            )
        except SlackRefused as refused:
            if refused.error not in _TOO_MUCH:
                raise
            _logger.warning("A reply is posted without blocks: %s", refused)
            return await self._post(text=page, mrkdwn=False, **told)

    async def _post(self, **arguments: Any) -> str:
        posted = await self._call(
            "chat.postMessage",
            thread_ts=self.place.thread,
            unfurl_links=False,
            unfurl_media=False,
            **arguments,
        )
        return str(posted["ts"])

    async def rewrite(self, ts: str, page: str, *, tag: Tag, below: Sequence[Block] = ()) -> None:
        """Let a message that does not grow any more say ``page``."""
        await self._surely(
            "chat.update",
            ts=ts,
            text=blocks.fallback(page),
            blocks=[*blocks.answer(page), *below],
            metadata=tag.metadata,
        )

    async def halt(self, ts: str) -> None:
        """See to it that a message does not grow any more, whether it did or not."""
        try:
            await self._surely("chat.stopStream", ts=ts)
        except SlackRefused as refused:
            if refused.error not in ENDED:
                raise

    async def remove(self, ts: str) -> None:
        """Let a message vanish; one that is gone already has. What cannot is emptied.

        Raises:
            SlackBusy: it may still be there.
        """
        with suppress(SlackRefused):
            if await self._deleted(ts):
                return
            await self.halt(ts)
            if await self._deleted(ts):
                return
            await self._surely(
                "chat.update",
                ts=ts,
                text=_REMOVED,
                blocks=blocks.answer(_REMOVED),
                metadata=blocks.notice("removed"),
            )

    async def _deleted(self, ts: str) -> bool:
        """Delete a message; False where Slack will not, or fails at that again and again."""
        try:
            await self._surely("chat.delete", ts=ts)
        except SlackRefused as refused:
            return refused.error == GONE
        except SlackBusy as busy:
            if busy.retry_after is not None:
                raise
            return False
        return True

    # --- What is there -----------------------------------------------------------------------

    async def look(self, *, oldest: float) -> AsyncIterator[Found]:
        """Find the bot's own messages of the thread that are younger than ``oldest``."""
        me = await self._calls.workspaces.find(self.place.install)
        cursor: str | None = None
        while True:
            heard = await self._surely(
                "conversations.replies",
                ts=self.place.thread,
                oldest=f"{oldest:.6f}",
                limit=_PAGE,
                include_all_metadata=True,
                cursor=cursor,
            )
            for message in heard.get("messages") or ():
                if message.get("bot_id") == me.bot_id and float(message["ts"]) >= oldest:
                    yield _found(message)
            cursor = (heard.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return

    # --- What else is shown ------------------------------------------------------------------

    async def status(self, text: str, *, title: str | None = None) -> None:
        """Show that the bot is at work; an empty ``text`` ends that."""
        here = {"channel_id": self.place.channel, "thread_ts": self.place.thread}
        if self.agent:
            status = "processing" if text else "active"
            method = "agents.sessions.setStatus"
            told: dict[str, Any] = {"status": status, "title": title}
        else:
            method, told = "assistant.threads.setStatus", {"status": text}
        await self._calls(self.place.install, method, patience=5.0, **here, **told)

    async def button(self, reader: Conversation) -> None:
        """Show ``reader`` a button that stops the answer; an agent's thread has Slack's own."""
        await self._call(
            "chat.postEphemeral",
            patience=1.0,
            thread_ts=self.place.thread,
            user=user_of(reader.customer),
            text=_REMOVED,
            blocks=blocks.stop(self.place.key),
        )

    # --- What they share ---------------------------------------------------------------------

    async def _surely(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        """Make a call that does no harm twice, again where its end is not known."""
        for tried in range(1, _TRIES + 1):
            try:
                return await self._call(method, **arguments)
            except SlackBusy as busy:
                if busy.retry_after is not None or tried == _TRIES:
                    raise
            await asyncio.sleep(_PAUSE * tried)
        raise AssertionError("unreachable")

    async def _call(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        return await self._calls(
            self.place.install, method, channel=self.place.channel, **arguments
        )


def _chunks(text: str) -> list[Block]:
    return [{"type": "markdown_text", "text": text}]


def _session(tag: Tag) -> str:
    return "active" if tag.last else "processing"


def _found(message: Mapping[str, Any]) -> Found:
    metadata = message.get("metadata") or {}
    kind, said = str(metadata.get("event_type", "")), metadata.get("event_payload") or {}
    tag = None
    if kind == blocks.REPLY:
        with suppress(KeyError, TypeError, ValueError):
            tag = Tag(
                turn=str(said["turn"]),
                part=int(said["part"]),
                last=bool(said["last"]),
                live=bool(said.get("live")),
            )
    return Found(ts=str(message["ts"]), tag=tag, marked=bool(kind))
