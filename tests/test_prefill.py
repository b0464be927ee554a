"""Thoughts that a server's chat template began: nobody sees them, and it is told what to set."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.backends.base import Finished, Output, StopReason, Text, Thought
from bot.backends.prefill import Prefill
from bot.errors import SettingsError
from bot.messages import Outcome, Piece, Usage, Withdrawn
from bot.settings import load
from tests.contracts.test_backends import REQUEST
from tests.house import ask, house, told, visible
from tests.servers.acts import Answer
from tests.servers.openai import OpenAIServer
from tests.test_cli import pipe
from tests.ways import WAYS

PASSWORD = "I need help with resetting my password."
THOUGHT = "The customer must not read this."
OPENED = f"{THOUGHT}\n</think>\n\nChoose Forgot password [1]."
END = Finished(reason=StopReason.END, usage=Usage(), model="m")
SERVED = ("openai", "responses", "azure", "huggingface", "text_generation", "replicate")


def backends(server: OpenAIServer, **more: Any) -> dict[str, Any]:
    """Return the sections of ``bot.toml`` that ask ``server``, and else quote."""
    sections = {"gpt": {"kind": "openai", "base_url": server.url, **more}}
    return {"backends": {**sections, "quotes": {"kind": "extractive"}}}


def begun(*texts: str) -> str:
    prefill = Prefill("<think>")
    outputs: list[Output] = [*map(Text, texts), END]
    given = [each for output in outputs for each in prefill.of([output])]
    assert given[-1] == END
    return "".join(each.text for each in given if isinstance(each, Text))


# --- How an answer begins ----------------------------------------------------------------------


@given(st.lists(st.text("<think>/ \nab", max_size=4), max_size=9))
def test_an_answer_begins_with_the_mark_exactly_once_however_it_is_cut(texts: list[str]) -> None:
    text = "".join(texts)
    own = text.lstrip().startswith("<think>")
    assert begun(*texts) == (text if own or not text else f"<think>{text}")


def test_what_is_no_text_is_not_held_back() -> None:
    prefill = Prefill("<think>")
    assert list(prefill.of([Text("<th"), Thought("hm")])) == [Thought("hm")]
    assert list(prefill.of([Text("e"), Text("f")])) == [Text("<think><the"), Text("f")]
    assert list(Prefill("<think>").of([END])) == [END]
    assert list(Prefill("").of([Text(" "), Text("Hi.")])) == [Text(" "), Text("Hi.")]


@pytest.mark.parametrize("name", SERVED)
async def test_every_server_that_may_leave_thoughts_in_its_answers_can_be_told(name: str) -> None:
    way = WAYS[name]
    async with way.server(Answer(text=OPENED)) as server:
        backend = way.open("served", server.url, "a" * 20, prefilled="<think>")
        outputs = [output async for output in backend.stream(REQUEST)]
        await backend.close()
    texts = [output.text for output in outputs if isinstance(output, Text)]
    assert "".join(texts) == f"<think>{OPENED}"
    assert len(texts) > 4


@pytest.mark.parametrize("mark", ["think", "<thinker>", "</think>", "So: <think>"])
def test_what_opens_no_thought_is_refused(tmp_path: Path, mark: str) -> None:
    file = tmp_path / "bot.toml"
    file.write_text(f"[backends.gpt]\nkind = 'openai'\nprefilled = '{mark}'\n")
    with pytest.raises(SettingsError, match=r"must be the mark that opens a thought, as '<think>'"):
        load(file, environment={})


# --- In a conversation -------------------------------------------------------------------------


async def test_a_thought_that_the_template_began_is_never_seen(tmp_path: Path) -> None:
    async with (
        OpenAIServer(Answer(text=OPENED)) as server,
        house(tmp_path, **backends(server, prefilled="<think>")) as app,
    ):
        events = await told(app, PASSWORD)
        [record] = await app.archive.record(events[-1].reply.turn)  # type: ignore[union-attr]
    assert visible(events) == "Choose Forgot password [1]."
    assert not any(isinstance(event, Withdrawn) for event in events)
    assert record.turn.reasoning == THOUGHT


async def test_an_answer_without_the_end_of_its_thought_is_none(tmp_path: Path) -> None:
    async with (
        OpenAIServer(Answer(text=THOUGHT)) as server,
        house(tmp_path, **backends(server, prefilled="<think>")) as app,
    ):
        events = await told(app, PASSWORD)
    assert THOUGHT not in "".join(event.text for event in events if isinstance(event, Piece))
    assert "choose Forgot password" in visible(events)


async def test_where_nobody_said_so_it_is_told_once_what_to_set(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    async with (
        OpenAIServer(Answer(text=OPENED)) as server,
        house(tmp_path, **backends(server)) as app,
    ):
        replies = [await ask(app, PASSWORD) for _ in range(2)]
    assert {reply.text for reply in replies} == {"Choose Forgot password [1]."}
    assert {reply.outcome for reply in replies} == {Outcome.ANSWERED}
    lines = [record.getMessage() for record in caplog.records if "prefilled" in record.message]
    assert len(lines) == 1
    assert lines[0].endswith("prefilled = '<think>' in [backends.gpt].")
    assert THOUGHT not in caplog.text


# --- A probe -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "setting", "remark", "stop"),
    [
        ("Yes.</think>ready", "", "write prefilled = '<think>' into [backends.gpt].", None),
        ("Yes.[/THINK]ready", "", "write prefilled = '[THINK]' into [backends.gpt].", None),
        ("Yes.</think>ready", "prefilled = '<think>'", "", None),
        ("ready", "prefilled = '<think>'", "take 'prefilled' out of [backends.gpt].", None),
        ("They ask whether I am", "prefilled = '<think>'", "", "length"),
        ("ready", "", "", None),
    ],
)
async def test_a_probe_says_which_line_is_missing_or_too_many(
    tmp_path: Path, written: str, setting: str, remark: str, stop: str | None
) -> None:
    async with OpenAIServer(Answer(text=written, stop=stop)) as server:
        line = f'kind = "openai"\nbase_url = "{server.url}"\n{setting}\n'
        (tmp_path / "bot.toml").write_text(f"[backends.gpt]\n{line}")
        run = await asyncio.to_thread(pipe, tmp_path, "backends", "--probe", "--json")
        [heard] = server.heard
    [found] = json.loads(run.stdout)
    assert run.returncode == 0
    assert found["remark"].endswith(remark)
    assert bool(found["remark"]) == bool(remark)
    assert heard.json()["max_tokens"] == 512
