"""What every backend promises, whichever way it reaches a model.

A new one joins by a function in ``KEEPERS`` that opens it, ready to answer ``REQUEST``.
"""

import asyncio
import json
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.backends.base import Backend, Finished, Output, Request, Said, StopReason, Text
from bot.backends.extractive import ExtractiveBackend
from bot.backends.scripted import ScriptedBackend
from bot.backends.transformers import TransformersBackend
from bot.messages import Passage
from bot.prompts import PromptBook
from bot.resources import shipped
from bot.settings import TransformersSettings
from tests.servers.acts import Answer
from tests.tiny.fixtures import Build
from tests.ways import WAYS

ANSWER = "Choose **Forgot your password?** on the sign-in page [1]. It takes a minute."
REQUEST = Request(
    system="You help the customers of a shop.",
    history=(Said(role="user", text="How do I reset my password?"),),
    context="[1] Choose Forgot your password? on the sign-in page.",
    question="How do I reset my password?",
    passages=(
        Passage(
            id=1,
            article="reset-your-password",
            title="Reset your password",
            headings=("Reset your password",),
            link="https://help.example/reset-your-password",
            text="To reset your password, choose **Forgot your password?** on the sign-in page.",
            score=4.0,
            coverage=1.0,
        ),
    ),
)


Open = Callable[[Build], AbstractAsyncContextManager[Backend]]


@asynccontextmanager
async def scripted(_: Build) -> AsyncIterator[Backend]:
    yield ScriptedBackend(ANSWER)


def over_http(name: str) -> Open:
    """Return how to open a way to a model at a server that speaks its protocol."""
    way = WAYS[name]

    @asynccontextmanager
    async def opened(_: Build) -> AsyncIterator[Backend]:
        async with way.server(Answer(text=ANSWER, thinking="A password.")) as server:
            backend = way.open(name, server.url, "sk-local-local-local")
            yield backend
            await backend.close()

    return opened


@asynccontextmanager
async def extractive(_: Build) -> AsyncIterator[Backend]:
    book = PromptBook(shipped=shipped("prompts"))

    def words(name: str, /, **variables: object) -> str:
        return book.render(f"words/{name}.j2", contact="", **variables)

    yield ExtractiveBackend(enough=0.5, words=words, stems=str.split)


@asynccontextmanager
async def transformers(tiny: Build) -> AsyncIterator[Backend]:
    with TemporaryDirectory() as folder:
        model = Path(shutil.copytree(tiny("llama"), folder, dirs_exist_ok=True))
        # It babbles on for ever, unless every ninth token is one that ends an answer.
        ends = list(range(4, 2000, 9))
        (model / "generation_config.json").write_text(json.dumps({"eos_token_id": ends}))
        async with _opened(model) as backend:
            yield backend


@asynccontextmanager
async def _opened(model: Path) -> AsyncIterator[Backend]:
    settings = TransformersSettings(kind="transformers", model=str(model), temperature=0)
    render = PromptBook(shipped=shipped("prompts")).render
    plain, brief = partial(render, "plain.j2"), partial(render, "brief.j2")
    backend = TransformersBackend(name="llama", settings=settings, plain=plain, brief=brief)
    yield backend
    await backend.close()


KEEPERS: dict[str, Open] = {
    "scripted": scripted,
    "extractive": extractive,
    "transformers": transformers,
    **{name: over_http(name) for name in WAYS},
}


@pytest.fixture(params=KEEPERS.values(), ids=list(KEEPERS))
async def backend(request: pytest.FixtureRequest, tiny: Build) -> AsyncGenerator[Backend]:
    keeper: Open = request.param
    async with keeper(tiny) as backend:
        yield backend


async def answer(backend: Backend) -> list[Output]:
    return [output async for output in backend.stream(REQUEST)]


def text(outputs: list[Output]) -> str:
    return "".join(output.text for output in outputs if isinstance(output, Text))


async def test_it_says_who_it_is(backend: Backend) -> None:
    assert backend.name
    assert backend.model
    assert backend.provider
    assert backend.writes in {True, False}


async def test_an_answer_ends_in_exactly_one_finished(backend: Backend) -> None:
    outputs = await answer(backend)
    assert [type(output) is Finished for output in outputs].count(True) == 1
    last = outputs[-1]
    assert isinstance(last, Finished)
    assert last.reason is StopReason.END
    assert last.model == backend.model
    assert text(outputs)


async def test_no_piece_is_empty(backend: Backend) -> None:
    assert all(output.text for output in await answer(backend) if isinstance(output, Text))


async def test_usage_is_never_negative(backend: Backend) -> None:
    last = (await answer(backend))[-1]
    assert isinstance(last, Finished)
    counts = last.usage
    assert min(counts.input, counts.output, counts.cache_read, counts.cache_write) >= 0
    assert counts.cache_read + counts.cache_write <= counts.input


async def test_the_same_question_gets_the_same_answer(backend: Backend) -> None:
    first, second = await answer(backend), await answer(backend)
    assert text(first) == text(second)


async def test_two_answers_at_once_do_not_mix(backend: Backend) -> None:
    alone = text(await answer(backend))
    async with asyncio.TaskGroup() as tasks:
        both = [tasks.create_task(answer(backend)) for _ in range(2)]
    assert [text(task.result()) for task in both] == [alone, alone]


async def test_an_answer_may_be_left_in_its_middle(backend: Backend) -> None:
    async with aclosing(backend.stream(REQUEST)) as stream:
        await anext(stream)
    assert text(await answer(backend))


async def test_it_may_be_closed_twice(backend: Backend) -> None:
    await answer(backend)
    await backend.close()
    await backend.close()
