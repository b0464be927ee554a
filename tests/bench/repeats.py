"""The part of the bench that compares each request with the one before, byte for byte."""

import json
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.bench.candidates import engine
from tests.bench.places import Place
from tests.bench.report import Row
from tests.servers.acts import Answer
from tests.servers.anthropic import AnthropicServer

_ANSWER = "Open the sign-in page, choose Forgot password and follow the e-mail [1]. " * 3
_SETTLED = 20


async def repeated_history(place: Place, *, turns: int) -> Sequence[Row]:
    """Return how much of a request's history is the one before's, and how often it is cut."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with (
            AnthropicServer(lambda _: Answer(text=_ANSWER)) as server,
            engine(place, base_url=server.url, folder=folder, window={"tokens": 4000}) as candidate,
        ):
            for number in range(turns):
                await candidate.turn("one", f"Question {number}: and my password?")
            asked = [_messages(heard.body) for heard in server.heard]
    # What a model is asked for a summary is one message, and no turn.
    turns_asked = [messages for messages in asked if len(messages) > 1][_SETTLED:]
    pairs = list(pairwise(turns_asked))
    # A cut moves the history's beginning; whatever else changes is no excuse.
    between = [(before, after) for before, after in pairs if before[0] == after[0]]
    return [
        Row(
            name="% of a request's history that repeats, between cuts",
            ours=[_share(before, after) for before, after in between],
            goal="≥ 95",
            kept=lambda row: min(row.ours) >= 95,
        ),
        Row(name=f"cuts in {len(pairs)} turns", ours=[float(len(pairs) - len(between))]),
    ]


def _messages(body: bytes) -> list[dict[str, Any]]:
    """Return a request's messages without the cache marks, which move and are no content."""
    messages: list[dict[str, Any]] = json.loads(body)["messages"]
    for message in messages:
        for block in message["content"]:
            block.pop("cache_control", None)
    return messages


def _share(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> float:
    """Return how many percent of ``before``'s history, up to its last question, open ``after``."""
    first, second = (json.dumps(messages).encode() for messages in (before, after))
    end = first.rindex(b"Question ")
    same = next((at for at in range(end) if first[at] != second[at]), end)
    return same / end * 100
