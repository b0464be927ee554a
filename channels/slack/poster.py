"""Delivers replies to Slack: each once, whoever began to show it and wherever that ended."""

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.delivery import LAST_ATTEMPT
from bot.errors import DeliveryRefused
from bot.messages import Delivery
from bot.store.base import Archive, Posts, Shown
from channels.slack import blocks
from channels.slack.errors import SlackBusy, SlackRefused
from channels.slack.live import Live
from channels.slack.places import CHANNEL, Place
from channels.slack.sheets import pages
from channels.slack.stage import Stage
from channels.slack.thread import Found, Tag, Thread

_logger = logging.getLogger(__name__)

_PAUSES = (1.0, 3.0)  # before a post whose end is not known is looked for
_REFUSALS = 5  # after so many it is given up: the replies behind it wait
_SKEW = 60.0  # seconds between Slack's clock and ours, at most


@dataclass(slots=True)
class _Memo:
    """What this process knows of a reply that it could not post whole.

    ``attempt`` was the latest; ``there`` are the parts that are posted, by their number. It is
    ``sure`` unless a post of it may be there of which we were not told.
    """

    attempt: int
    there: dict[int, str] = field(default_factory=dict)
    sure: bool = True


class SlackPoster:
    """Keeps the promise of a ``Poster``: a receipt names the messages that show the reply."""

    name = CHANNEL

    def __init__(self, *, stage: Stage, posts: Posts, archive: Archive) -> None:
        self._stage = stage
        self._posts = posts
        self._archive = archive
        self._memos: dict[str, _Memo] = {}

    # --- An attempt after the first ----------------------------------------------------------

    async def find(self, delivery: Delivery) -> str | None:
        """Look for the reply, unless this process knows how its attempts ended."""
        place = _place(delivery)
        live = self._stage.of(delivery.turn)
        if live is not None and live.receipt is not None:
            return await self._delivered(place, delivery, live.receipt, cleared=live.cleared)
        memo = self._memos.get(delivery.turn)
        if memo is not None and memo.sure and memo.attempt == delivery.attempts - 1:
            return None
        found = await self._look(place, delivery)
        for tags in (_tagged(found, live=False), _tagged(found, live=True)):
            if _is_complete(tags):
                receipt = ",".join(each.ts for each in tags.values())
                return await self._delivered(place, delivery, receipt, cleared=False)
        there = {part: each.ts for part, each in _tagged(found, live=False).items()}
        self._memos[delivery.turn] = _Memo(attempt=delivery.attempts, there=there)
        return None

    async def _look(self, place: Place, delivery: Delivery) -> list[Found]:
        """Return the parts of the reply that stand in the thread."""
        records = await self._archive.record(delivery.turn)
        oldest = records[0].turn.started - _SKEW if records else 0.0
        try:
            found = [each async for each in self._stage.thread(place).look(oldest=oldest)]
        except (SlackRefused, SlackBusy) as error:
            if isinstance(error, SlackBusy) and delivery.attempts < LAST_ATTEMPT:
                raise
            # Better twice than not at all.
            _logger.warning("Whether a reply is there already cannot be seen: %s", error)
            return []
        return [each for each in found if each.tag and each.tag.turn == delivery.turn]

    # --- Every attempt -----------------------------------------------------------------------

    async def post(self, delivery: Delivery) -> str:
        """Let the answer that is shown here end, or post the reply whole."""
        place = _place(delivery)
        memo = self._memos.setdefault(delivery.turn, _Memo(attempt=delivery.attempts))
        memo.attempt = delivery.attempts
        try:
            return await self._posted(place, delivery, memo)
        except DeliveryRefused:
            self._memos.pop(delivery.turn, None)
            raise
        finally:
            self._stage.let_go(place, delivery.turn)

    async def _posted(self, place: Place, delivery: Delivery, memo: _Memo) -> str:
        live = self._stage.of(delivery.turn)
        await self._clear_away(place, delivery, but=self._stage.turns())
        if live is not None:
            receipt = None if memo.there else await live.finish(delivery)
            if receipt is not None:
                return await self._delivered(place, delivery, receipt, cleared=live.cleared)
            self._stage.forget(delivery.turn)
            await self._clear_away(place, delivery, but=self._stage.turns(), live=live)
        try:
            receipt = await self._post_whole(place, delivery, memo)
        except SlackRefused as refused:
            if delivery.attempts < _REFUSALS:
                raise
            raise DeliveryRefused(str(refused)) from refused
        return await self._delivered(place, delivery, receipt, cleared=False)

    async def _delivered(
        self, place: Place, delivery: Delivery, receipt: str, *, cleared: bool
    ) -> str:
        await self._posts.settle(CHANNEL, place.key, delivery.turn)
        self._memos.pop(delivery.turn, None)
        self._stage.delivered(place, delivery.turn, cleared=cleared)
        return receipt

    # --- What was shown and is not the reply -------------------------------------------------

    async def _clear_away(
        self, place: Place, delivery: Delivery, *, but: Collection[str], live: Live | None = None
    ) -> None:
        """Remove what was shown here, of processes that are no more or of an answer in vain."""
        shown = await self._posts.close(CHANNEL, place.key, but=but)
        thread = self._stage.thread(place)
        known = {each.receipt for each in shown if each.receipt is not None}
        for ts in known | set(live.messages if live is not None else ()):
            await thread.remove(ts)
        lost = [each for each in shown if each.receipt is None]
        if live is not None and not live.unsure:
            lost = [each for each in lost if each.turn != delivery.turn]
        if lost:
            await self._remove_lost(thread, lost)

    async def _remove_lost(self, thread: Thread, lost: Sequence[Shown]) -> None:
        """Remove messages that were begun and perhaps are there, though nobody was told so."""
        oldest = min(each.at for each in lost) - _SKEW
        try:
            found = [each async for each in thread.look(oldest=oldest)]
        except SlackRefused as refused:
            _logger.warning("What a dead process showed cannot be looked for: %s", refused)
            return
        turns, here = {each.turn for each in lost}, self._stage.messages(thread.place)
        for each in found:
            if each.ts not in here and _is_lost(each, turns):
                await thread.remove(each.ts)

    # --- Whole -------------------------------------------------------------------------------

    async def _post_whole(self, place: Place, delivery: Delivery, memo: _Memo) -> str:
        """Post what is not there yet of the reply; its last message has all that belongs to it."""
        thread = self._stage.thread(place)
        texts = pages(delivery.text)
        below = [*blocks.sources(delivery.citations), *blocks.feedback(delivery.turn)]
        for part, page in enumerate(texts, start=1):
            if part in memo.there:
                continue
            last = part == len(texts)
            tag = Tag(turn=delivery.turn, part=part, last=last)
            memo.there[part] = await self._post_part(
                thread, delivery, page, memo=memo, tag=tag, below=below if last else ()
            )
            memo.sure = True
        return ",".join(_in_order(memo.there))

    async def _post_part(
        self,
        thread: Thread,
        delivery: Delivery,
        page: str,
        *,
        memo: _Memo,
        tag: Tag,
        below: Sequence[blocks.Block],
    ) -> str:
        """Post one message; where its end is not known, look for it before it is posted again.

        Whether it is not there is sure from what a post ended in, never a look.
        """
        for pause in (*_PAUSES, None):
            memo.sure = False
            try:
                return await thread.post(page, tag=tag, below=below)
            except SlackBusy as busy:
                memo.sure = not busy.uncertain
                if memo.sure or pause is None:
                    raise
            except SlackRefused:
                memo.sure = True
                raise
            await asyncio.sleep(pause)
            there = _tagged(await self._look(thread.place, delivery), live=False)
            if tag.part in there:
                return there[tag.part].ts
        raise AssertionError("unreachable")


def _place(delivery: Delivery) -> Place:
    try:
        return Place.of(delivery.key)
    except ValueError as error:
        raise DeliveryRefused(str(error)) from error


def _tagged(found: Iterable[Found], *, live: bool) -> dict[int, Found]:
    """Return the parts of a reply by their number, in order."""
    tags = {each.tag.part: each for each in found if each.tag and each.tag.live is live}
    return dict(sorted(tags.items()))


def _is_complete(parts: Mapping[int, Found]) -> bool:
    last = next((part for part, each in parts.items() if each.tag and each.tag.last), 0)
    return last > 0 and list(parts) == list(range(1, last + 1))


def _is_lost(found: Found, turns: Collection[str]) -> bool:
    """Tell whether a message was begun, or posted as a part, by what is no more."""
    tag = found.tag
    return not found.marked or (tag is not None and tag.live and tag.turn in turns)


def _in_order(there: Mapping[int, str]) -> Iterable[str]:
    return (there[part] for part in sorted(there))
