"""The answers that this process shows in Slack while they are written."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

from bot.errors import StoreError
from bot.messages import Event, Working
from bot.showing import Scene
from bot.store.base import Posts, Visits
from channels.slack.calls import Calls
from channels.slack.errands import Errands
from channels.slack.live import Live, Means
from channels.slack.pace import Pace
from channels.slack.places import CHANNEL, Place
from channels.slack.sign import Sign
from channels.slack.thread import Thread

_logger = logging.getLogger(__name__)

# What Slack says where an app, a workspace or its plan has no messages that grow.
_NO_STREAMS: Final = frozenset({
    "feature_not_enabled",
    "method_deprecated",
    "missing_scope",
    "not_allowed_token_type",
    "not_supported",
    "unknown_method",
})  # fmt: skip
_NO_STREAMS_SECONDS = 600.0
_LONGEST_TITLE = 80


class Stage:
    """Keeps the promise of a ``Show``: each turn that it is told of has a ``Live``."""

    name = CHANNEL

    def __init__(
        self,
        *,
        posts: Posts,
        visits: Visits,
        calls: Calls,
        agent: bool,
        streaming: bool,
        pace: Pace,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._visits = visits
        self._calls = calls
        self._agent = agent
        self._streaming = streaming
        self._pace = pace
        self._clock = clock
        self._means = Means(
            posts=posts,
            pace=pace,
            clock=clock,
            share=self._share,
            refused=self._refused,
            beside=self._beside,
            sign=self._sign,
        )
        self._lives: dict[str, Live] = {}
        self._signs: dict[str, Sign] = {}
        self._warned: set[str] = set()
        self._without: dict[str, float] = {}
        self._errands = Errands(grace=pace.closing)
        self._closing = False

    # --- What turns tell ---------------------------------------------------------------------

    def tell(self, scene: Scene, event: Event) -> None:
        """Hear of a turn; what follows is done by the task of its ``Live``."""
        live = self._lives.get(scene.turn)
        if isinstance(event, Working):
            self._begin(scene)
        elif live is not None:
            live.tell(event)

    def _begin(self, scene: Scene) -> None:
        place = Place.of(scene.conversation.key)
        if self._closing:
            return
        before = self._present(place)
        if before is not None:
            before.leave()  # it began anew
        live = Live(
            scene,
            means=self._means,
            thread=self.thread(place),
            streaming=self._streaming and self._without.get(place.install, 0.0) < self._clock(),
            before=before,
        )
        self._lives[scene.turn] = live
        title = (lambda: self._title(scene)) if scene.first == 1 else None
        self._sign(place).hold(scene.turn, title=title)
        self._beside(self._run(live))

    def _present(self, place: Place) -> Live | None:
        """Return the conversation's newest answer, if it is still here."""
        here = [live for live in self._lives.values() if live.thread.place == place]
        return here[-1] if here else None

    async def _run(self, live: Live) -> None:
        await live.run()
        # Its receipt is kept for a courier that waited no longer, and comes again.
        pause = self._pace.linger if live.awaited else 0.0
        asyncio.get_running_loop().call_later(pause, self._give_up, live)

    async def _title(self, scene: Scene) -> str | None:
        """Return what a new thread is called: the question that it began with."""
        if not self._agent:
            return None
        with suppress(StoreError):
            entries = await self._visits.page(scene.conversation.id, limit=1)
            words = " ".join(entries[0].message.text.split()) if entries else ""
            return words[:_LONGEST_TITLE] or None
        return None

    # --- What deliveries ask -----------------------------------------------------------------

    def thread(self, place: Place) -> Thread:
        return Thread(place, calls=self._calls, agent=self._agent)

    def of(self, turn: str) -> Live | None:
        """Return the answer of ``turn``, if this process shows it."""
        return self._lives.get(turn)

    def turns(self) -> list[str]:
        """Return every turn that is shown here."""
        return list(self._lives)

    def messages(self, place: Place) -> set[str]:
        """Return the ``ts`` of everything that is shown in a thread."""
        lives = [live for live in self._lives.values() if live.thread.place == place]
        return {ts for live in lives for ts in live.messages}

    def forget(self, turn: str) -> None:
        """Show an answer no longer; what it showed is for others to remove."""
        self._lives.pop(turn, None)

    def _give_up(self, live: Live) -> None:
        """Leave an answer to others, unless it was delivered meanwhile."""
        if self._lives.get(live.scene.turn) is live:
            self.forget(live.scene.turn)
            self.let_go(live.thread.place, live.scene.turn)

    def let_go(self, place: Place, turn: str) -> None:
        """Hear that a reply is posted, or cannot be now: unless it is shown, nobody works on it."""
        sign = self._signs.get(place.key)
        if sign is not None and turn not in self._lives:
            sign.let_go(turn)

    def delivered(self, place: Place, turn: str, *, cleared: bool) -> None:
        """Hear that a reply is there, so that the next answer may be shown.

        ``cleared`` tells that Slack took the status away by itself.
        """
        live = self._lives.pop(turn, None)
        if live is not None:
            live.delivered = True
        cleared = cleared or not self._agent  # as each message does with an assistant's
        sign = self._sign(place)
        if live is None and not cleared:
            sign.clear()  # whoever put it up may be no more
        sign.let_go(turn, cleared=cleared)
        if (present := self._present(place)) is not None:
            present.wake()

    # --- What lives share --------------------------------------------------------------------

    def _share(self, install: str) -> float:
        lives = [live for live in self._lives.values() if live.thread.place.install == install]
        return self._pace.share * sum(live.grows for live in lives)

    def _refused(self, install: str, error: str) -> None:
        if error in _NO_STREAMS:
            self._without[install] = self._clock() + _NO_STREAMS_SECONDS

    def _sign(self, place: Place) -> Sign:
        sign = self._signs.get(place.key)
        if sign is None:
            sign = Sign(self.thread(place), pace=self._pace, warned=self._warned)
            self._signs[place.key] = sign
            self._beside(self._keep(place, sign))
        return sign

    async def _keep(self, place: Place, sign: Sign) -> None:
        try:
            await sign.run()
        finally:
            del self._signs[place.key]

    def _beside(self, deed: Coroutine[Any, Any, None]) -> None:
        if self._closing:
            deed.close()
            return
        self._errands.run("what shows an answer", deed)

    # --- Its life ----------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        await self._errands.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Clear away what nobody goes on with here, for a short while."""
        self._closing = True
        for live in list(self._lives.values()):
            live.close()
        for sign in self._signs.values():
            sign.drop()
        await self._errands.__aexit__(kind, error, trace)
