"""A model in this process: Llama, Gemma, Qwen, GPT-2 and all that transformers can load."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Iterator, Sequence
from contextlib import aclosing
from functools import partial

from bot.backends.base import Finished, Output, Request, Said, StopReason, Text
from bot.errors import (
    BackendBusy,
    BackendError,
    BackendMisconfigured,
    BackendUnavailable,
    LocalModelError,
    SetupError,
    without_text,
)
from bot.local.base import Loaded, Progress, Shape
from bot.local.batch import remembers
from bot.local.loading import check_packages, load
from bot.local.loom import Loom
from bot.local.strand import Exhausted, Strand, Unwritten
from bot.local.talk import Message, Talk, TooLong, prompt
from bot.messages import Usage
from bot.settings import TransformersSettings

# Of one conversation: the estimate before loading makes room for so much at least.
_HELD_TOKENS = 4096
_CLOSING_SECONDS = 5.0
# Of the router's patience: whoever waits for longer is told what for.
_PATIENCE = 0.9
_ELSEWHERE = (
    "Choose another one, or let a server of its own run it, such as 'transformers serve' or vLLM, "
    'and use kind = "openai".'
)


class TransformersBackend:
    """Streams the answers of a model in this process, to many customers at once.

    ``plain`` writes the prompt of a model that was never taught to chat, ``brief`` that of one
    that reads too little for it: the templates ``plain.j2`` and ``brief.j2``. Without torch and
    the like it raises MissingExtra at once.
    """

    writes = True
    provider = "local"

    def __init__(
        self,
        *,
        name: str,
        settings: TransformersSettings,
        plain: Callable[..., str],
        brief: Callable[..., str],
    ) -> None:
        check_packages()
        self.name = name
        self.model = settings.model
        self._settings = settings
        self._plain = plain
        self._brief = brief
        self._loom = Loom(
            name=name, load=partial(_load, to_shape(settings)), at_once=settings.at_once
        )

    @property
    def frames(self) -> Collection[str]:
        """The templates for a model that has none of its own, as far as that is known."""
        loaded = self._loom.loaded
        own = loaded is None or loaded.tokenizer.chat_template
        return () if own else ("plain.j2", "brief.j2")

    @property
    def waiting(self) -> int:
        """How many answers have not begun."""
        return self._loom.waiting

    @property
    def loading(self) -> tuple[str, float] | None:
        """What is being done to load the model, and how much of it is; None when it is not."""
        return self._loom.loading

    @property
    def trouble(self) -> str:
        """Why the model could not be loaded; empty where it could, or was not tried."""
        return self._loom.trouble

    async def stream(self, request: Request) -> AsyncGenerator[Output]:
        """Wait for a place beside the other answers, and give the answer as it is written."""
        try:
            strand = self._loom.ask(partial(prompt, self._talk(request)))
            async with aclosing(self._pieces(strand)) as pieces:
                async for text in pieces:
                    yield Text(text)
        except BackendError:
            raise
        except Exception as error:
            raise self._failure(error) from error
        yield Finished(
            reason=StopReason.LENGTH if strand.cut else StopReason.END,
            usage=Usage(input=strand.read, output=strand.wrote),
            model=self.model,
        )

    def warm(self) -> None:
        """Begin to load the model; returns at once, and the log tells how it went."""
        self._loom.warm()

    async def close(self) -> None:
        """End every answer, and let the model go; safe to call twice."""
        await asyncio.to_thread(self._loom.close, seconds=_CLOSING_SECONDS)

    async def _pieces(self, strand: Strand) -> AsyncGenerator[str]:
        """Yield what is written, without the blanks before its first word."""
        began = False
        async with aclosing(strand.pieces()) as pieces:
            text = await self._first(pieces)
            while text is not None:
                text = text if began else text.lstrip()
                began = began or bool(text)
                if text:
                    yield text
                text = await anext(pieces, None)

    async def _first(self, pieces: AsyncGenerator[str]) -> str | None:
        try:
            async with asyncio.timeout(self._settings.first_piece_seconds * _PATIENCE):
                return await anext(pieces, None)
        except TimeoutError as error:
            raise self._late() from error

    def _late(self) -> BackendBusy:
        if self.loading is not None:
            what, share = self.loading
            why = f"is not loaded yet ({what}: {share:.0%})"
        else:
            why = f"did not come to it: {self.waiting} answers wait for their turn"
        return BackendBusy(
            f"The model of the backend '{self.name}' {why}. Wait, or give it longer: "
            f"'first_piece_seconds' in [backends.{self.name}].",
            backend=self.name,
        )

    def _failure(self, error: Exception) -> BackendError:
        """Sort what went wrong; the text of an unknown error may quote a customer."""
        what = f"The backend '{self.name}'"
        match error:
            case SetupError():
                return BackendMisconfigured(str(error), backend=self.name)
            case Exhausted():
                cure = "It may work in a moment; less of 'at_once' or 'context_tokens' helps."
                return BackendBusy(f"{what} stopped: {error}. {cure}", backend=self.name)
            case TooLong():
                cure = "A backend that reads more may answer it."
                return BackendUnavailable(f"{what} cannot: {error}. {cure}", backend=self.name)
            case Unwritten():
                why = str(error)
            case _:
                why = without_text(error)
        cure = "Another backend may answer it."
        return BackendUnavailable(f"{what} stopped: {why}. {cure}", backend=self.name)

    def _talk(self, request: Request) -> Talk:
        settings = self._settings
        temperature = request.temperature
        return Talk(
            system=request.system,
            messages=list(to_messages(request.history)),
            context=request.context,
            plain=self._plain,
            brief=self._brief,
            passages=request.passages,
            max_tokens=min(request.max_tokens or settings.max_tokens, settings.max_tokens),
            context_tokens=settings.context_tokens,
            stops=request.stop,
            temperature=settings.temperature if temperature is None else temperature,
            top_p=settings.top_p,
        )


def to_shape(settings: TransformersSettings) -> Shape:
    """Say what ``settings`` want loaded."""
    return Shape(
        model=settings.model,
        revision=settings.revision,
        dtype=settings.dtype,
        device_map=settings.device_map,
        quantization=settings.quantization,
        offline=settings.offline,
        held_tokens=min(settings.context_tokens, _HELD_TOKENS),
        measured=settings.check_memory,
    )


def to_messages(history: Sequence[Said]) -> Iterator[Message]:
    """Write the history; what tools gave is told like a customer's words."""
    for said in history:
        text = "\n\n".join([*(result.text for result in said.results), said.text]).strip()
        if text:
            yield {"role": said.role, "content": text}


def _load(shape: Shape, progress: Progress) -> Loaded:
    loaded = load(shape, head="causal-lm", progress=progress)
    progress("warming up", 0.0)
    try:
        sound = remembers(loaded.model)
    except Exception as error:
        what = f"The model '{shape.model}' broke at its first words: {without_text(error)}"
        raise LocalModelError(f"{what}. {_ELSEWHERE}") from error
    if not sound:
        what = f"The model '{shape.model}' keeps what it has read in a way that is not known here"
        raise LocalModelError(f"{what}, and would forget it. {_ELSEWHERE}")
    return loaded
