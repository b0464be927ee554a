"""An answer that Slack shows while it is written: one task writes, whatever happens meanwhile."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from bot.errors import FrontdeskError, StoreError, without_words
from bot.messages import Delivery, Event, Piece, Released, Replied, Withdrawn
from bot.showing import Scene
from bot.store.base import Posts
from channels.slack import blocks
from channels.slack.errors import SlackBusy, SlackError, SlackRefused
from channels.slack.pace import Pace
from channels.slack.places import CHANNEL, Place
from channels.slack.sign import Sign
from channels.slack.thread import ENDED, STOPPED, Block, Tag, Thread
from channels.slack.version import Growth, Part, Version

_logger = logging.getLogger(__name__)

_Done = TypeVar("_Done")

_GROWS = 1.25  # each pause between two appends to the one before
_LATEST = 1.1  # of a message's time, until it ends wherever it is


class _Taken(FrontdeskError):
    """Another process has begun to deliver this reply: nothing more is shown here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What lives have in common. ``share`` is the pause that a workspace leaves each of them."""

    posts: Posts
    pace: Pace
    clock: Callable[[], float]
    share: Callable[[str], float]
    refused: Callable[[str, str], None]
    beside: Callable[[Coroutine[Any, Any, None]], None]
    sign: Callable[[Place], Sign]


class Live:
    """One turn's answer in its thread. ``before`` is the one that must be delivered first.

    ``tell`` and ``finish`` say how things should be, and ``run`` brings Slack there, step by step.
    ``receipt`` is set once the reply is all there, and ``cleared`` where Slack then took its status
    away by itself; ``unsure`` tells that a message of it may be there of which nobody knows.
    """

    def __init__(
        self,
        scene: Scene,
        *,
        means: Means,
        thread: Thread,
        streaming: bool,
        before: "Live | None" = None,
    ) -> None:
        self.scene = scene
        self.thread = thread
        self.receipt: str | None = None
        self.unsure = False
        self.cleared = False
        self.delivered = False
        self.replied: float | None = None  # when
        self._means = means
        self._pace = means.pace
        self._before = before
        self._version = Version(still=not streaming)
        self._old: list[Version] = []
        self._gone: float | None = None  # since when nobody writes it any more
        self._delivery: Delivery | None = None
        self._rows = 0
        self._appends = 0
        self._latest = -math.inf  # when Slack was last given something
        self._not_before = -math.inf
        self._woken = asyncio.Event()
        self._ended = asyncio.Event()

    # --- How it should be --------------------------------------------------------------------

    def tell(self, event: Event) -> None:
        """Hear how the turn goes on; never wait."""
        match event:
            case Piece(text):
                had_more = self._version.has_more
                self._version.hear(text, at=self._means.clock())
                if had_more:
                    return  # it goes with what is due already
            case Withdrawn():
                self._old.append(self._version)
                self._version = Version(still=self._version.still)
                self._appends = 0
            case Replied():
                self.replied = self._means.clock()
            case Released():
                self.leave()
        self.wake()

    def leave(self) -> None:
        """Nobody writes this answer any more: what is shown of it disappears."""
        if self.replied is None and self._gone is None:
            self._gone = self._means.clock()
            self._old.append(self._version)
            self._version = Version(still=True)
            self.wake()

    def close(self) -> None:
        """The process ends: wait for nothing any more."""
        self.leave()
        if self.replied is not None and self._delivery is None:
            self._ended.set()
            self.wake()

    def wake(self) -> None:
        self._woken.set()

    async def finish(self, delivery: Delivery) -> str | None:
        """Let Slack show the whole reply and return its receipt.

        None where it cannot be shown here: then post it whole, once what is here is removed.
        """
        self._delivery = delivery
        self.wake()
        await self._ended.wait()
        return self.receipt

    @property
    def awaited(self) -> bool:
        """Whether somebody asked, or asks, for its end."""
        return self._delivery is not None

    @property
    def over(self) -> bool:
        return self._ended.is_set()

    @property
    def grows(self) -> bool:
        """Whether a message of it grows at present."""
        part = self._version.growing
        return part is not None and part.growth is Growth.OPEN

    @property
    def messages(self) -> list[str]:
        """The ``ts`` of every message that it shows."""
        versions = (*self._old, self._version)
        return [part.ts for version in versions for part in version.parts]

    @property
    def _sign(self) -> Sign:
        return self._means.sign(self.thread.place)

    # --- How it gets there -------------------------------------------------------------------

    async def run(self) -> None:
        """Show it until it is delivered or gone; raises nothing."""
        try:
            while not self.over:
                await self._rest()
                if not self.over:
                    await self._step()
        except FrontdeskError as error:
            _logger.info("An answer is not shown while it is written: %s", error)
        except Exception as error:
            text = "An answer is not shown while it is written."
            _logger.exception(text, exc_info=without_words(error))
        finally:
            self._ended.set()
            if self._delivery is None:
                self._sign.let_go(self.scene.turn)

    async def _rest(self) -> None:
        """Wait until something is due or has happened."""
        pause = self._due() - self._means.clock()
        self._woken.clear()
        try:
            async with asyncio.timeout(None if pause == math.inf else max(pause, 0.0)):
                await self._woken.wait()
        except TimeoutError:
            pass

    def _due(self) -> float:
        """Return when the next step is to be made."""
        if any(version.parts for version in self._old):
            return self._not_before
        if self._gone is not None or self._delivery is not None:
            return -math.inf
        lingers = math.inf if self.replied is None else self.replied + self._pace.linger
        return min(lingers, max(self._grows_at(), self._not_before))

    def _grows_at(self) -> float:
        version, part = self._version, self._version.growing
        if version.still:
            return math.inf
        if part is None:
            return self._begins_at(version)
        if part.growth is Growth.ENDED:
            return part.ended + self._pace.doubt
        if part.growth is Growth.DOUBTFUL:
            return -math.inf
        ages = part.begun + self._pace.segment
        return min(ages, self._latest + self._pause()) if version.has_more else ages

    def _begins_at(self, version: Version) -> float:
        if not version.has_more or version.began is None:
            return math.inf
        if version.parts:
            return self._latest + self._pause()
        if self.replied is not None:
            return math.inf  # it is short, and comes whole
        comes = max(version.began + self._pace.first, self._turn_comes())
        return max(comes, self._latest + self._pause())

    def _turn_comes(self) -> float:
        """Return when the answer before this one is there, or is waited for no longer."""
        before = self._before
        if before is None or before.delivered or before.replied is None:
            return -math.inf
        return before.replied + self._pace.turn

    def _pause(self) -> float:
        grown = self._pace.append * _GROWS ** min(self._appends, 20)
        share = self._means.share(self.thread.place.install)
        return max(min(grown, self._pace.slowest), share)

    async def _step(self) -> None:
        now = self._means.clock()
        if any(version.parts for version in self._old):
            await self._clear_away(now)
        elif self._gone is not None:
            self._end(None)
        elif self._delivery is not None:
            self._end(await self._complete(self._delivery))
        elif self.replied is not None and now >= self.replied + self._pace.linger:
            self._end(None)
        elif now >= max(self._grows_at(), self._not_before):
            await self._grow()

    def _end(self, receipt: str | None) -> None:
        self.receipt = receipt
        self._ended.set()

    # --- What disappears ---------------------------------------------------------------------

    async def _clear_away(self, now: float) -> None:
        for version in self._old:
            while version.parts:
                try:
                    await self.thread.remove(version.parts[0].ts)
                except (SlackError, StoreError) as error:
                    _logger.debug("What was withdrawn is still there: %s", error)
                    if self._gone is not None and now > self._gone + self._pace.patience:
                        self._end(None)  # the next reply's delivery removes it
                    self._later(error)
                    return
                version.parts.pop(0)
        if self._gone is None:
            self._sign.hold(self.scene.turn)

    def _later(self, error: FrontdeskError) -> None:
        """Do nothing before Slack, or the database, may do what it did not."""
        pause = error.retry_after if isinstance(error, SlackBusy) else None
        self._not_before = self._means.clock() + (pause or self._pace.pause)

    # --- What grows --------------------------------------------------------------------------

    async def _grow(self) -> None:
        version, part = self._version, self._version.growing
        try:
            if part is None:
                await self._begin(version)
            elif part.growth is Growth.OPEN:
                await self._append(version, part)
            else:
                await self._seal(version, part)
        except (SlackBusy, StoreError) as error:
            self._later(error)
        except _Taken:
            version.give_up()
        except SlackRefused as refused:
            if part is None:
                version.still = True  # what is there already can still be ended
            else:
                version.give_up()
            _logger.info("An answer is not shown while it is written: %s", refused)
            self._means.refused(self.thread.place.install, refused.error)

    async def _begin(self, version: Version) -> None:
        """Begin a message, which is noted before and after."""
        text = version.cut()
        if not text:
            self._latest = self._means.clock()
            return
        if not version.parts and not self.scene.visible():
            version.still = True
            return
        row = self._rows + 1
        if not await self._means.posts.begin(
            CHANNEL, self.thread.place.key, self.scene.turn, part=row
        ):
            raise _Taken
        if version is not self._version:
            return
        begun = self._means.clock()
        try:
            ts = await self.thread.begin(text, reader=self.scene.conversation)
        except SlackBusy as busy:
            if not busy.uncertain:
                raise
            # It is looked for when the reply is delivered.
            self._rows, self.unsure = row, True
            version.give_up()
            return
        self._rows = row
        await self._begun(version, ts, text=text, begun=begun)

    async def _begun(self, version: Version, ts: str, *, text: str, begun: float) -> None:
        number = len(version.parts) + 1
        part = Part(ts=ts, row=self._rows, number=number, begun=begun, text="")
        version.parts.append(part)
        version.sent(part, text)
        self._latest = self._means.clock()
        if self._rows == 1:
            self._show_how_to_stop()
        if not await self._is_ours(part):
            self._old.append(version)
            self._version = Version(still=True)

    def _show_how_to_stop(self) -> None:
        """Slack shows that a message grows, and in an agent's thread how to stop it, too."""
        if not self.thread.agent:
            self._sign.let_go(self.scene.turn, cleared=True)
            self._means.beside(self._offer_button())

    async def _offer_button(self) -> None:
        try:
            await self.thread.button(self.scene.conversation)
        except FrontdeskError as error:
            _logger.debug("An answer has no button to stop it: %s", error)

    async def _is_ours(self, part: Part) -> bool:
        """Keep which message a part is; False where it is no longer ours to show."""
        return await self._means.posts.made(
            CHANNEL, self.scene.turn, part=part.row, receipt=part.ts
        )

    async def _append(self, version: Version, part: Part) -> None:
        age = self._means.clock() - part.begun
        text = version.cut(soon=age >= self._pace.segment)
        if version.full or age >= _LATEST * self._pace.segment:
            await self._seal(version, part)
            return
        self._latest = self._means.clock()
        if text:
            await self._send(version, part, text)

    async def _send(self, version: Version, part: Part, text: str) -> None:
        try:
            await self.thread.append(part.ts, text)
        except SlackBusy as busy:
            if not busy.uncertain:
                self._appends += 1
                raise
            part.growth = Growth.DOUBTFUL
        except SlackRefused as refused:
            if refused.error not in ENDED:
                raise
            part.growth, part.ended = Growth.ENDED, self._means.clock()
            if refused.error == STOPPED:
                part.ended = math.inf  # whoever did it wants to see no more
        else:
            self._appends += 1
            version.sent(part, text)

    async def _seal(self, version: Version, part: Part) -> None:
        """End a message of which another is to follow."""
        version.turn()
        await self._end_part(version, part, version.waiting, last=False)

    async def _end_part(
        self, version: Version, part: Part, text: str, *, last: bool, below: Sequence[Block] = ()
    ) -> None:
        """Let a message end with ``text``, whether it still grows or not."""
        tag = Tag(turn=self.scene.turn, part=part.number, last=last, live=True)
        if part.growth is Growth.OPEN:
            try:
                await self.thread.end(part.ts, text, tag=tag, below=below)
                self.cleared = last
            except SlackBusy as busy:
                if not busy.uncertain:
                    raise
                part.growth = Growth.DOUBTFUL
            except SlackRefused as refused:
                if refused.error not in ENDED:
                    raise
                part.growth = Growth.ENDED
        if part.growth is Growth.DOUBTFUL:
            await self.thread.halt(part.ts)
            part.growth = Growth.ENDED
        if part.growth is Growth.ENDED:
            await self._rewrite(part, part.text + text, tag, below)
        version.sent(part, text)
        version.seal(part)
        self._latest = self._means.clock()

    async def _rewrite(self, part: Part, page: str, tag: Tag, below: Sequence[Block]) -> None:
        if not await self._is_ours(part):
            raise _Taken
        await self.thread.rewrite(part.ts, page, tag=tag, below=below)

    # --- What ends ---------------------------------------------------------------------------

    async def _complete(self, delivery: Delivery) -> str | None:
        version = self._version
        if version.vain or not version.parts:
            return None
        pages = version.rest(delivery.text)
        if pages is None:
            return None
        try:
            await self._end_with(pages, delivery)
        except FrontdeskError as error:
            self.unsure = self.unsure or (isinstance(error, SlackBusy) and error.uncertain)
            _logger.info("A reply is posted whole, for what was shown cannot be ended: %s", error)
            return None
        return ",".join(part.ts for part in version.parts)

    async def _end_with(self, pages: list[str], delivery: Delivery) -> None:
        """End the last message, and post what has no room in it."""
        version, part = self._version, self._version.growing
        below = [*blocks.sources(delivery.citations), *blocks.feedback(delivery.turn)]
        if part is not None:
            page, *pages = pages
            await self._patiently(
                partial(
                    self._end_part,
                    version,
                    part,
                    page,
                    last=not pages,
                    below=[] if pages else below,
                )
            )
        elif not pages[0]:
            final, pages = version.parts[-1], []
            tag = Tag(turn=delivery.turn, part=final.number, last=True, live=True)
            await self._patiently(partial(self._rewrite, final, final.text, tag, below))
        for left, page in zip(range(len(pages) - 1, -1, -1), pages, strict=True):
            await self._post(version, page, last=not left, below=[] if left else below)

    async def _post(
        self, version: Version, page: str, *, last: bool, below: Sequence[Block]
    ) -> None:
        """Post one more part of the reply, noted like those that grew."""
        self._rows += 1
        place, turn = self.thread.place, self.scene.turn
        if not await self._means.posts.begin(CHANNEL, place.key, turn, part=self._rows):
            raise _Taken
        tag = Tag(turn=turn, part=len(version.parts) + 1, last=last, live=True)
        ts = await self._patiently(partial(self.thread.post, page, tag=tag, below=below))
        part = Part(ts=ts, row=self._rows, number=tag.part, begun=0.0, text=page)
        version.parts.append(part)
        version.seal(part)
        if not await self._is_ours(part):
            raise _Taken

    async def _patiently(self, deed: Callable[[], Awaitable[_Done]]) -> _Done:
        """Do what Slack surely has not done, again and again for a while."""
        until = self._means.clock() + self._pace.patience
        while True:
            try:
                return await deed()
            except SlackBusy as busy:
                pause = busy.retry_after or self._pace.pause
                if busy.uncertain or self._means.clock() + pause > until:
                    raise
            await asyncio.sleep(pause)
