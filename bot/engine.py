"""The engine, in the order of a message's life: accept → turn → finish.

A ``Work`` is one conversation that this process holds the lease of. A turn runs whether or not
anybody follows it; who follows it is told of every event from memory.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Coroutine
from contextlib import aclosing, suppress
from dataclasses import replace
from types import TracebackType
from typing import Self

from bot.answering import Answering, newest, waiting
from bot.answers import Answer, Draft
from bot.audit import Audit
from bot.errors import LeaseLost, StoreError, StoreUnavailable, without_text, without_words
from bot.folding import Folding
from bot.following import Followers
from bot.guards import cleaned
from bot.messages import (
    Changed,
    Event,
    Inbound,
    Outcome,
    Piece,
    Released,
    Replied,
    Sealed,
    Withdrawn,
    Working,
)
from bot.settings import Settings
from bot.showing import Show, Shows
from bot.store.base import Accepted, Conversations, Finish, History, Lease, Visits
from bot.sweeper import Sweeper
from bot.watching import Watchers
from bot.window import count_tokens
from bot.work import Interrupt, Work

_logger = logging.getLogger(__name__)

# How long a reply that cannot be kept waits for the database, step by step.
_FINISH_PAUSES = (0.1, 0.3, 1.0, 3.0)
_SEALED_SHARE = 8  # what is sealed takes at most this part of the window
# Seconds until a turn that broke is tried again; each time twice as long.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_DOUBLINGS = 10  # more of them only make numbers that no float holds
_DIED = "its process ended in the middle of it, or was cut off"


class Engine:
    """Accepts messages and answers them, each conversation by one turn at a time.

    ``channels`` are those that this process serves: it takes over what waits in them. ``shows``
    are told of their channels' answers while they are written. ``kept`` is called after each reply
    is committed: it may be delivered.
    """

    def __init__(
        self,
        *,
        conversations: Conversations,
        visits: Visits,
        answering: Answering,
        settings: Settings,
        channels: Collection[str],
        holder: str,
        clock: Callable[[], float],
        shows: Collection[Show] = (),
        kept: Callable[[], None] = lambda: None,
    ) -> None:
        self._conversations = conversations
        self._answering = answering
        self._settings = settings
        self._holder = holder
        self._clock = clock
        self._kept = kept
        self._tasks = asyncio.TaskGroup()
        self._works: dict[int, Work] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._folds: set[asyncio.Task[None]] = set()
        self._followers = Followers(conversations=conversations, works=self._works)
        self._watchers = Watchers(visits=visits, works=self._works)
        self._shows = Shows(shows=shows, works=self._works)
        self._audit = Audit(conversations=conversations, answering=answering, clock=clock)
        self._folding = Folding(
            conversations=conversations, answering=answering, budget=settings.history_tokens
        )
        self._sweeper = Sweeper(
            conversations=conversations,
            settings=settings.engine,
            channels=channels,
            holder=holder,
            begin=self._begin,
        )
        self._closing = False

    # --- Accept ------------------------------------------------------------------------------

    async def accept(self, inbound: Inbound) -> Accepted:
        """Keep a message and see to it that it is answered; return once it is safe.

        Raises:
            InboundRefused: it is empty or too long; nothing was kept.
            StoreUnavailable: it could not be kept; say so to whoever sent it.
        """
        if self._closing:
            raise StoreUnavailable("This process is stopping. Send the message again.")
        text = cleaned(inbound.text, longest=self._settings.bot.longest_message)
        accepted = await self._conversations.accept(
            replace(inbound, text=text),
            tokens=count_tokens(text),
            holder=self._holder,
            seconds=self._settings.engine.lease_seconds,
        )
        if accepted.lease is not None:
            await self._take_up(accepted.lease, accepted)
        elif not accepted.duplicate:
            self._hear(accepted)
        self._watchers.look_at(accepted.conversation)
        return accepted

    async def _take_up(self, lease: Lease, accepted: Accepted) -> None:
        """Begin the turn, or leave it to others if this process began to stop meanwhile."""
        if not self._closing:
            self._begin(lease, heard=accepted.seq, history=accepted.history)
            return
        with suppress(StoreError):
            await self._conversations.abandon(lease)

    def _hear(self, accepted: Accepted) -> None:
        """Begin the turn anew if nothing of it has been shown yet; a stop was meant for before."""
        work = self._works.get(accepted.conversation)
        if work is None:
            return
        work.heard = max(work.heard, accepted.seq)
        if accepted.seq <= work.upto:
            return  # the turn has read it before we were told
        if self._may_begin_anew(work) and work.interrupt is not Interrupt.NEWER:
            work.break_off(Interrupt.NEWER)

    def _may_begin_anew(self, work: Work) -> bool:
        """Tell whether a newer message supersedes the turn: not for ever, or none is answered."""
        burst = self._clock() - work.since
        return not work.visible and burst < self._settings.engine.burst_seconds

    async def revise(self, channel: str, external_id: str, text: str | None) -> bool:
        """Let a customer's kept message say ``text``, or nothing where they deleted it.

        An answer to its earlier words of which nothing is shown begins anew, wherever it is made;
        what nobody asks any more gets none. A message that has its reply only changes as it is
        kept. What a summary says of it stays. False: no such message is kept.

        Raises:
            InboundRefused: the new text is empty or too long; nothing was changed.
            StoreUnavailable: it could not be kept; say so to whoever sent it.
        """
        words = "" if text is None else cleaned(text, longest=self._settings.bot.longest_message)
        revised = await self._conversations.revise(
            channel, external_id, text=words, tokens=count_tokens(words)
        )
        if revised is None:
            return False
        work = self._works.get(revised.conversation)
        if work is not None and revised.revision is not None:
            work.hear_again(revised.seq, revision=revised.revision)
        self._watchers.look_at(revised.conversation)
        return True

    async def stop(self, conversation: int) -> None:
        """End the present answer; what was shown is kept as the reply.

        Another process that gives it hears of that when it renews its lease.

        Raises:
            StoreUnavailable: the other process could not be told.
        """
        work = self._works.get(conversation)
        if work is None:
            await self._conversations.stop(conversation)
        elif not work.finishing:
            work.break_off(Interrupt.STOP)

    # --- Follow and watch --------------------------------------------------------------------

    def follow(self, conversation: int, *, seq: int) -> AsyncIterator[Event]:
        """Tell what happens until the customer's message ``seq`` has its reply.

        Who joins in the middle first gets what was shown so far, as one piece. Leaving does not
        stop the turn. Works for turns of other processes too, then with the reply alone. Ends
        with ``Released`` where a person has the conversation, whose reply it will be, or where the
        customer deleted the message.
        """
        return self._followers.follow(conversation, seq=seq)

    def watch(self, conversation: int) -> AsyncGenerator[Event | Changed]:
        """Tell what happens in a conversation, whoever does it, until the watcher leaves.

        First comes how it stands; then, if this process writes an answer, that it works and as one
        piece what it has shown so far; then every event of this process, and whenever something
        was committed a ``Changed``: at once if it was here, within about a second if elsewhere.
        A ``Piece`` belongs to the turn that said last that it is ``Working``. Whoever listens
        slowly hears pieces together, and of turns that are over only how the last one ended.

        A database that does not answer ends nothing; neither does leaving stop a turn. Leave by
        ``aclosing``, or what is kept for the watcher stays until the garbage is collected.
        """
        return self._watchers.watch(conversation)

    def _tell(self, work: Work, event: Event) -> None:
        work.note(event, at=self._clock())
        self._followers.tell(work, event)
        self._watchers.tell(work, event)
        self._shows.tell(work, event)

    # --- Turn --------------------------------------------------------------------------------

    def _begin(self, lease: Lease, *, heard: int = 0, history: History | None = None) -> None:
        self._give_way(lease.conversation)
        work = Work(lease=lease, heard=heard, history=history)
        if history is not None:
            work.first = history.conversation.answered + 1
        self._works[lease.conversation] = work
        work.running = self._start(self._run(work), among=self._running)

    def _give_way(self, conversation: int) -> None:
        """End a work here whose lease ran out before it could be renewed, now that it is taken."""
        work = self._works.get(conversation)
        # A finish that is under way was kept before the lease was taken, or learns of it.
        if work is not None and work.running is not None and not work.finishing:
            self._withdraw(work)
            self._shows.leave(work)
            work.running.cancel()

    def _start(
        self, deed: Coroutine[None, None, None], *, among: set[asyncio.Task[None]]
    ) -> asyncio.Task[None]:
        task = self._tasks.create_task(deed)
        among.add(task)
        task.add_done_callback(among.discard)
        return task

    async def _run(self, work: Work) -> None:
        """Answer until nothing waits; hold the lease meanwhile and let go whatever happens."""
        try:
            async with asyncio.TaskGroup() as tasks:
                holding = tasks.create_task(self._hold(work))
                work.released = await self._turn(work, tasks) is Finish.RELEASED
                while not work.released and not self._closing and self._is_ours(work):
                    work.released = await self._turn(work, tasks) is Finish.RELEASED
                holding.cancel()
        except* LeaseLost:
            _logger.info("Conversation %d went to someone else.", work.lease.conversation)
        except* StoreUnavailable as errors:
            _logger.warning("A turn is not kept and taken up again later: %s", errors.exceptions)
        except* Exception as errors:
            work.trouble = without_text(errors)
            text = "A turn failed (try %d of %d)."
            tries = (work.lease.tries, self._settings.engine.tries)
            _logger.exception(text, *tries, exc_info=without_words(errors))
        finally:
            await self._end(work)

    def _is_ours(self, work: Work) -> bool:
        return self._works.get(work.lease.conversation) is work

    async def _end(self, work: Work) -> None:
        if self._is_ours(work):  # or else it gave way
            del self._works[work.lease.conversation]
            if not work.released:
                await self._leave_to_others(work)
            elif work.promised:
                self._tell(work, Released())  # what it was to answer was deleted
        self._shows.leave(work)

    async def _leave_to_others(self, work: Work) -> None:
        self._withdraw(work)
        self._tell(work, Released())
        with suppress(StoreError):
            if work.trouble:
                doubled = min(work.lease.tries - 1, _DOUBLINGS)
                pause = min(_FIRST_PAUSE * 2**doubled, _LONGEST_PAUSE)
                await self._conversations.fail(work.lease, trouble=work.trouble, pause=pause)
            else:
                await self._conversations.abandon(work.lease)

    async def _hold(self, work: Work) -> None:
        """Renew the lease as long as the work lasts."""
        seconds = self._settings.engine.lease_seconds
        while True:
            await asyncio.sleep(seconds / 3)
            try:
                stopped = await self._conversations.renew(work.lease, seconds=seconds)
            except StoreUnavailable as error:
                _logger.warning("A lease could not be renewed; trying again: %s", error)
            except LeaseLost:
                # A finish that is under way gives the lease back itself, or notices.
                if not work.finishing:
                    raise
            else:
                if 0 < work.upto <= stopped and not work.finishing:
                    work.break_off(Interrupt.STOP)

    async def _turn(self, work: Work, tasks: asyncio.TaskGroup) -> Finish:
        """Answer all that waits with one reply, or find that there is nothing to answer."""
        work.begin_turn(at=self._clock())
        if work.lease.tries > self._settings.engine.tries:
            return await self._set_aside(work)
        history = work.history or await self._conversations.read(work.lease.conversation)
        work.history = None
        questions = waiting(history)
        if not questions:
            return await self._let_go(work)
        work.take(
            first=questions[0].seq,
            upto=newest(history),
            revision=history.conversation.revision,
        )
        window = await self._folding.fitted(history)
        answer = self._answering.begin(history, window)
        self._shows.open(work, history.conversation)
        self._tell(work, Working(work.turn))
        await self._show(work, answer, tasks)
        if work.interrupt is Interrupt.NEWER:
            return self._anew(work, answer.draft())
        draft = answer.draft(Outcome.STOPPED if work.interrupt is Interrupt.STOP else None)
        ended = await self._finish(work, draft)
        if ended is Finish.SUPERSEDED:
            return self._anew(work, draft)
        if self._folding.outgrown(window, draft):
            self._start(self._folding.ahead(work.lease.conversation), among=self._folds)
        return ended

    async def _set_aside(self, work: Work) -> Finish:
        """Tell the customer that this cannot be answered, with nothing that could break again."""
        owed = await self._conversations.owed(work.lease.conversation)
        if owed.upto <= owed.after:
            return await self._let_go(work)
        work.take(first=owed.after + 1, upto=owed.upto, revision=owed.revision)
        reason = f"tried {work.lease.tries - 1} times; the last time: {owed.trouble or _DIED}"
        text = "What waits in conversation %d is set aside (%s). Look at it with: bot status"
        _logger.error(text, work.lease.conversation, reason)
        self._tell(work, Working(work.turn))
        self._tell(work, Piece(self._answering.words("set_aside")))
        draft = Draft(text=work.shown, outcome=Outcome.SET_ASIDE, trouble=reason)
        return await self._finish(work, draft)

    def _anew(self, work: Work, draft: Draft) -> Finish:
        work.spent += draft.attempts
        self._withdraw(work)  # somebody may have come to follow just now
        return Finish.SUPERSEDED

    def _withdraw(self, work: Work) -> None:
        if work.shown:
            self._tell(work, Withdrawn())

    async def _let_go(self, work: Work) -> Finish:
        work.finishing = True
        if not await self._conversations.release(work.lease):
            return Finish.RELEASED
        work.answered()
        return Finish.WAITING

    async def _show(self, work: Work, answer: Answer, tasks: asyncio.TaskGroup) -> None:
        """Let the answer come, piece by piece, until its end or an interruption."""
        if work.interrupt is not None:
            return
        work.showing = tasks.create_task(self._pieces(work, answer))
        await asyncio.wait({work.showing})
        work.showing = None

    async def _pieces(self, work: Work, answer: Answer) -> None:
        try:
            async with aclosing(answer.events()) as events:
                async for event in events:
                    first = not work.shown
                    if first and await self._newer(work):
                        work.interrupt = Interrupt.NEWER
                        return
                    self._tell(work, event)
                    if first:
                        await asyncio.sleep(0)  # it goes out before more is read of what is there
        except StoreUnavailable:
            raise
        except Exception as error:
            text = "An answer failed; the customer is told so."
            _logger.exception(text, exc_info=without_words(error))
            for event in answer.instead("unavailable", Outcome.FAILED):
                self._tell(work, event)

    async def _newer(self, work: Work) -> bool:
        """Tell whether more or something else was said meanwhile, here or to another process."""
        if work.revised > work.revision and not work.visible:
            return True
        if not self._may_begin_anew(work):
            return False
        if work.heard > work.upto:
            return True
        try:
            owed = await self._conversations.owed(work.lease.conversation)
        except StoreUnavailable as error:
            # The answer is there, and the database may be back by the time that it is kept.
            _logger.warning("Could not look for newer messages: %s", error)
            return False
        return owed.upto > work.upto or owed.revision > work.revision

    # --- Finish ------------------------------------------------------------------------------

    def _held(self, draft: Draft) -> Sealed | None:
        """Return what is sealed, unless it would take the window from what was said."""
        sealed = draft.sealed
        room = self._settings.history_tokens // _SEALED_SHARE
        return sealed if sealed and sealed.tokens <= room else None

    async def _finish(self, work: Work, draft: Draft) -> Finish:
        """Commit the reply with its audit and its delivery, then tell of it."""
        work.finishing = True
        turn, sealed = self._audit.record(work, draft), self._held(draft)
        tokens = count_tokens(turn.reply.text)
        pauses = iter(_FINISH_PAUSES)
        while True:
            try:
                await self._audit.keep_prompt(turn, draft.templates)
                ended = await self._conversations.finish(
                    work.lease,
                    turn,
                    tokens=tokens,
                    shown=work.seen or not self._may_begin_anew(work),
                    revision=None if work.seen else work.revision,
                    sealed=sealed,
                )
            except StoreUnavailable:
                pause = next(pauses, None)
                if pause is None:
                    raise
                await asyncio.sleep(pause)
            else:
                if ended is not Finish.SUPERSEDED:
                    work.interrupt = None  # a stop was for this answer, not for the next one
                    work.answered()
                    self._kept()
                    self._tell(work, Replied(turn.reply))
                    self._watchers.look_at(work.lease.conversation)
                return ended

    # --- Begin and end -----------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._looking = self._tasks.create_task(self._watchers.run())
        self._sweeping = self._tasks.create_task(self._sweeper.run())
        return self

    @property
    def running(self) -> int:
        """How many turns are running in this process."""
        return len(self._running)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take nothing new, give running turns their grace, leave the rest to others."""
        self._closing = True
        self._sweeping.cancel()
        try:
            if self._running and error is None:
                await asyncio.wait(self._running, timeout=self._settings.engine.grace_seconds)
        finally:
            self._looking.cancel()
            for task in (*self._running, *self._folds):
                task.cancel()
            # The block's own error goes its way as it is, and not in a group.
            await self._tasks.__aexit__(None, None, None)
