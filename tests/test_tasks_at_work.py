"""Mood, language, translation, topic, facts and summary in one conversation, as people see it."""

import asyncio
import json
import re
import sys
from pathlib import Path

import pytest

from tests.house import HELP
from tests.sql import until_true
from tests.terminals import Terminal
from tests.tiny import lessons
from tests.tiny.fixtures import Build

QUOTE = "> Pakete kommen innerhalb von 3 Werktagen an. Der Versand kostet 4,90 Euro. [1]"
# Long enough that the third answer makes the talk outgrow its window.
ON_THE_PAGE = "Das steht in unserem Hilfebereich auf der Seite, die vom Versand handelt:"
REGRET = "Das tut mir leid. Wir verstehen, dass Sie verärgert sind."
TRANSLATED = (
    *("How long does shipping take?", f"Das sagt unser Hilfebereich:\n\n{QUOTE}"),
    *("When do parcels arrive? #A-10293", f"{ON_THE_PAGE}\n\n{QUOTE}"),
    *("This is unacceptable! What does shipping cost?", f"{REGRET} {ON_THE_PAGE}\n\n{QUOTE}"),
)
NOTES = "They ask about shipping, and about order #A-10293."
SETTINGS = f"""
[router]
chain = ["quotes"]

[backends.quotes]
kind = "extractive"

[backends.interpreter]
kind = "scripted"
answers = {json.dumps(TRANSLATED)}

[backends.clerk]
kind = "scripted"
answers = ["{NOTES}"]

[knowledge]
paths = ["help"]

[window]
tokens = 200

[tasks.topic.labels]
delivery = "Versand, Paket, Lieferung, shipping"
account = "Passwort, password"

[tasks.facts]
by = "rule"

[tasks.translation]
by = "prompt"
backend = "interpreter"

[tasks.summary]
by = "prompt"
backend = "clerk"
"""
QUESTIONS = (
    "Wie lange dauert der Versand?",
    "Wann kommt mein Paket an? #A-10293",
    "Das ist eine Frechheit! Was kostet der Versand?",
)


async def _bot(folder: Path, *arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "channels.cli", *arguments),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, trouble = await process.communicate()
    assert process.returncode == 0, trouble.decode()
    return output.decode()


MODELS = """
[backends.quotes]
kind = "extractive"

[knowledge]
paths = ["help"]

[window]
tokens = 200

[tasks.sentiment]
by = "model"
model = "{classifier}"

[tasks.topic]
by = "model"
model = "{topics}"
labels = {{ shipping = "", returns = "", account = "" }}

[tasks.translation]
by = "model"
pairs = {{ de-en = "{marian_de_en}", en-de = "{marian_en_de}" }}

[tasks.summary]
by = "model"
model = "{bart}"
"""


def _settle(folder: Path, settings: str) -> None:
    (folder / "bot.toml").write_text(settings)
    (folder / "help").mkdir()
    for name, article in HELP.items():
        (folder / "help" / name).write_text(article)


async def test_what_the_tasks_do_is_seen_in_the_terminal_and_in_the_history(
    tmp_path: Path,
) -> None:
    _settle(tmp_path, SETTINGS)
    await _bot(tmp_path, "learn")

    async with Terminal(tmp_path, "chat", columns=100, lines=50) as terminal:
        await terminal.until_prompt()
        await terminal.ask(QUESTIONS[0])
        # Found in an English article, and read in German.
        assert "Das sagt unser Hilfebereich" in terminal.text()
        assert "innerhalb von 3 Werktagen" in terminal.text()
        for question in QUESTIONS[1:]:
            await terminal.ask(question)
        # It is made after the answer, once the next one's history would not fit.
        await until_true(
            f"sqlite:///{tmp_path / 'frontdesk.db'}",
            "SELECT count(*) FROM summaries WHERE by = 'clerk'",
        )
        terminal.press("\x04")
        assert await terminal.exit() == 0

    page = await _bot(tmp_path, "history", "show", "1")
    head, _, messages = page.partition("\n\n")
    for line in ("language: de", "mood: upset", "topic: delivery", "facts: order #A-10293"):
        assert line in head.splitlines()
    assert "summary of messages 1 to " in head
    assert f"(by clerk): {NOTES}" in head
    assert "question translated de to en: How long does shipping take?" in messages
    assert "upset 0.70 · topic delivery" in messages
    assert "topic delivery" in messages

    story = json.loads(await _bot(tmp_path, "history", "show", "1", "--json"))
    assert story["summaries"][-1]["text"] == story["summary"] != ""
    assert "upset" in await _bot(tmp_path, "history", "list", "--upset")
    assert "1 upset in 24 hours, 1 about delivery" in await _bot(tmp_path, "status")


@pytest.mark.timeout(240)
async def test_small_models_do_all_tasks_of_one_conversation(
    tmp_path: Path, tiny: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.terminals.PATIENCE", 60.0)
    names = ("classifier", "topics", "marian_de_en", "marian_en_de", "bart")
    models = {name: tiny(name) for name in names}
    _settle(tmp_path, MODELS.format(**models))
    await _bot(tmp_path, "learn")

    async with Terminal(tmp_path, "chat", columns=100, lines=50) as terminal:
        await terminal.until_prompt()
        await terminal.ask(lessons.UPSET[2])
        for german in ("Wie lange dauert der Versand?", "Was kostet der Versand?"):
            await terminal.ask(german)
            assert "Das sagt unser Hilfebereich" in terminal.text()
        await until_true(
            f"sqlite:///{tmp_path / 'frontdesk.db'}",
            "SELECT count(*) FROM summaries WHERE by LIKE '%bart'",
            seconds=60.0,
        )
        terminal.press("\x04")
        assert await terminal.exit() == 0

    page = " ".join((await _bot(tmp_path, "history", "show", "1")).split())
    assert "language: de" in page
    assert f"(by {models['bart']}): The customer" in page
    assert re.search(r"(read:|·) upset [01]\.\d\d", page)
    assert re.search(r"(read:|·) topic returns", page)
    assert "question translated de to en: How long does shipping take?" in page
    assert "reply before its translation en to de: Here is what our help centre says:" in page
    told = await _bot(tmp_path, "history", "show", "1", "--json")
    assert all(str(model) in told for model in models.values())  # each is named for what it read
