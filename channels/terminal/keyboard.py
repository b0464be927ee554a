"""Where a customer's messages come from: a prompt with history and completion, or a pipe."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bot.errors import SetupError

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

_PROMPT = "you> "
_MARK_PASTES, _MARK_NO_PASTES = "\x1b[?2004h", "\x1b[?2004l"  # xterm's bracketed paste
_LONGEST_LINE = 16 * 1024 * 1024  # bytes; the engine refuses long messages in decent words
_CHUNK = 65536


class Keyboard(Protocol):
    """Reads what the customer writes, one message at a time."""

    @property
    def keys(self) -> str:
        """What its keys do, in a sentence."""
        ...

    async def read(self) -> str:
        """Return the next message.

        Raises:
            EOFError: there are no more.
            KeyboardInterrupt: Ctrl-C where nothing is written.
            SetupError: what comes is not text, or has no end.
        """
        ...

    def hushed(self, leave: Callable[[], None]) -> AbstractContextManager[None]:
        """Keep what is typed off the screen while an answer is written; ``read`` has it later.

        Ctrl-D, where nothing was typed before it, calls ``leave`` instead.
        """
        ...


class Prompt:
    """A prompt on a terminal. Enter sends, Alt-Enter begins a line; ``commands`` are completed."""

    keys = "Enter sends, Alt-Enter begins a line, Ctrl-R searches, Ctrl-C stops an answer."

    def __init__(self, *, history: Path | None, commands: Mapping[str, str]) -> None:
        self._history = history
        self._commands = commands

    async def read(self) -> str:
        return await self._session.prompt_async([("bold", _PROMPT)])

    @contextmanager
    def hushed(self, leave: Callable[[], None]) -> Iterator[None]:
        import termios

        from prompt_toolkit.input.typeahead import store_typeahead
        from prompt_toolkit.key_binding.key_processor import KeyPress
        from prompt_toolkit.keys import Keys

        typed: list[KeyPress] = []

        def take() -> None:
            typed.extend(self._session.input.read_keys())
            if {press.key for press in typed} == {Keys.ControlD}:
                typed.clear()
                leave()

        terminal = sys.stdin.fileno()
        before = termios.tcgetattr(terminal)
        silent = before.copy()
        # As the prompt itself reads: Enter stays apart from a line's end, a paste from typing.
        silent[0] &= ~termios.ICRNL
        silent[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
        termios.tcsetattr(terminal, termios.TCSANOW, silent)
        _tell(_MARK_PASTES)
        try:
            with self._session.input.attach(take):
                yield
        finally:
            store_typeahead(self._session.input, typed)
            _tell(_MARK_NO_PASTES)
            termios.tcsetattr(terminal, termios.TCSANOW, before)

    @cached_property
    def _session(self) -> "PromptSession[str]":
        from prompt_toolkit import PromptSession
        from prompt_toolkit.history import FileHistory, InMemoryHistory

        from channels.terminal.keys import Commands, keys

        return PromptSession(
            multiline=True,
            prompt_continuation=" " * len(_PROMPT),
            key_bindings=keys(),
            completer=Commands(self._commands),
            reserve_space_for_menu=4,
            history=FileHistory(self._history) if self._history else InMemoryHistory(),
        )


class Lines:
    """A pipe or a dumb terminal: every line is a message."""

    def __init__(self, *, prompt: bool) -> None:
        self._prompt = prompt
        self._count = 0
        self.keys = "Every line is a message." + (" Ctrl-C stops an answer." if prompt else "")

    async def read(self) -> str:
        if self._prompt:
            _tell(_PROMPT)
        while True:
            line = await self._line()
            self._count += 1
            if not line:
                raise EOFError
            if line.strip():
                return self._text(line)

    async def _line(self) -> bytes:
        line = b""
        try:
            line = await self._stream.readline()
        except ValueError as error:  # asyncio's word for it
            raise SetupError(
                f"Line {self._count + 1} of the input is longer than {_LONGEST_LINE >> 20} MiB."
                " Split it into messages, one on a line."
            ) from error
        else:
            return line
        finally:
            if self._prompt and not line:
                _tell("\n")  # Ctrl-C or Ctrl-D: what comes next begins a line

    def hushed(self, leave: Callable[[], None]) -> AbstractContextManager[None]:  # noqa: ARG002 - lines wait
        return nullcontext()

    def _text(self, line: bytes) -> str:
        try:
            return line.decode().rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise SetupError(
                f"Line {self._count} of the input is not UTF-8 text (byte {error.start + 1}). "
                "Convert it first, for example with: iconv -f latin1 -t utf-8"
            ) from error

    @cached_property
    def _stream(self) -> asyncio.StreamReader:
        """Standard input, read beside the loop: a thread, for not every pipe can be waited for."""
        stream = asyncio.StreamReader(limit=_LONGEST_LINE)
        loop = asyncio.get_running_loop()

        def read() -> None:
            with suppress(RuntimeError):  # the loop is closed: the chat ended before its input
                while chunk := os.read(sys.stdin.fileno(), _CHUNK):
                    loop.call_soon_threadsafe(stream.feed_data, chunk)
                loop.call_soon_threadsafe(stream.feed_eof)

        # It ends with the program, not before it: a read cannot be broken off.
        threading.Thread(target=read, daemon=True).start()
        return stream


def _tell(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def open_keyboard(
    *, environment: Mapping[str, str], history: Path | None, commands: Mapping[str, str]
) -> Keyboard:
    """Return a prompt where there is a terminal that can have one, else a reader of lines."""
    if not sys.stdin.isatty():
        return Lines(prompt=False)
    if not sys.stdout.isatty() or environment.get("TERM", "dumb") == "dumb":
        return Lines(prompt=True)
    return Prompt(history=history, commands=commands)
