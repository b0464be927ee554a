"""``bot models``: what is on this machine is fetched, listed, told of and removed."""

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.local import Shape, load
from bot.settings import environment
from tests.servers.hub import Hub

pytestmark = pytest.mark.timeout(300)  # a command takes seconds of a machine with much to do

NAME = "tiny/llama"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def hub(tiny_llama: Path, tmp_path: Path) -> Iterator[Hub]:
    model = Path(shutil.copytree(tiny_llama, tmp_path / "hub" / "llama"))
    (model / "pytorch_model.bin").write_bytes(b"the same weights once more")
    (model / "onnx").mkdir()
    (model / "onnx" / "model.safetensors").write_bytes(b"and once more")
    with Hub({NAME: model}, refused={"tiny/gated": "GatedRepo"}).open() as opened:
        yield opened


@pytest.fixture
def run(hub: Hub, tmp_path: Path) -> Run:
    def run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run ``bot models`` with a cache of its own."""
        return subprocess.run(
            [sys.executable, "-m", "channels.cli", "models", *words],
            cwd=tmp_path,
            env={
                **environment(),
                "HF_HOME": str(tmp_path / "home"),
                "HF_ENDPOINT": hub.url,
                "PYTHONPATH": str(Path(__file__).parent.parent),
                **variables,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )

    return run


def cached(folder: Path) -> set[str]:
    return {file.name for file in folder.glob("home/hub/models--tiny--llama/snapshots/*/*")}


def test_a_model_is_pulled_listed_and_removed(run: Run, hub: Hub, tmp_path: Path) -> None:
    assert "No models of the hub are here yet" in run("list").stdout
    pulled = run("pull", NAME)
    assert pulled.returncode == 0, pulled.stderr
    assert {"config.json", "tokenizer.json", "model.safetensors"} <= cached(tmp_path)
    assert "pytorch_model.bin" not in cached(tmp_path)  # no weights twice
    assert not any("onnx/" in asked for asked in hub.asked if asked.startswith("GET"))
    (tmp_path / "bot.toml").write_text(
        f'[backends.own]\nkind = "transformers"\nmodel = "{NAME}"\n', encoding="utf-8"
    )
    (one,) = json.loads(run("list", "--json").stdout)
    assert one["model"] == NAME
    assert one["lacks"] == []
    assert one["sections"] == ["backends.own"]
    assert "whole" in run("list").stdout
    (tmp_path / "bot.toml").write_text(
        f"[backends.own]\nkind = 'transformers'\nmodel = '{tmp_path}'\n", encoding="utf-8"
    )
    assert f"{tmp_path} is a folder of yours, used by backends.own." in run("list").stdout
    assert run("remove", NAME).returncode != 0  # nobody said yes
    assert cached(tmp_path)
    removed = run("remove", NAME, "--yes")
    assert removed.returncode == 0, removed.stderr
    assert not cached(tmp_path)


def test_a_translator_is_pulled_with_all_that_it_is_loaded_from(
    run: Run, hub: Hub, tiny_marian: Path
) -> None:
    hub.models = {"tiny/marian": tiny_marian}
    told = run("pull", "tiny/marian")
    assert told.returncode == 0, told.stderr
    folder = Path(told.stdout.partition(" is here: ")[2].strip())
    assert load(Shape(model=str(folder)), head="seq2seq-lm").model.config.model_type == "marian"


def test_what_broke_off_is_told_and_gone_on_with(run: Run, hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "hub" / "llama" / "model.safetensors").write_bytes(bytes(3_000_000))
    hub.breaks_off = 1_000_000
    run("pull", NAME)
    half = next(iter(tmp_path.glob("home/hub/**/*.incomplete")), None)
    again = run("pull", NAME)
    assert again.returncode == 0, again.stderr
    assert "model.safetensors" in cached(tmp_path)
    assert half is None or not half.exists()


def test_half_a_model_is_listed_as_such(run: Run, tmp_path: Path) -> None:
    run("pull", NAME)
    next(tmp_path.glob("home/hub/**/snapshots/*/model.safetensors")).unlink()
    assert "lacks 1 file" in run("list").stdout


@pytest.mark.parametrize(
    ("words", "variables", "told"),
    [
        (["pull", "tiny/none"], {}, "The hub knows no model 'tiny/none'"),
        (["pull", "tiny/gated"], {}, "is gated. Accept its terms"),
        (["pull", "not an id"], {}, "is no model's id"),
        (["pull", NAME], {"HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE is not set"),
        (["pull", NAME], {"HF_ENDPOINT": "http://127.0.0.1:9"}, "hub cannot be reached"),
        (["remove", "tiny/none", "--yes"], {}, "is not in the cache"),
        (["remove", "tiny/none"], {}, "is not in the cache"),
    ],
)
def test_what_cannot_be_done_is_told_with_its_cure(
    run: Run, words: list[str], variables: dict[str, str], told: str
) -> None:
    done = run(*words, **variables)
    assert done.returncode == 2
    assert told in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert "Delete" not in done.stderr


def test_how_much_a_model_in_the_cache_reads_is_known_without_the_hub(
    run: Run, hub: Hub, tmp_path: Path
) -> None:
    run("pull", NAME)
    asked = len(hub.asked)
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"from bot.local import limits\nprint(limits.context_tokens('{NAME}'))",
        ],
        env={**environment(), "HF_HOME": str(tmp_path / "home"), "HF_ENDPOINT": hub.url},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.stdout.strip(), len(hub.asked)) == ("8192", asked), done.stderr


def test_a_hub_that_says_nothing_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    code = "from bot.local import hub, snapshots\nhub._SECONDS = 0.3\nsnapshots.fetch('tiny/llama')"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={
                **environment(),
                "HF_HOME": str(tmp_path),
                "HF_ENDPOINT": f"http://127.0.0.1:{silent.getsockname()[1]}",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert "LocalModelError: The hub cannot be reached." in done.stderr
