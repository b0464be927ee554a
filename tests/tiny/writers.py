"""Tiny models that turn one text into another: a BART that sums up, Marians that translate."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import sentencepiece as spm
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    MarianConfig,
    MarianMTModel,
    MarianTokenizer,
)

from tests.tiny import lessons
from tests.tiny.school import SPREAD, made, saved, taught
from tests.tiny.vocabulary import roberta

_BART_POSITIONS = 256
_MARIAN_POSITIONS = 128


def bart(folder: Path) -> None:
    """A BART that knows the summaries of a few conversations."""
    tokenizer = roberta(longest=_BART_POSITIONS)
    config = BartConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=_BART_POSITIONS,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        decoder_start_token_id=tokenizer.eos_token_id,
        forced_bos_token_id=None,
        forced_eos_token_id=tokenizer.eos_token_id,
        **_small(),
    )
    model = made(BartForConditionalGeneration, config)
    model.generation_config.max_length = 64
    model.generation_config.num_beams = 2
    batch = _batch(tokenizer, lessons.SUMMARIES)
    saved(folder, taught(model, batch, rounds=200), tokenizer)


def marian_de_en(folder: Path) -> None:
    """A Marian that knows a dozen sentences of German."""
    _marian(folder, "de", "en", lessons.GERMAN)


def marian_en_de(folder: Path) -> None:
    """A Marian that knows the same sentences in English."""
    _marian(folder, "en", "de", [(english, german) for german, english in lessons.GERMAN])


def _marian(folder: Path, source: str, target: str, pairs: Sequence[tuple[str, str]]) -> None:
    tokenizer = _marian_tokenizer(folder, source, target, pairs)
    config = MarianConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=_MARIAN_POSITIONS,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        forced_eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
        scale_embedding=True,
        **_small(),
    )
    model = made(MarianMTModel, config)
    model.generation_config.max_length = _MARIAN_POSITIONS
    model.generation_config.num_beams = 2
    saved(folder, taught(model, _batch(tokenizer, pairs), rounds=300), tokenizer)


def _marian_tokenizer(
    folder: Path, source: str, target: str, pairs: Sequence[tuple[str, str]]
) -> Any:
    """Train a SentencePiece model for each side; both share one vocabulary, as in OPUS-MT."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [
        _pieces(folder / "source.spm", (text for text, _ in pairs)),
        _pieces(folder / "target.spm", (text for _, text in pairs)),
    ]
    models = [spm.SentencePieceProcessor(model_file=str(file)) for file in files]
    pieces = {each.id_to_piece(n) for each in models for n in range(each.get_piece_size())}
    words = sorted(pieces - {"<s>", "</s>", "<unk>"})
    vocabulary = {word: n for n, word in enumerate(["</s>", "<unk>", *words, "<pad>"])}
    vocab = folder / "vocab.json"
    vocab.write_text(json.dumps(vocabulary))
    return MarianTokenizer(
        source_spm=str(files[0]),
        target_spm=str(files[1]),
        vocab=str(vocab),
        source_lang=source,
        target_lang=target,
        model_max_length=_MARIAN_POSITIONS,
    )


def _pieces(file: Path, lines: Iterable[str]) -> Path:
    with file.open("wb") as model:
        spm.SentencePieceTrainer.train(
            sentence_iterator=iter(lines),
            model_writer=model,
            vocab_size=400,
            hard_vocab_limit=False,
            minloglevel=2,
            num_threads=1,
        )
    return file


def _small() -> dict[str, Any]:
    return {
        "d_model": 48,
        "encoder_layers": 2,
        "decoder_layers": 2,
        "encoder_attention_heads": 4,
        "decoder_attention_heads": 4,
        "encoder_ffn_dim": 96,
        "decoder_ffn_dim": 96,
        "dropout": 0.0,
        "init_std": SPREAD,
    }


def _batch(tokenizer: Any, pairs: Sequence[tuple[str, str]]) -> Any:
    batch = tokenizer([text for text, _ in pairs], padding=True, return_tensors="pt")
    answers = tokenizer(text_target=[text for _, text in pairs], padding=True, return_tensors="pt")[
        "input_ids"
    ]
    batch["labels"] = answers.masked_fill(answers == tokenizer.pad_token_id, -100)
    return batch
