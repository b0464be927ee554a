"""The tiny models: each loads as its large kin does, and knows what it learned."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tiny import BUILDERS, lessons

SPEAKERS = ("llama", "gemma", "gpt2", "thinker")


def _loaded(folder: Path, head: str) -> tuple[Any, Any]:
    import transformers  # noqa: PLC0415 - it takes seconds, and most runs select other tests

    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    return getattr(transformers, f"AutoModelFor{head}").from_pretrained(folder), tokenizer


def _written(model: Any, tokenizer: Any, text: str) -> str:
    batch = tokenizer([text], return_tensors="pt")
    written: str = tokenizer.decode(model.generate(**batch)[0], skip_special_tokens=True)
    return written.strip()


@pytest.mark.parametrize("name", BUILDERS)
def test_a_model_is_built_once(name: str, tiny: Callable[[str], Path]) -> None:
    folder = tiny(name)
    made = (folder / "config.json").stat().st_mtime_ns
    assert tiny(name) == folder
    assert (folder / "config.json").stat().st_mtime_ns == made


@pytest.mark.parametrize("name", SPEAKERS)
def test_every_text_comes_back_from_a_tokenizer(name: str, tiny: Callable[[str], Path]) -> None:
    _, tokenizer = _loaded(tiny(name), "CausalLM")
    text = "Grüße 👩‍👩‍👧 from 東京\n\tI paid 4.90 €!"
    numbers = tokenizer(text)["input_ids"]
    assert tokenizer.decode(numbers, skip_special_tokens=True) == text
    assert len(tokenizer("👩‍👩‍👧", add_special_tokens=False)["input_ids"]) > 5


def test_a_chat_template_takes_what_it_takes(tiny_llama: Path, tiny_gemma: Path) -> None:
    talk = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
    _, llama = _loaded(tiny_llama, "CausalLM")
    _, gemma = _loaded(tiny_gemma, "CausalLM")
    rendered = llama.apply_chat_template(talk, tokenize=False, add_generation_prompt=True)
    assert rendered.endswith("Hi<|over|><|head|>assistant<|body|>\n")
    with pytest.raises(Exception, match="system message is not supported"):
        gemma.apply_chat_template(talk, tokenize=False)
    with pytest.raises(Exception, match="must take turns"):
        gemma.apply_chat_template([talk[1], talk[1]], tokenize=False)


def test_a_base_model_has_no_chat_template(tiny_gpt2: Path) -> None:
    _, tokenizer = _loaded(tiny_gpt2, "CausalLM")
    assert not tokenizer.chat_template
    assert tokenizer.pad_token is None


def test_a_translator_knows_its_sentences(tiny_marian: Path, tiny_marian_back: Path) -> None:
    forth, back = _loaded(tiny_marian, "Seq2SeqLM"), _loaded(tiny_marian_back, "Seq2SeqLM")
    for german, english in lessons.GERMAN:
        assert _written(*forth, german) == english
        assert _written(*back, english) == german


def test_a_summary_is_known(tiny_bart: Path) -> None:
    model = _loaded(tiny_bart, "Seq2SeqLM")
    for text, summary in lessons.SUMMARIES:
        assert _written(*model, text) == summary


def test_moods_are_told_apart(tiny_classifier: Path) -> None:
    model, tokenizer = _loaded(tiny_classifier, "SequenceClassification")
    batch = tokenizer([lessons.UPSET[1], lessons.CALM[0]], padding=True)
    labels = model(**batch.convert_to_tensors("pt")).logits.argmax(-1).tolist()
    assert [model.config.id2label[label] for label in labels] == ["NEGATIVE", "POSITIVE"]
