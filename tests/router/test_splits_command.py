"""``bot splits``: the arms of a split, side by side."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.backends.scripted import ScriptedBackend
from channels.cli.door import bot
from tests.house import ask, house

SPLIT = '[[router.split]]\nname = "new"\nshare = 20\nchain = ["a"]\n'
SCRIPTED = '[backends.a]\nkind = "scripted"\nanswers = ["Yes."]\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose settings split the conversations."""
    (tmp_path / "bot.toml").write_text(SCRIPTED + SPLIT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(*arguments: str) -> str:
    result = CliRunner().invoke(bot, ["splits", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_without_a_turn_it_says_so(project: Path) -> None:
    assert said() == "No turn of new is kept yet.\n"
    (project / "bot.toml").write_text(SCRIPTED)
    assert said().startswith("Nothing is compared. Add [[router.split]]")


async def kept(folder: Path) -> None:
    backend = ScriptedBackend("Yes.", name="a")
    router = {"split": [{"name": "new", "share": 100, "chain": ["a"]}]}
    async with house(folder, backend, router=router) as app:
        await ask(app, "Are you there?")


def test_an_arm_is_a_row_and_an_object(project: Path) -> None:
    asyncio.run(kept(project))
    head, row = said().splitlines()
    assert head.split()[:4] == ["ARM", "SHARE", "CONVERSATIONS", "TURNS"]
    assert row.split()[:6] == ["new", "20%", "1", "1", "0%", "0%"]
    [found] = json.loads(said("--json"))
    assert (found["name"], found["turns"], found["failed"]) == ("new", 1, 0)
