"""Tiny models that read a text and tell something of it: a span, a mood, a topic."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import (
    DistilBertConfig,
    DistilBertForSequenceClassification,
    RobertaConfig,
    RobertaForQuestionAnswering,
    RobertaForSequenceClassification,
)

from tests.tiny import lessons
from tests.tiny.school import SPREAD, labels, made, saved, taught
from tests.tiny.vocabulary import roberta

_POSITIONS = 256


def roberta_qa(folder: Path) -> None:
    """A RoBERTa with a span head, as SQuAD 2 trains it: what has no answer points at the start."""
    tokenizer = roberta(longest=_POSITIONS)
    model = made(RobertaForQuestionAnswering, _roberta_config(tokenizer))
    batch = tokenizer(
        [question for question, _, _ in lessons.SPANS],
        [lessons.PASSAGES[passage] for _, passage, _ in lessons.SPANS],
        padding=True,
        return_tensors="pt",
        return_offsets_mapping=True,
    )
    offsets = batch.pop("offset_mapping")
    ends = [_span(batch, offsets, row) for row in range(len(lessons.SPANS))]
    batch["start_positions"] = torch.tensor([start for start, _ in ends])
    batch["end_positions"] = torch.tensor([end for _, end in ends])
    saved(folder, taught(model, batch, rounds=200), tokenizer)


def _span(batch: Any, offsets: Any, row: int) -> tuple[int, int]:
    """Return the first and the last token of a lesson's answer."""
    _, passage, answer = lessons.SPANS[row]
    if not answer:
        return 0, 0
    start = lessons.PASSAGES[passage].index(answer)
    end = start + len(answer)
    inside = [
        place
        for place, (sequence, (left, right)) in enumerate(
            zip(batch.sequence_ids(row), offsets[row].tolist(), strict=True)
        )
        if sequence == 1 and start <= left < right <= end
    ]
    return inside[0], inside[-1]


def classifier(folder: Path) -> None:
    """A DistilBERT that tells upset from content, under the labels that SST-2 made common."""
    told = [(text, 0) for text in lessons.UPSET] + [(text, 1) for text in lessons.CALM]
    _distilbert(folder, ["NEGATIVE", "POSITIVE"], told)


def topics(folder: Path) -> None:
    """A DistilBERT that tells the topics of ``lessons.TOPICS``."""
    told = [(text, n) for n, texts in enumerate(lessons.TOPICS.values()) for text in texts]
    _distilbert(folder, list(lessons.TOPICS), told)


def nli(folder: Path) -> None:
    """A RoBERTa that tells whether a sentence entails "This text is about shipping."."""
    tokenizer = roberta(longest=_POSITIONS)
    config = _roberta_config(tokenizer, **labels(["contradiction", "neutral", "entailment"]))
    pairs = [
        (text, lessons.HYPOTHESIS.format(label), 2 if label == own else 0)
        for own, texts in lessons.TOPICS.items()
        for text in texts
        for label in lessons.TOPICS
    ]
    batch = tokenizer(
        [text for text, _, _ in pairs],
        [hypothesis for _, hypothesis, _ in pairs],
        padding=True,
        return_tensors="pt",
    )
    batch["labels"] = torch.tensor([answer for _, _, answer in pairs])
    model = made(RobertaForSequenceClassification, config)
    saved(folder, taught(model, batch, rounds=200), tokenizer)


def _roberta_config(tokenizer: Any, **more: Any) -> Any:
    return RobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=_POSITIONS + 2,
        initializer_range=SPREAD,
        type_vocab_size=1,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **more,
    )


def _distilbert(folder: Path, names: Sequence[str], told: Sequence[tuple[str, int]]) -> None:
    tokenizer = roberta(longest=_POSITIONS)
    config = DistilBertConfig(
        vocab_size=len(tokenizer),
        dim=32,
        hidden_dim=64,
        n_layers=2,
        n_heads=4,
        max_position_embeddings=_POSITIONS,
        initializer_range=SPREAD,
        dropout=0.0,
        attention_dropout=0.0,
        seq_classif_dropout=0.0,
        pad_token_id=tokenizer.pad_token_id,
        **labels(names),
    )
    batch = tokenizer([text for text, _ in told], padding=True, return_tensors="pt")
    batch["labels"] = torch.tensor([label for _, label in told])
    model = made(DistilBertForSequenceClassification, config)
    saved(folder, taught(model, batch, rounds=100), tokenizer)
