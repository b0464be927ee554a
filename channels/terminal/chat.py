"""A conversation in the terminal: reads what the customer writes, shows what the bot answers."""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from bot.app import App
from bot.errors import FrontdeskError, InboundRefused, StoreError, nearest
from bot.messages import Author, Conversation, Inbound, Message, Reply
from channels.terminal.answer import Answer
from channels.terminal.interrupts import on_interrupt
from channels.terminal.keyboard import Keyboard
from channels.terminal.page import STOPPED, Page

CHANNEL = "terminal"
LATER = "What has no answer yet gets one in: bot chat --continue"
"""What is told to whoever leaves before the answer."""

_COMMAND = re.compile(r"(/[a-z]+)(?:\s+(.*))?|/", re.DOTALL | re.IGNORECASE)
_STOP_SECONDS = 0.5  # how long a stopped answer may take to be kept; the prompt comes back anyway


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What a message such as ``/why`` does; ``help`` begins with what may stand behind it."""

    help: str
    deed: Callable[["Chat", str], Awaitable[None]]


class Chat:
    """The channel of the person at this terminal; keeps the promise of a ``Channel``."""

    name = CHANNEL

    def __init__(
        self,
        *,
        app: App,
        page: Page,
        keyboard: Keyboard,
        customer: str,
        commands: Mapping[str, Command],
    ) -> None:
        self.app = app
        self.page = page
        self.commands = commands
        self.keyboard = keyboard
        self._customer = customer
        self._lost = False  # a message was not kept
        self._leaving = False  # the customer wants to, once nothing is being said any more
        self.begin_anew()

    # --- Which conversation ------------------------------------------------------------------

    def begin_anew(self) -> None:
        """Let the next message begin a conversation."""
        self.conversation: int | None = None
        self.reply: Reply | None = None  # the latest one
        self.backend: str | None = None  # who shall answer, where the customer chose
        self.strategy: str | None = None
        self._key = secrets.token_hex(8)

    async def go_on(self, conversation: Conversation) -> None:
        """Go on with ``conversation``: show it, and first have its open question answered.

        Raises:
            StoreError: it belongs to another channel.
        """
        if conversation.channel != CHANNEL:
            raise StoreError(
                f"Conversation {conversation.id} belongs to {conversation.channel}, not to a "
                f"terminal. Look at it with: bot history show {conversation.id}"
            )
        self.conversation, self._key = conversation.id, conversation.key
        self.backend, self.strategy = conversation.backend, conversation.strategy
        self._customer = conversation.customer
        await self.show_history()
        if conversation.asked > conversation.answered:
            await self._answer(conversation.id, conversation.asked)

    async def show_history(self) -> None:
        """Show all that was said; what is shown is delivered."""
        messages: list[Message] = []
        stopped: set[str] = set()
        if self.conversation is not None:
            messages += await self.app.archive.messages(self.conversation)
            turns = await self.app.archive.turns(self.conversation)
            self.reply = turns[-1].reply if turns else None
            stopped = {turn.id for turn in turns if turn.cut_short}
        for message in messages:
            self._show(message, stopped=message.turn in stopped)
        if self.reply:
            await self.app.outbox.sent(self.reply.turn, receipt=CHANNEL)

    def _show(self, message: Message, *, stopped: bool) -> None:
        if message.author is Author.CUSTOMER:
            self.page.note(f"you> {message.text}")
        elif message.text:
            self.page.markdown(message.text)
            self.page.note(STOPPED if stopped else "")

    # --- Talking -----------------------------------------------------------------------------

    async def run(self) -> int:
        """Talk until the customer leaves; return the exit code, 2 where a message was lost."""
        await self._talk()
        return 2 if self._lost else 0

    async def _talk(self) -> None:
        interrupted = False  # Ctrl-C was pressed once, with nothing written
        while not self._leaving:
            try:
                text = await self.keyboard.read()
            except KeyboardInterrupt:
                if interrupted:
                    return
                interrupted = True
                self.page.note("Ctrl-C once more leaves, and so does Ctrl-D.")
            except EOFError:
                return
            else:
                interrupted = False
                if not await self._take(text.strip()):
                    return

    async def _take(self, text: str) -> bool:
        """Do what the customer wrote; False where they want to leave."""
        try:
            if command := _COMMAND.fullmatch(text):
                name, argument = command.groups(default="")
                await self._obey(name.lower(), argument.strip())
            elif text:
                await self.say(text)
        except EOFError:
            return False
        except FrontdeskError as error:
            self.page.note(str(error))
        return True

    async def _obey(self, name: str, argument: str) -> None:
        command = self.commands.get(name)
        if not name:
            self.page.note("A command stands behind the /, as in /why. /help lists them.")
        elif command is None:
            self.page.note(f"There is no {name}.{nearest(name, self.commands)} /help lists them.")
        else:
            await command.deed(self, argument)

    async def say(self, text: str) -> None:
        """Have ``text`` answered, and show the answer while it is written."""
        app = self.app
        inbound = Inbound(
            channel=CHANNEL,
            key=self._key,
            external_id=secrets.token_hex(16),
            text=text,
            customer=self._customer,
            backend=self.backend,
            strategy=self.strategy,
        )
        try:
            accepted = await app.engine.accept(inbound)
        except InboundRefused as error:
            longest = app.settings.bot.longest_message
            self.page.markdown(app.words(error.words, limit=longest))
        except StoreError as error:
            self._lost = True
            self.page.note(f"Your message was not kept, so send it again later. {error}")
        else:
            self.conversation = accepted.conversation
            await self._answer(accepted.conversation, accepted.seq)

    async def _answer(self, conversation: int, seq: int) -> None:
        """Show the answer to the message ``seq``; Ctrl-C stops it and keeps what was said.

        Ctrl-D leaves: at once while nothing is said yet, else after the answer.
        """
        self.page.note("")
        stop = asyncio.Event()
        with on_interrupt(stop.set), self.keyboard.hushed(lambda: self._leave(answer, following)):
            answer = Answer(self.page)
            async with asyncio.TaskGroup() as tasks:
                following = tasks.create_task(self._follow(answer, conversation, seq))
                stopping = tasks.create_task(self._stop(stop, conversation, following))
                await asyncio.wait([following])
                stopping.cancel()
        self.reply = answer.reply or self.reply
        if answer.reply is None:
            answer.leave(stopped=not self._leaving)
        self.page.note(LATER if self._leaving and answer.reply is None else "")

    def _leave(self, answer: Answer, following: asyncio.Task[None]) -> None:
        self._leaving = True
        if not answer.begun:
            following.cancel()

    async def _follow(self, answer: Answer, conversation: int, seq: int) -> None:
        async for event in self.app.engine.follow(conversation, seq=seq):
            reply = answer.take(event)
            if reply is not None:
                await self.app.outbox.sent(reply.turn, receipt=CHANNEL)

    async def _stop(
        self, stop: asyncio.Event, conversation: int, following: asyncio.Task[None]
    ) -> None:
        await stop.wait()
        with suppress(StoreError):  # then nothing is written here that could be stopped
            await self.app.engine.stop(conversation)
        await asyncio.wait([following], timeout=_STOP_SECONDS)
        following.cancel()
