"""Byte-level tokenizers that are trained on the spot."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast, RobertaTokenizer

from bot.resources import sample
from tests.tiny import lessons

_SIZE = 2000


def byte_level(*special: str, template: str | None = None, **names: Any) -> Any:
    """Return a byte-level BPE tokenizer; ``names`` say what each special token is for."""
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=_trained(special), **names)
    tokenizer.chat_template = template
    return tokenizer


def beginning_with(tokenizer: Any, token: str) -> Any:
    """Let every text begin with ``token``, as the tokenizers of chat models do."""
    number = tokenizer.convert_tokens_to_ids(token)
    tokenizer.backend_tokenizer.post_processor = processors.Sequence(
        [
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(
                single=f"{token} $A",
                pair=f"{token} $A {token} $B",
                special_tokens=[(token, number)],
            ),
        ]
    )
    return tokenizer


def roberta(*, longest: int) -> Any:
    """Return RoBERTa's own tokenizer with a small vocabulary."""
    special = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
    model = _kept(_trained(special))
    return RobertaTokenizer(
        vocab=model["vocab"],
        merges=[tuple(each) for each in model["merges"]],
        model_max_length=longest,
    )


@cache
def _trained(special: tuple[str, ...]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=_SIZE,
        special_tokens=list(special),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts(), trainer)
    return tokenizer


def _kept(tokenizer: Tokenizer) -> dict[str, Any]:
    model: dict[str, Any] = json.loads(tokenizer.to_str())["model"]
    return model


def texts() -> Iterator[str]:
    """Yield what the sample store has to read, and every lesson."""
    for article in sorted(_help().glob("*.md")):
        yield article.read_text()
    yield from lessons.texts()


def _help() -> Path:
    return sample() / "help"
