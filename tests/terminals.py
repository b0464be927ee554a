"""A person at a terminal: what the program writes is read from a screen of pyte's."""

import asyncio
import fcntl
import os
import pty
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self, TextIO

import pexpect
import pyte

PATIENCE = 60.0  # seconds: the machine may be busy with other tests
_PATH = {name: os.environ[name] for name in ("PATH", "HOME")}  # noqa: TID251
_HISTORY = 100_000


class Display:
    """A screen with its scrollback, which can be resized as a steady or a reflowing terminal is."""

    def __init__(self, *, columns: int, lines: int) -> None:
        self.raw = ""
        self._open(columns, lines)

    def _open(self, columns: int, lines: int) -> None:
        self.screen = pyte.HistoryScreen(columns, lines, history=_HISTORY)
        self._stream = pyte.Stream(self.screen)

    def feed(self, text: str) -> None:
        self.raw += text
        self._stream.feed(text)

    def rows(self) -> list[str]:
        """Return every row, those that have scrolled away included."""
        shown = [self.screen.buffer[number] for number in range(self.screen.lines)]
        return [_written(row) for row in (*self.screen.history.top, *shown)]

    def row(self) -> str:
        """Return the row in which the cursor stands."""
        return _written(self.screen.buffer[self.screen.cursor.y])

    def text(self) -> str:
        """Return what there is to read, with every run of spaces and line ends as one space."""
        return " ".join(" ".join(self.rows()).split())

    def keep_rows(self, *, columns: int, lines: int) -> None:
        """Take a new size as xterm does: scroll up what has no room, leave every row as it is."""
        screen, row = self.screen, self.screen.cursor.y
        gone = max(0, row + 1 - lines)
        screen.cursor.y = screen.lines - 1
        for _ in range(gone):
            screen.index()
        screen.cursor.y = row - gone
        screen.lines, screen.columns = lines, columns
        screen.set_margins()

    def reflow(self, *, columns: int, lines: int) -> None:
        """Take a new size as most terminals do: break each row anew where it is too wide."""
        above = len(self.screen.history.top) + self.screen.cursor.y
        rows, column = self.rows()[: above + 1], self.screen.cursor.x
        rows[-1] = rows[-1].ljust(column)[:column]
        self._open(columns, lines)
        self._stream.feed("\r\n".join(rows))


def _written(row: Mapping[int, pyte.screens.Char]) -> str:
    """Return what stands in a row, beyond the present width too."""
    width = max(row, default=-1) + 1
    return "".join(row[column].data for column in range(width)).rstrip()


class Desk:
    """A display on a pseudo-terminal to which a test itself writes, through ``out``."""

    def __init__(self, out: TextIO, master: int, *, columns: int, lines: int) -> None:
        self.out = out
        self.display = Display(columns=columns, lines=lines)
        self._master = master
        self._set_size(columns, lines)

    def look(self) -> Display:
        """Take in all that was written."""
        os.set_blocking(self._master, False)
        try:
            while found := os.read(self._master, 65_536):
                self.display.feed(found.decode())
        except BlockingIOError:
            pass
        return self.display

    def resize(self, *, columns: int, lines: int, reflow: bool) -> None:
        change = self.look().reflow if reflow else self.look().keep_rows
        change(columns=columns, lines=lines)
        self._set_size(columns, lines)

    def _set_size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


@contextmanager
def desk(*, columns: int = 80, lines: int = 24) -> Iterator[Desk]:
    """Open a pseudo-terminal and a display on it."""
    master, slave = pty.openpty()
    try:
        with os.fdopen(slave, "w", encoding="utf-8") as out:
            yield Desk(out, master, columns=columns, lines=lines)
    finally:
        os.close(master)


def _as_from_a_shell() -> None:
    """Let the program hear that its terminal went away, though nohup may run the tests."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


class Terminal(Display):
    """Runs ``bot`` with ``arguments`` in ``folder`` and shows what a person would see."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        columns: int = 80,
        lines: int = 24,
        environment: Mapping[str, str] | None = None,
        python: tuple[str, ...] = (),
    ) -> None:
        super().__init__(columns=columns, lines=lines)
        self._process = pexpect.spawn(
            sys.executable,
            [*python, "-m", "channels.cli", *arguments],
            cwd=folder,
            env={
                **_PATH,
                "TERM": "xterm-256color",
                "PROMPT_TOOLKIT_NO_CPR": "1",
                "XDG_STATE_HOME": str(folder / "state"),
                "USER": "ada",
                **(environment or {}),
            },
            encoding="utf-8",
            dimensions=(lines, columns),
            timeout=PATIENCE,
            preexec_fn=_as_from_a_shell,
        )
        self._process.delaybeforesend = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self._close)

    async def until(self, text: str, *, times: int = 1) -> None:
        """Wait until ``text`` stands there ``times`` times."""
        await self._until(lambda: self.text().count(text) >= times, f"{text!r} x {times}")

    async def until_prompt(self) -> None:
        """Wait until the bot is ready to read, and not a moment longer."""
        await self._until(self._is_at_prompt, "the prompt")

    async def exit(self) -> int:
        """Wait until the command has ended; return its exit code."""
        end = time.monotonic() + PATIENCE
        while await asyncio.to_thread(self._read, 0.5):
            assert time.monotonic() < end, f"It did not end within {PATIENCE:g} s."
        await asyncio.to_thread(self._process.wait)
        code = self._process.exitstatus
        return -1 if code is None else code

    def press(self, keys: str) -> None:
        self._process.send(keys)

    def say(self, text: str) -> None:
        self.press(f"{text}\r")

    async def ask(self, text: str) -> None:
        """Say something and wait until it is answered."""
        prompts = self._prompts()
        self.say(text)
        await self._until(
            lambda: self._prompts() > prompts and self._is_at_prompt(), "the next prompt"
        )

    def terminate(self, number: signal.Signals = signal.SIGTERM) -> None:
        self._process.kill(number)

    def kill(self) -> None:
        self._process.kill(signal.SIGKILL)

    def _close(self) -> None:
        try:
            self._process.close(force=True)
        except pexpect.ExceptionPexpect:  # killed, and not gone a tenth of a second later
            self._process.wait()
            self._process.close(force=True)

    def _prompts(self) -> int:
        return sum(row.startswith("you>") for row in self.rows())

    def _is_at_prompt(self) -> bool:
        return self.row() == "you>" and not self.screen.cursor.hidden

    async def _until(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            shown = "\n".join(self.rows())
            assert time.monotonic() < end, f"Waited {PATIENCE:g} s for {what}. There is:\n{shown}"
            there = await asyncio.to_thread(self._read, 0.05)
            assert there, f"It ended before {what}. There is:\n{shown}"

    def _read(self, seconds: float) -> bool:
        """Take what comes within ``seconds``; False at the end."""
        try:
            self.feed(self._process.read_nonblocking(65_536, timeout=seconds))
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        return True
