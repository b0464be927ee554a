"""Tiny models that go on with a text: two Llamas, a Gemma 2 and a GPT-2. They babble."""

from pathlib import Path
from typing import Any, Final

from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
)

from bot.thoughts import MARKS
from tests.tiny.school import made, saved
from tests.tiny.vocabulary import beginning_with, byte_level

LLAMA_TEMPLATE: Final = (
    "{{ bos_token }}{% for message in messages %}"
    "<|head|>{{ message['role'] }}<|body|>\n{{ message['content'] }}<|over|>"
    "{% endfor %}{% if add_generation_prompt %}<|head|>assistant<|body|>\n{% endif %}"
)
"""Takes every role in every order."""

GEMMA_TEMPLATE: Final = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'system' %}"
    "{{ raise_exception('A system message is not supported.') }}{% endif %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('User and assistant must take turns.') }}{% endif %}"
    "<start_of_turn>{{ 'model' if message['role'] == 'assistant' else 'user' }}\n"
    "{{ message['content'] | trim }}<end_of_turn>\n"
    "{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
"""Refuses a system message, and two messages of one side in a row."""

THINKER_TEMPLATE: Final = (
    "{% for message in messages %}<|start|>{{ message['role'] }}<|message|>"
    "{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant{% endif %}"
)
"""Writes messages as gpt-oss reads them."""


def llama(folder: Path) -> None:
    """A chat model whose template takes every role; 8,192 tokens."""
    tokenizer = byte_level(
        "<|begin|>",
        "<|over|>",
        "<|pad|>",
        "<|head|>",
        "<|body|>",
        template=LLAMA_TEMPLATE,
        bos_token="<|begin|>",
        eos_token="<|over|>",
        pad_token="<|pad|>",
        model_max_length=8192,
    )
    beginning_with(tokenizer, "<|begin|>")
    _save_llama(folder, tokenizer)


def thinker(folder: Path) -> None:
    """A chat model whose every mark of a thought is a special token; 8,192 tokens."""
    tokenizer = byte_level(
        *("<think>", "</think>", *MARKS, "<|endoftext|>", "<|custom|>"),
        template=THINKER_TEMPLATE,
        bos_token="<|endoftext|>",
        eos_token="<|return|>",
        pad_token="<|endoftext|>",
        model_max_length=8192,
    )
    _save_llama(folder, tokenizer)


def _save_llama(folder: Path, tokenizer: Any) -> None:
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=8192,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    saved(folder, made(LlamaForCausalLM, config), tokenizer)


def gemma(folder: Path) -> None:
    """A chat model whose template refuses what Gemma's refuses; 4,096 tokens."""
    tokenizer = byte_level(
        "<pad>",
        "<eos>",
        "<bos>",
        "<start_of_turn>",
        "<end_of_turn>",
        template=GEMMA_TEMPLATE,
        bos_token="<bos>",
        eos_token="<eos>",
        pad_token="<pad>",
        model_max_length=4096,
    )
    beginning_with(tokenizer, "<bos>")
    config = Gemma2Config(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        query_pre_attn_scalar=8,
        sliding_window=256,
        max_position_embeddings=4096,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=[
            tokenizer.eos_token_id,
            tokenizer.convert_tokens_to_ids("<end_of_turn>"),
        ],
        pad_token_id=tokenizer.pad_token_id,
    )
    saved(folder, made(Gemma2ForCausalLM, config), tokenizer)


def gpt2(folder: Path) -> None:
    """A base model: no chat template, no padding token; 1,024 tokens."""
    end = "<|endoftext|>"
    tokenizer = byte_level(end, bos_token=end, eos_token=end, unk_token=end, model_max_length=1024)
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_embd=32,
        n_layer=2,
        n_head=4,
        n_positions=1024,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    saved(folder, made(GPT2LMHeadModel, config), tokenizer)
