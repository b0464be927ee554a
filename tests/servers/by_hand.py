"""Runs a local server with canned answers, to try the product on in a terminal."""

import argparse
import asyncio
import json
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from bot.messages import Usage
from tests.servers.acts import Act, Answer
from tests.servers.base import Heard, ModelServer

_ANSWERS = (
    "Of course. Choose **Forgot your password?** where you sign in, and follow our link [1].",
    "That usually takes a few minutes. Please look into the spam folder as well [1].",
    "I could not find that in our help centre. Shall I ask a person to have a look?",
)
_THOUGHT = "The customer wants to know what the help centre says of it"
_LIST = re.compile(r"JSON list of (\d+) (texts|numbers|whole numbers)")
_KEYS = re.compile(r"these very keys.*?(\{.*?\})", re.DOTALL)
_TAGGED = "inside <answer> and </answer>"


def canned(heard: Heard) -> Answer:
    """Answer the first question with the first answer, and so on round again.

    A strategy's hidden steps get what they ask for: thoughts, scores, a JSON object, tags.
    """
    said, headed = (heard.body.count(mark) for mark in (b'"role":"assistant"', b"|>assistant<|"))
    turn = said or max(0, headed - 1)
    asked = "\n".join(_texts(heard.json()))
    reply = _ANSWERS[turn % len(_ANSWERS)]
    if _TAGGED in asked:
        reply = f"<thinking>{_THOUGHT}.</thinking>\n<answer>{reply}</answer>"
    text = _step(asked) or reply
    usage = Usage(input=len(heard.body) // 4, output=len(text) // 4)
    return Answer(text=text, thinking="The customer needs help.", usage=usage)


def prefilled(heard: Heard) -> Act:
    """Answer likewise, from within a thought: as behind a chat template that opened it."""
    answer = canned(heard)
    return replace(answer, text=f"{_THOUGHT}.\n</think>\n\n{answer.text}", thinking="")


def _texts(value: Any) -> list[str]:
    """Return all texts within a JSON value, in order."""
    if isinstance(value, str):
        return [value]
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for each in values for text in _texts(each)]


def _step(asked: str) -> str:
    """Return what a hidden step asks for; empty where the reply itself is asked for."""
    if wanted := _LIST.search(asked):
        count, kind = int(wanted[1]), wanted[2]
        thoughts = [f"{_THOUGHT}; way {number}." for number in range(1, count + 1)]
        return json.dumps(thoughts if kind == "texts" else [1] * count)
    if keys := _KEYS.search(asked):
        return json.dumps(dict.fromkeys(json.loads(keys[1]), _THOUGHT))
    return ""


def main(server: type[ModelServer], *, kind: str, more: Sequence[str] = ()) -> None:
    """Serve until Ctrl-C, and say what to write into ``bot.toml``; ``more`` are lines of it."""
    parser = argparse.ArgumentParser(description=f"Canned answers over the {kind} protocol.")
    parser.add_argument("--port", type=int, default=0, help="any free one by default")
    parser.add_argument("--pace", type=float, default=0.03, help="seconds between two words")
    parser.add_argument(
        "--prefilled",
        dest="answer",
        action="store_const",
        const=prefilled,
        default=canned,
        help="begin within a thought, which the server's chat template opened",
    )
    options: Any = parser.parse_args()
    with suppress(KeyboardInterrupt):
        asyncio.run(
            _serve(server(options.answer, pace=options.pace, port=options.port), kind, more)
        )


async def _serve(server: ModelServer, kind: str, more: Sequence[str]) -> None:
    async with server:
        lines = ("[backends.local]", f'kind = "{kind}"', *more, f'base_url = "{server.url}"')
        print("\n".join(lines), flush=True)  # noqa: T201 - a program for a person in a terminal
        await asyncio.Event().wait()
