"""A turn tells with which exact words it was asked: every template that was filled for it."""

from pathlib import Path
from typing import Any

import pytest

from bot.backends.base import Frames
from bot.backends.scripted import ScriptedBackend
from bot.resources import shipped
from bot.store.base import Record
from tests.house import ask, house
from tests.ways import WAYS

CHANGED = "\nBe brief."
SECTIONS: dict[str, Any] = {
    "bot": {"strategy": "reasoning_queries"},
    "tasks": {"sentiment": {"by": "prompt"}},
}
USED = (
    "reasoning_queries.j2",
    "system.j2",
    "context.j2",
    "steps/queries.j2",
    "steps/repair.j2",
    "direct.j2",
    "tasks/sentiment.j2",
    "tasks/repair.j2",
)


def changed(folder: Path, template: str) -> Path:
    """Return a folder of prompts in which ``template`` is another one."""
    page = folder / "prompts" / template
    page.parent.mkdir(parents=True)
    page.write_text((shipped("prompts") / template).read_text() + CHANGED)
    return folder / "prompts"


async def record(folder: Path, *, prompts: Path | None = None) -> Record:
    """Answer with queries that come to nothing, and so directly; return what is kept of it."""
    sections = {**SECTIONS, "prompts": {"folder": prompts}}
    async with house(folder, ScriptedBackend("Gladly."), **sections) as app:
        reply = await ask(app, "How do I reset my password?")
        (found,) = await app.archive.record(reply.turn)
    return found


@pytest.mark.parametrize("template", USED)
async def test_another_wording_of_anything_that_was_asked_has_another_hash(
    tmp_path: Path, template: str
) -> None:
    before = await record(tmp_path)
    after = await record(tmp_path, prompts=changed(tmp_path, template))
    assert before.turn.prompt_hash != after.turn.prompt_hash
    assert f"===== {template} =====\n" in before.template
    assert after.template.count(CHANGED) == 1
    assert before.template == after.template.replace(CHANGED, "")


@pytest.mark.parametrize("template", ["steps/judge.j2", "tasks/topic.j2", "words/unknown.j2"])
async def test_what_nobody_was_asked_with_changes_no_hash(tmp_path: Path, template: str) -> None:
    before = await record(tmp_path)
    after = await record(tmp_path, prompts=changed(tmp_path, template))
    assert before.turn.prompt_hash == after.turn.prompt_hash


class Plain(ScriptedBackend):
    """One whose model was never taught to chat."""

    frames = ("plain.j2",)


async def test_what_a_backend_writes_requests_anew_with_is_kept(tmp_path: Path) -> None:
    async with house(tmp_path, Plain("Gladly.")) as app:
        reply = await ask(app, "How do I reset my password?")
        (found,) = await app.archive.record(reply.turn)
    assert "===== plain.j2 =====\n" in found.template


def test_only_a_model_that_was_not_taught_to_chat_needs_a_template_for_it() -> None:
    of = {name: way.open("own", "http://localhost", "sk-local") for name, way in WAYS.items()}
    named = {name: each.frames for name, each in of.items() if isinstance(each, Frames)}
    assert named == {"huggingface": (), "text_generation": ("plain.j2",), "replicate": ()}


async def test_a_template_is_kept_once_and_the_strategy_s_first(tmp_path: Path) -> None:
    kept = await record(tmp_path)
    names = [line for line in kept.template.splitlines() if line.startswith("===== ")]
    assert names[0] == f"===== {kept.turn.prompt} ====="
    assert sorted(names) == sorted({*names})
    assert len(names) == len(USED)
