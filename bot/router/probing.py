"""Asks a backend for one word, to see whether it works."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from bot.backends.base import Backend, Finished, Request, Said, StopReason, Text
from bot.errors import BackendError
from bot.messages import Attempt, Usage
from bot.router.breaker import Breaker
from bot.router.line import Line, Patience, Price
from bot.surviving import Surviving

_logger = logging.getLogger(__name__)

_FEW = 16  # tokens; the fewest that every provider takes

ONE_WORD = Request(
    system="This checks the connection. Answer with the one word: ready",
    history=(Said(role="user", text="Are you ready?"),),
    context="",
    question="Are you ready?",
    max_tokens=_FEW,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """How a backend answered; ``error`` is why it did not.

    ``first_piece`` and ``seconds`` count from the question, None where nothing came; ``tokens``
    are those read and written together. ``cost`` is in US dollars, None where it is not known.
    ``said`` is what it wrote, thoughts and all; ``cut``, that its tokens were spent before its end.
    """

    seconds: float
    first_piece: float | None = None
    tokens: int = 0
    cost: float | None = None
    error: str = ""
    said: str = ""
    cut: bool = False


async def probe(
    backend: Backend,
    *,
    request: Request = ONE_WORD,
    patience: Patience | None = None,
    price: Price = lambda _backend, _model, _usage: None,
    clock: Callable[[], float] = time.monotonic,
) -> Probed:
    """Ask ``backend`` for one word, once; raises nothing that a backend may raise."""
    return await probe_line(
        Line(
            backend=backend,
            breaker=_NobodysBreaker(failures=1, seconds=0.0, clock=clock),
            patience=patience or Patience(),
            price=price,
            clock=clock,
        ),
        request,
    )


class _NobodysBreaker(Breaker):
    """Opens for nothing: the answer is told to whoever asked, and no turn depends on it."""

    def failed(self, *, at_once: bool = False, trouble: str = "") -> bool:  # noqa: ARG002 - as Breaker has it
        return False


async def probe_line(line: Line, request: Request = ONE_WORD) -> Probed:
    """Ask the backend of ``line`` for one word; its breaker hears of the end."""
    attempts: list[Attempt] = []
    outputs = line.ask(request, verdict=lambda _: "", keep=attempts.append)
    said = ""
    cut = False
    error = ""
    try:
        async with aclosing(outputs):
            async for output in outputs:
                said += output.text if isinstance(output, Text) else ""
                cut = isinstance(output, Finished) and output.reason is StopReason.LENGTH
    except BackendError as failure:
        error = str(failure)
    return replace(_probed(attempts[-1]), error=error, said=said, cut=cut)


def _probed(attempt: Attempt) -> Probed:
    usage: Usage = attempt.usage
    return Probed(
        seconds=attempt.seconds,
        first_piece=attempt.first_piece,
        tokens=usage.input + usage.output,
        cost=attempt.cost,
    )


class Probing:
    """Has backends that are left alone asked for a word, while its block lasts.

    ``ask`` is called every ``seconds``, each time once the one before has ended; never where they
    are 0.
    """

    def __init__(
        self,
        *,
        ask: Callable[[], Awaitable[object]],
        seconds: float,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._ask = ask
        self._seconds = seconds
        self._sleep = sleep
        self._tasks = asyncio.TaskGroup()
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        if self._seconds:
            self._running = self._tasks.create_task(self._run())
        return self

    async def _run(self) -> None:
        while True:
            await self._sleep(self._seconds)
            with Surviving(_logger, "No backend could be asked whether it works again"):
                await self._ask()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._running:
            self._running.cancel()
        # The block's own error goes its way as it is, and not in a group.
        await self._tasks.__aexit__(None, None, None)
