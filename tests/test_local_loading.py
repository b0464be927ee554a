"""What keeps a model from being loaded is told before it is, with its cure."""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.errors import LocalModelError
from bot.local import Head, Shape, limits, load, loading, memory
from tests.tiny.fixtures import Build

GIGABYTE = 1_000_000_000
# Llama 3.1 8B, by its config.json and the sizes that its index names.
EIGHT = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "dtype": "bfloat16",
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
}


def header(tensors: Mapping[str, Any]) -> bytes:
    """Return a file of weights that is all header: an estimate reads no more of it."""
    text = json.dumps(tensors).encode()
    return len(text).to_bytes(8, "little") + text


@pytest.fixture
def eight(tmp_path: Path) -> Path:
    """Return the folder of a model of 8 billion weights, without any of them."""
    layers = {
        f"model.layers.{n}.weight": {"dtype": "BF16", "shape": [6_980_000_000 // 32 // 4096, 4096]}
        for n in range(32)
    }
    embedded = {"dtype": "BF16", "shape": [128_256, 4096]}
    weights = {**layers, "model.embed_tokens.weight": embedded, "lm_head.weight": embedded}
    (tmp_path / "model.safetensors").write_bytes(header(weights))
    (tmp_path / "config.json").write_text(json.dumps(EIGHT))
    (tmp_path / "tokenizer.json").write_text("{}")
    return tmp_path


def refused(shape: Shape, head: Head = "causal-lm") -> str:
    with pytest.raises(LocalModelError) as told:
        load(shape, head=head)
    return str(told.value)


@pytest.mark.parametrize(
    ("model", "head", "does"),
    [
        ("roberta_qa", "causal-lm", "RobertaForQuestionAnswering: it was not made to write"),
        ("classifier", "causal-lm", "as a chat needs"),
        ("bart", "causal-lm", "BartForConditionalGeneration"),
        ("llama", "seq2seq-lm", "turn a text into another"),
        ("gpt2", "question-answering", "find an answer's place"),
        ("bart", "sequence-classification", "sort a text under labels"),
    ],
)
def test_a_model_of_the_wrong_kind_is_told(tiny: Build, model: str, head: Head, does: str) -> None:
    assert does in refused(Shape(model=str(tiny(model))), head)


def test_weights_without_a_head_are_told(tiny: Build, tmp_path: Path) -> None:
    model = Path(shutil.copytree(tiny("roberta_qa"), tmp_path / "headless"))
    config = json.loads((model / "config.json").read_text())
    config["architectures"] = ["RobertaForSequenceClassification"]
    (model / "config.json").write_text(json.dumps(config))
    assert "it was never trained to sort" in refused(
        Shape(model=str(model)), "sequence-classification"
    )


def test_what_lacks_of_a_folder_is_named(tiny_llama: Path, tmp_path: Path) -> None:
    model = Path(shutil.copytree(tiny_llama, tmp_path / "half"))
    (model / "model.safetensors").unlink()
    assert "lacks model.safetensors" in refused(Shape(model=str(model)))
    parts = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (model / "model.safetensors.index.json").write_text(json.dumps({"weight_map": parts}))
    (model / parts["a"]).write_bytes(header({}))
    assert "lacks model-00002-of-00002.safetensors. Copy it there" in refused(
        Shape(model=str(model))
    )
    (model / "model.safetensors.index.json").write_text("{")
    assert "a broken index" in refused(Shape(model=str(model)))


def test_a_kind_that_is_not_known_is_told_and_its_code_never_run(
    tiny_llama: Path, tmp_path: Path
) -> None:
    model = Path(shutil.copytree(tiny_llama, tmp_path / "new"))
    config = {"model_type": "newest", "auto_map": {"AutoConfig": "code.Config"}}
    (model / "config.json").write_text(json.dumps(config))
    (model / "code.py").write_text("raise SystemExit('this code was run')")
    told = refused(Shape(model=str(model)))
    assert "of the kind 'newest', which the installed transformers does not know" in told
    assert "never run" in told
    (model / "config.json").write_text("[]")
    assert "does not say what kind" in refused(Shape(model=str(model)))


def test_bitsandbytes_that_is_not_there_is_told(tiny_llama: Path) -> None:
    told = refused(Shape(model=str(tiny_llama), quantization="4bit"))
    assert "pip install bitsandbytes" in told


@pytest.mark.parametrize("device", ["tpu", "cuda:99"])
def test_a_device_that_is_not_there_is_told(tiny_llama: Path, device: str) -> None:
    told = refused(Shape(model=str(tiny_llama), device_map=device))
    assert told.startswith(f'device_map = "{device}" for ')
    assert 'device_map = "cpu"' in told


def test_an_id_that_is_not_here_is_told_offline() -> None:
    told = refused(Shape(model="nobody/nothing", offline=True, revision="v2"))
    assert "bot models pull nobody/nothing --revision v2" in told


# --- Memory


def test_a_models_size_is_estimated_from_its_files(eight: Path) -> None:
    shape = Shape(model=str(eight), held_tokens=8192)
    found = memory.estimate(eight, EIGHT, shape)
    assert found.weights == pytest.approx(16.06 * GIGABYTE, rel=0.01)  # as the hub says
    assert found.cache == 8192 * 131_072  # 2 * 32 layers * 8 heads * 128 * 2 bytes a token
    smaller = memory.estimate(eight, EIGHT, replace(shape, quantization="4bit"))
    assert smaller.weights == pytest.approx(6.0 * GIGABYTE, rel=0.1)  # embeddings stay as they are
    larger = memory.estimate(eight, EIGHT, replace(shape, dtype="float32"))
    assert larger.weights == 2 * found.weights


def test_a_model_that_is_too_large_is_refused_before_it_is_loaded(
    eight: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free", lambda _: 8 * GIGABYTE)
    told = refused(Shape(model=str(eight)))
    assert "it takes about 18.0 GB (16.1 GB for its weights, 0.3 GB for 2,048 tokens" in told
    assert "8.0 GB are free on cpu" in told
    monkeypatch.setattr(memory, "free", lambda _: 20 * GIGABYTE)
    assert loading.check(eight, Shape(model=str(eight)), head="causal-lm").total < 20 * GIGABYTE


def test_whoever_knows_better_is_not_refused(eight: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free", lambda _: 1)
    shape = Shape(model=str(eight), measured=False)
    assert loading.check(eight, shape, head="causal-lm").total > 1


def test_this_machine_has_memory() -> None:
    free = memory.free("cpu")
    assert free is not None
    assert free > 10_000_000


# --- What is loaded


def test_progress_is_told_to_the_end(tiny_llama: Path) -> None:
    told: list[tuple[str, float]] = []
    loaded = load(
        Shape(model=str(tiny_llama)),
        head="causal-lm",
        progress=lambda what, share: told.append((what, share)),
    )
    assert told[-1] == ("loading weights", 1.0)
    assert [share for _, share in told] == sorted(share for _, share in told)
    assert (loaded.device, loaded.context_tokens) == ("cpu", 8192)
    assert loaded.spare_tokens


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_numbers_are_kept_as_asked(tiny_llama: Path, dtype: Any) -> None:
    loaded = load(Shape(model=str(tiny_llama), dtype=dtype, device_map="auto"), head="causal-lm")
    assert str(loaded.model.dtype) == f"torch.{dtype}"


def test_a_missing_package_names_the_extra() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import importlib.util; found = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name: None if name == 'torch' else found(name)\n"
        "from bot.local import Shape, load\n"
        "load(Shape(model='a/b'), head='causal-lm')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "MissingExtra: A model in this process needs the package 'torch'" in done.stderr
    assert "pip install 'frontdesk[local]'" in done.stderr


def test_a_model_that_is_fetched_keeps_no_other_waiting(
    tiny_llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, goes_on = threading.Event(), threading.Event()

    def fetch(*_: object, **__: object) -> Path:
        begun.set()
        assert goes_on.wait(60)
        return tiny_llama

    monkeypatch.setattr("bot.local.snapshots.fetch", fetch)
    with ThreadPoolExecutor() as threads:
        fetched = threads.submit(load, Shape(model="tiny/not-here"), head="causal-lm")
        assert begun.wait(60)
        here = threads.submit(load, Shape(model=str(tiny_llama)), head="causal-lm")
        try:
            assert here.result(60).device == "cpu"
        finally:
            goes_on.set()
        assert fetched.result(60).device == "cpu"


# --- What it reads


@pytest.mark.parametrize("name", ["llama", "gemma", "gpt2"])
def test_how_much_a_model_reads_is_known_before_it_is_loaded(tiny: Build, name: str) -> None:
    folder = str(tiny(name))
    own = load(Shape(model=folder), head="causal-lm").context_tokens
    assert own is not None
    assert limits.context_tokens(folder) == own


@pytest.mark.parametrize("config", ["{", "[]", '{"text_config": {}}', '{"n_positions": -1}'])
def test_a_model_that_does_not_say_what_it_reads_is_believed_to_read_it_all(
    tiny_gpt2: Path, tmp_path: Path, config: str
) -> None:
    model = Path(shutil.copytree(tiny_gpt2, tmp_path / "model"))
    (model / "tokenizer_config.json").unlink()
    assert limits.context_tokens(str(model)) == 1024
    (model / "config.json").write_text(config)
    assert limits.context_tokens(str(model)) is None
    assert limits.context_tokens(str(tmp_path / "nowhere")) is None
