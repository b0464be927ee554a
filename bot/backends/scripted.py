"""A backend that says what it is told: the double for tests, ours and yours."""

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Sequence

from bot.backends.base import Called, Finished, Output, Request, StopReason, Text
from bot.messages import Usage

Wait = Callable[[], Awaitable[object]]
Step = str | Output | Exception | Wait
Answer = str | Exception | Sequence[Step]


def by_words(text: str) -> Iterable[str]:
    """Cut ``text`` behind every run of blanks; joined again, the pieces are the text."""
    return re.findall(r"\S*\s+|\S+", text)


class ScriptedBackend:
    """Gives the answers of its script in turn, then begins again.

    An answer is a text; an exception, to be raised; or a sequence of steps. A step is a text, an
    output, an exception (raised in mid-answer) or something to wait for: with
    ``[Text("Open "), event.wait, Text("the page.")]`` a test holds the answer in its middle.
    ``Finished`` is added where a sequence has none.

    ``cut`` divides texts into pieces; before each output ``delay`` seconds pass. What was asked
    is kept in ``requests``; ``running`` counts the answers that are being given now. With
    ``writes=False`` it passes for a backend that only quotes.
    """

    provider = "scripted"

    def __init__(
        self,
        *script: Answer,
        name: str = "scripted",
        model: str = "scripted",
        delay: float = 0.0,
        cut: Callable[[str], Iterable[str]] = by_words,
        writes: bool = True,
    ) -> None:
        if not script:
            raise ValueError("A ScriptedBackend needs at least one answer to give.")
        self.name = name
        self.model = model
        self.writes = writes
        self.requests: list[Request] = []
        self.running = 0
        self._script = script
        self._delay = delay
        self._cut = cut

    async def stream(self, request: Request) -> AsyncGenerator[Output]:
        """Give the next answer of the script."""
        answer = self._script[len(self.requests) % len(self._script)]
        self.requests.append(request)
        written = []
        self.running += 1
        try:
            for step in self._steps(answer):
                if isinstance(step, Exception):
                    raise step
                if callable(step):
                    await step()
                    continue
                await asyncio.sleep(self._delay)
                yield step
                if isinstance(step, Finished):
                    return
                written.append(step)
            yield self._finished(request, written)
        finally:
            self.running -= 1

    async def close(self) -> None:
        """Nothing to let go of."""

    def _steps(self, answer: Answer) -> Iterator[Output | Exception | Wait]:
        for step in (answer,) if isinstance(answer, str | Exception) else answer:
            if isinstance(step, str):
                yield from map(Text, self._cut(step))
            else:
                yield step

    def _finished(self, request: Request, written: Sequence[Output]) -> Finished:
        """End the answer; a word counts as a token."""
        asked = [request.system, *(said.text for said in request.history), request.context]
        texts = "".join(piece.text for piece in written if isinstance(piece, Text))
        wants_tool = any(isinstance(piece, Called) for piece in written)
        return Finished(
            reason=StopReason.TOOL if wants_tool else StopReason.END,
            usage=Usage(input=len(" ".join(asked).split()), output=len(texts.split())),
            model=self.model,
        )
