"""The README does not lie: its commands are run as they stand, its targets and links exist."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from bot.settings import load

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def _blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def _commands() -> list[str]:
    return [
        line.removeprefix("$ ")
        for block in _blocks("console")
        for line in block.splitlines()
        if line.startswith("$ ")
    ]


def test_every_command_of_the_readme_runs_as_written(tmp_path: Path) -> None:
    folder = tmp_path
    for command in _commands():
        words = shlex.split(command)
        if words[0] == "cd":
            folder /= words[1]
            continue
        done = _run(words, folder)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        assert done.stdout.strip(), command


def _run(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    if words[0] == "bot":
        words = [sys.executable, "-m", "channels.cli", *words[1:]]
    return subprocess.run(
        words,
        cwd=folder,
        input="How long does a refund take?\n/quit\n",
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_every_make_target_of_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = {
        match
        for block in [*_blocks("sh"), *re.findall(r"`(make [a-z]+)`", README)]
        for match in re.findall(r"\bmake ([a-z]+)", block)
    }
    assert {"chat", "test"} <= named
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_configuration_of_the_readme_is_valid(tmp_path: Path) -> None:
    for block in _blocks("toml"):
        file = tmp_path / "bot.toml"
        file.write_text(block)
        environment = {"ANTHROPIC_API_KEY": "not-a-key", "OPENAI_API_KEY": "not-a-key"}
        settings = load(file, environment=environment)
        assert set(settings.backends) == set(tomllib.loads(block)["backends"])


def _links() -> list[tuple[Path, str]]:
    pages = subprocess.run(
        ["git", "ls-files", "*README.md"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [
        (ROOT / page, link)
        for page in pages.stdout.split()
        if not page.startswith("bot/sample/")
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", (ROOT / page).read_text())
        if "://" not in link
    ]


@pytest.mark.parametrize(("page", "link"), _links())
def test_every_link_of_a_readme_leads_somewhere(page: Path, link: str) -> None:
    assert (page.parent / link).exists()


PROGRAMS = re.findall(r"```python\n(.*?)```", (ROOT / "bot/README.md").read_text(), re.DOTALL)


@pytest.mark.parametrize(
    ("program", "said"),
    list(zip(PROGRAMS, ["5 business days", "7 Hello"], strict=True)),
    ids=["follows", "posts"],
)
def test_a_program_in_the_readme_of_the_engine_answers(
    program: str, said: str, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "bot/sample/help", tmp_path / "help")
    done = _run([sys.executable, "-c", program], tmp_path)
    assert done.returncode == 0, done.stderr
    assert said in done.stdout


def test_every_room_that_the_readme_draws_exists() -> None:
    [house] = _blocks("text")
    rooms = [line.split()[0] for line in house.splitlines()]
    assert len(rooms) > 10
    for room in rooms:
        assert (ROOT / room).exists(), room
