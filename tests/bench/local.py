"""The part of the bench that has many customers talk with one model in this process, at once.

Floor (i) is the library called directly: ``generate`` on all the same prompts, padded to one batch
that begins and ends together. Floor (ii) is ``generate`` on one after the other.
"""

import asyncio
import logging
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from bot import answering
from bot.backends.base import Finished, Output, Request
from bot.backends.transformers import TransformersBackend
from bot.local.talk import prompt
from bot.prompts import PromptBook
from bot.resources import shipped
from bot.settings import TransformersSettings
from tests.bench.candidates import EngineCandidate
from tests.bench.places import Place
from tests.bench.report import Row
from tests.bench.words import QUESTION
from tests.house import house
from tests.tiny import built

_FLOORS = ("generate, one padded batch", "generate, one by one")
_TOKENS = 128
# Enough to know what one takes; all of them would take minutes.
_ONE_BY_ONE = 5


class _Noting(TransformersBackend):
    """Keeps what it was asked and what each answer took."""

    def __init__(self, **named: Any) -> None:
        super().__init__(**named)
        self.requests: list[Request] = []
        self.wrote = 0

    async def stream(self, request: Request) -> AsyncGenerator[Output]:
        self.requests.append(request)
        async for output in super().stream(request):
            if isinstance(output, Finished):
                self.wrote += output.usage.output
            yield output

    def prompts(self) -> list[Sequence[int]]:
        """Return what the model read."""
        loaded = self._loom.loaded
        assert loaded is not None
        return [prompt(self._talk(request), loaded).tokens for request in self.requests]

    @property
    def model_itself(self) -> Any:
        assert self._loom.loaded is not None
        return self._loom.loaded.model


async def customers_at_once(place: Place, *, at_once: int, repetitions: int) -> Sequence[Row]:
    """Return tokens per second of ``at_once`` conversations, and how long each waits."""
    ours, batch, single, medians, longest = [], [], [], [], []
    with tempfile.TemporaryDirectory() as name, _unheard(answering):
        folder = Path(name)
        for number in range(repetitions):
            backend = _backend(built("llama", root=folder / "models"), at_once=at_once)
            url = await place.migrated()
            async with house(folder, backend, database={"url": url}) as app:
                candidate = EngineCandidate(app, url=url)
                await candidate.turn("warm", QUESTION)  # loads the model
                backend.requests.clear()
                backend.wrote = 0
                begun = time.perf_counter()
                async with asyncio.TaskGroup() as group:
                    keys = [f"{number}-{each}" for each in range(at_once)]
                    turns = [group.create_task(candidate.turn(key, QUESTION)) for key in keys]
                ours.append(backend.wrote / (time.perf_counter() - begun))
                waits = [turn.result() for turn in turns]
                medians.append(statistics.median(waits))
                longest.append(max(waits) / statistics.median(waits))
                prompts = backend.prompts()
                batch.append(_rate(backend.model_itself, prompts))
                single.append(_one_by_one(backend.model_itself, prompts[:_ONE_BY_ONE]))
    return [
        Row(
            name=f"local: tokens per second, {at_once} conversations at once",
            ours=ours,
            first=batch,
            second=single,
            floors=_FLOORS,
            goal="≥ 0.4 of (i), ≥ 2 of (ii)",
            kept=lambda row: row.to_first >= 0.4 and row.to_second >= 2,
        ),
        Row(
            name=f"local: s to the first word, {at_once} at once, median",
            ours=medians,
            floors=_FLOORS,
        ),
        Row(
            name="local: longest wait for the first word against the median",
            ours=longest,
            floors=_FLOORS,
            goal="≤ 3",
            kept=lambda row: row.middle <= 3,
        ),
    ]


@contextmanager
def _unheard(module: ModuleType) -> Iterator[None]:
    """Let no log warn of answers that were cut at their limit: here all of them are."""
    logger = logging.getLogger(module.__name__)
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(logging.NOTSET)


def _backend(model: Path, *, at_once: int) -> _Noting:
    settings = TransformersSettings(
        kind="transformers",
        model=str(model),
        temperature=0,
        max_tokens=_TOKENS,
        at_once=at_once,
    )
    render = PromptBook(shipped=shipped("prompts")).render
    plain, brief = partial(render, "plain.j2"), partial(render, "brief.j2")
    return _Noting(name="llama", settings=settings, plain=plain, brief=brief)


def _one_by_one(model: Any, prompts: Sequence[Sequence[int]]) -> float:
    return statistics.mean(_rate(model, [each]) for each in prompts)


def _rate(model: Any, prompts: Sequence[Sequence[int]]) -> float:
    """Return the tokens per second of the library's own ``generate``."""
    import torch  # noqa: PLC0415 - takes seconds, and only this part needs it

    longest = max(map(len, prompts))
    ids = torch.tensor([[0] * (longest - len(each)) + list(each) for each in prompts])
    mask = torch.tensor([[0] * (longest - len(each)) + [1] * len(each) for each in prompts])
    begun = time.perf_counter()
    written = model.generate(
        ids, attention_mask=mask, max_new_tokens=_TOKENS, do_sample=False, pad_token_id=0
    )
    seconds = time.perf_counter() - begun
    return float((written.shape[1] - longest) * len(prompts) / seconds)
