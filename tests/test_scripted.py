"""The scripted backend keeps to its script."""

import asyncio
from contextlib import aclosing

import pytest

from bot.backends.base import Called, Finished, Output, Request, Said, StopReason, Text
from bot.backends.scripted import ScriptedBackend
from bot.errors import BackendBusy
from bot.messages import ToolCall

REQUEST = Request(
    system="Be kind.", history=(Said(role="user", text="Hello"),), context="", question="Hello"
)


async def said(backend: ScriptedBackend) -> list[Output]:
    return [output async for output in backend.stream(REQUEST)]


def text(outputs: list[Output]) -> str:
    return "".join(output.text for output in outputs if isinstance(output, Text))


async def test_answers_come_in_turn_and_begin_again() -> None:
    backend = ScriptedBackend("First.", "Second.")
    assert [text(await said(backend)) for _ in range(3)] == ["First.", "Second.", "First."]


async def test_an_answer_is_cut_behind_its_words_and_loses_nothing() -> None:
    outputs = await said(ScriptedBackend("  Open the\n\npage. "))
    assert outputs[:-1] == [Text("  "), Text("Open "), Text("the\n\n"), Text("page. ")]


async def test_a_cut_of_ones_own_is_used() -> None:
    assert (await said(ScriptedBackend("Hi!", cut=list)))[:-1] == [Text("H"), Text("i"), Text("!")]


async def test_an_error_may_come_first_or_in_mid_answer() -> None:
    busy = BackendBusy("It is busy.", backend="scripted")
    backend = ScriptedBackend(busy, ["Almost", busy])
    with pytest.raises(BackendBusy):
        await said(backend)
    answer = backend.stream(REQUEST)
    assert await anext(answer) == Text("Almost")
    with pytest.raises(BackendBusy):
        await anext(answer)


async def test_a_test_can_hold_it_in_mid_answer() -> None:
    more = asyncio.Event()
    backend = ScriptedBackend(["One ", more.wait, "two"])
    async with asyncio.TaskGroup() as tasks:
        answer = tasks.create_task(said(backend))
        await asyncio.sleep(0.01)
        assert backend.running == 1
        more.set()
    assert text(answer.result()) == "One two"
    assert backend.running == 0


async def test_closing_it_early_ends_the_answer() -> None:
    backend = ScriptedBackend("One two")
    async with aclosing(backend.stream(REQUEST)) as answer:
        assert await anext(answer) == Text("One ")
    assert backend.running == 0


async def test_it_ends_as_the_script_says_or_as_the_answer_suggests() -> None:
    cut = Finished(reason=StopReason.LENGTH, usage=(await finished("a b c")).usage, model="m")
    assert (await said(ScriptedBackend(["a b c", cut])))[-1] is cut
    wish = Called(ToolCall(id="1", name="find_order", arguments="{}"))
    assert (await said(ScriptedBackend([wish])))[-1] == Finished(
        reason=StopReason.TOOL, usage=(await finished("")).usage, model="scripted"
    )


async def finished(answer: str) -> Finished:
    last = (await said(ScriptedBackend(answer)))[-1]
    assert isinstance(last, Finished)
    return last


async def test_a_word_counts_as_a_token() -> None:
    usage = (await finished("three words here")).usage
    assert (usage.input, usage.output) == (3, 3)


async def test_it_remembers_what_it_was_asked() -> None:
    backend = ScriptedBackend("Hello.")
    await said(backend)
    assert backend.requests == [REQUEST]


def test_an_empty_script_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="at least one answer"):
        ScriptedBackend()
