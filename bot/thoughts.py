"""The marks between which models write their thoughts, in each form that is in wide use.

Where no server parts the thoughts out they stand in the text, and in this process they are
tokens, often special ones. Forms in mere words ("Here is my thought process:") are none of ours:
nobody can tell them from an answer.
"""

import re
from collections.abc import Mapping
from typing import Final

HIDDEN: Final = (
    "thinking",
    "think",
    "antml:thinking",
    "seed:think",  # Seed-OSS
    "mm:think",  # MiniMax
    "longcat_think",  # LongCat-Flash
    "thoughts",
    "thought",
    "reasoning",
    "reflection",
    "scratchpad",
)
"""The names of tags around words that a customer never sees."""

BLOCKS: Final[Mapping[str, str]] = {
    "[THINK]": "[/THINK]",  # Magistral
    "\u25c1think\u25b7": "\u25c1/think\u25b7",  # Kimi
    "<|START_THINKING|>": "<|END_THINKING|>",  # Command A
    "<|begin_of_thought|>": "<|end_of_thought|>",  # Sky-T1, OpenThinker
    "<|inner_prefix|>": "<|inner_suffix|>",  # Apertus
    "<|channel>": "<channel|>",  # Gemma 4
}
"""What opens such words otherwise, and what closes them."""

# Harmony (gpt-oss): https://github.com/openai/harmony/blob/main/docs/format.md
# Solar Open and Inkling write messages as well, each of one kind.
HEADS: Final = ("<|start|>", "<|channel|>")
"""Where a message begins, or its channel is named: hidden as all of it, until it is to be seen."""

THOUGHTS: Final = ("<|think|>", "<|content_thinking|>")
"""Where a message is a thought."""

BODY: Final = "<|message|>"
"""Where a message's text begins: to be seen if its head names the channel ``final``."""

ANSWERS: Final = ("<|content|>", "<|content_text|>")
"""Where a message's text is to be seen."""

SPENT: Final = (
    *("<|constrain|>", "<|end|>", "<|return|>", "<|call|>"),
    *("<|flush|>", "<|message_model|>", "<|end_message|>", "<|content_model_end_sampling|>"),
    *("<|START_RESPONSE|>", "<|END_RESPONSE|>"),
    *("<|begin_of_solution|>", "<|end_of_solution|>"),
)
"""What stands beside thoughts and answers, and is never shown."""

MARKS: Final = (*BLOCKS, *BLOCKS.values(), *HEADS, *THOUGHTS, BODY, *ANSWERS, *SPENT)
"""All of them but the tags. They are read to the letter."""

_TOKEN = re.compile(rf"</?(?:{'|'.join(HIDDEN)})>|{'|'.join(map(re.escape, MARKS))}")
_OPENINGS = "|".join(map(re.escape, (*BLOCKS, *THOUGHTS)))
_OPENED = re.compile(
    rf"(?:<(?:{'|'.join(HIDDEN)})>|(?:{_OPENINGS})(?:thought\b)?"
    rf"|<\|channel\|>(?:[^<]{{0,40}}{re.escape(BODY)})?)\s*\Z"
)


def is_mark(token: str) -> bool:
    """Whether a model's ``token`` tells thoughts from answers."""
    return bool(_TOKEN.fullmatch(token))


def opened(prompt: str) -> str:
    """Return the end of ``prompt`` that begins an answer as a thought; empty where none does."""
    found = _OPENED.search(prompt)
    return found[0] if found else ""
