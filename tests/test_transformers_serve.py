"""A model on this machine, behind the real ``transformers serve`` and in the bot's own process."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from bot.settings import environment
from tests.house import until
from tests.servers.ports import free_port
from tests.terminals import Terminal

QUESTIONS = ("How do I reset my password?", "And how long does that take?")


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Importing transformers alone takes a dozen seconds of a machine with much to do."""
    monkeypatch.setattr("tests.terminals.PATIENCE", 90.0)


@asynccontextmanager
async def served(model: Path) -> AsyncIterator[str]:
    """Run ``transformers serve`` for ``model``; give its address."""
    with free_port() as port:
        async with _running(model, port) as process:
            url = f"http://127.0.0.1:{port}"
            await until(lambda: process.returncode is not None or _answers(url), seconds=90)
            assert process.returncode is None
            yield f"{url}/v1"


@asynccontextmanager
async def _running(model: Path, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).parent / "transformers",
        *("serve", str(model), "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"),
        env={**environment(), "HF_HUB_OFFLINE": "1"},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/health", timeout=5).is_success
    except httpx2.HTTPError:
        return False


def _settle(folder: Path, backend: str) -> None:
    folder.mkdir()
    text = f"[backends.own]\ntemperature = 0.0\nmax_tokens = 24\n{backend}"
    (folder / "bot.toml").write_text(text, encoding="utf-8")


async def conversation(folder: Path, backend: str) -> list[str]:
    """Hold a conversation in a terminal; return what is read there after each question."""
    _settle(folder, backend)
    async with Terminal(folder, "chat", columns=200, lines=50) as terminal:
        await terminal.until_prompt()
        for question in QUESTIONS:
            await terminal.ask(question)
        text = terminal.text()
        terminal.press("\x04")
        assert await terminal.exit() == 0
    said = text.split("you>")
    return [part.partition("?")[2].strip() for part in said if "?" in part][-len(QUESTIONS) :]


@pytest.mark.timeout(300)
async def test_a_conversation_through_transformers_serve_is_the_one_in_this_process(
    tiny_llama: Path, tmp_path: Path
) -> None:
    async with asyncio.TaskGroup() as tasks:  # each has its own imports to wait for
        inside = tasks.create_task(
            conversation(tmp_path / "inside", f'kind = "transformers"\nmodel = "{tiny_llama}"\n')
        )
        async with served(tiny_llama) as url:
            through = await conversation(
                tmp_path / "served",
                f'kind = "openai"\nbase_url = "{url}"\nmodel = "{tiny_llama}"\n',
            )
    assert all(through)
    assert through == inside.result()
