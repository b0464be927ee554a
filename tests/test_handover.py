"""Whoever takes a conversation over reads in a note what they must know."""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bot.app import App
from bot.backends.scripted import ScriptedBackend
from bot.errors import BackendUnavailable
from bot.messages import Message
from bot.tasks.notes import Note, make_note
from tests.house import ask, house

QUOTES = {"q": {"kind": "extractive"}}
RULES = {"facts": {"by": "rule"}, "topic": {"labels": {"account": "Password, sign in"}}}


async def _note(app: App) -> Note:
    found = await app.archive.find("terminal", "one")
    assert found is not None
    messages, turns = await app.archive.messages(found.id), await app.archive.turns(found.id)
    return await make_note(app.noticing, found, messages, turns)


async def _talk(app: App) -> None:
    await ask(app, "How do I reset my password? I'm ada@x.example")
    await ask(app, "Can you paint my house? This is unacceptable!")


async def test_a_note_by_rule_tells_what_is_wanted_open_and_known(tmp_path: Path) -> None:
    async with house(tmp_path, backends=QUOTES, tasks=RULES) as app:
        await _talk(app)
        note = await _note(app)
    assert note.wants == "How do I reset my password? I'm ada@x.example"
    assert note.open == ("Can you paint my house? This is unacceptable!",)
    assert (note.mood, note.topic, note.language) == ("upset", "account", "en")
    assert note.facts == {"email": "ada@x.example"}
    assert note.happened.by == "rule"
    assert "Customer: Can you paint my house?" in note.happened.text
    assert "Bot: Here is what our help centre says:" in note.happened.text


async def test_a_note_by_prompt_is_written_by_a_backend(tmp_path: Path) -> None:
    backend = ScriptedBackend("Gladly.", "Gladly.", "They reset their password. Paint is open.")
    async with house(tmp_path, backend) as app:
        await _talk(app)
        note = await _note(app)
    assert note.happened.text == "They reset their password. Paint is open."
    assert note.happened.by == "scripted"
    assert [attempt.step for attempt in note.happened.attempts] == ["summary"]
    assert "Can you paint my house?" in backend.requests[-1].history[0].text


async def test_a_backend_that_fails_leaves_the_note_to_the_rule(tmp_path: Path) -> None:
    gone = BackendUnavailable("It is gone.", backend="scripted")
    async with house(tmp_path, ScriptedBackend("Gladly.", "Gladly.", gone)) as app:
        await _talk(app)
        note = await _note(app)
    assert note.happened.by == "rule"
    assert note.happened.error == "No backend gave an answer."
    assert "Customer: Can you paint" in note.happened.text


async def test_the_command_writes_the_note(tmp_path: Path) -> None:
    async with house(tmp_path, backends=QUOTES, tasks=RULES) as app:
        await _talk(app)
    (tmp_path / "bot.toml").write_text('[backends.q]\nkind = "extractive"\n')
    page = (await _bot(tmp_path, "history", "note", "1"))[1]
    for words in ("mood: upset", "email: ada@x.example", "Still open", "Can you paint my house?"):
        assert words in page
    told = json.loads((await _bot(tmp_path, "history", "note", "1", "--json"))[1])
    assert told["facts"] == {"email": "ada@x.example"}
    assert (await _bot(tmp_path, "history", "note", "7"))[0] == 2


async def _bot(folder: Path, *arguments: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "channels.cli", *arguments),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


async def test_a_model_that_breaks_leaves_the_note_by_rule(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        """A summarizer in this process whose model fails."""

        by = "small"

        async def summarize(self, before: str, messages: Sequence[Message]) -> str:
            raise RuntimeError(f"cannot compute {before}{messages[0].text}")

    async with house(tmp_path, backends=QUOTES) as app:
        await _talk(app)
        broken = replace(app.noticing.tasks, summarizer=lambda _account: Broken())
        monkeypatch.setattr(app.noticing, "tasks", broken)
        note = await _note(app)
    assert note.happened.by == "rule"
    assert "Customer: Can you paint my house?" in note.happened.text
    assert note.happened.error.startswith("RuntimeError at test_handover.py:")
    assert "ada@x.example" not in caplog.text
