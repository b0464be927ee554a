"""The floor of the web's part: a bare Starlette server that sends the same bytes.

It knows nobody, keeps nothing and asks no model: the words are there when their time comes.
"""

import argparse
import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.bench.stamps import stamped

_GATHER = 0.05  # as ours does


class _Talk:
    """What a stream has to tell: the paragraphs by now."""

    def __init__(self) -> None:
        self.paragraphs = [""]
        self.over = False
        self.woken = asyncio.Event()

    async def speak(self, paragraphs: list[str], pace: float) -> None:
        self.paragraphs, self.over = [""], False
        for number, paragraph in enumerate(paragraphs):
            self.paragraphs += [""] * (number > 0)
            for word in paragraph.split():
                self.paragraphs[-1] += f"{stamped(word.encode()).decode()} "
                self.woken.set()
                await asyncio.sleep(pace)
        self.over = True
        self.woken.set()

    async def events(self) -> AsyncIterator[bytes]:
        yield b"retry: 500\n\n" + _event("state", {"owner": "bot", "asked": 1, "answered": 1})
        told = 0
        while True:
            await self.woken.wait()
            self.woken.clear()
            name = "message" if self.over else "piece"
            told = 0 if self.over else min(told, len(self.paragraphs) - 1)
            blocks = [["p", paragraph] for paragraph in self.paragraphs[told:]]
            length = sum(map(len, self.paragraphs))
            yield _event(name, {"turn": "1" * 32, "length": length, "from": told, "blocks": blocks})
            told = len(self.paragraphs) - 1
            await asyncio.sleep(_GATHER)


def _event(name: str, data: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def make_bare(answer: str, *, pace: float) -> Starlette:
    """Return an application that has the paths of ours which the audience asks."""
    talks: dict[str, _Talk] = {}
    speaking: set[asyncio.Task[None]] = set()

    async def events(request: Request) -> Response:
        talk = talks[request.path_params["key"]] = _Talk()
        return StreamingResponse(talk.events(), media_type="text/event-stream")

    async def send(request: Request) -> Response:
        await request.json()
        talk = talks[request.path_params["key"]]
        task = asyncio.get_running_loop().create_task(talk.speak(answer.split("\n\n"), pace))
        speaking.add(task)
        task.add_done_callback(speaking.discard)
        return JSONResponse({"seq": 1, "id": "1"}, status_code=202)

    async def ready(request: Request) -> Response:  # noqa: ARG001 - Starlette's way
        return Response()

    return Starlette(
        routes=[
            Route("/readyz", ready),
            Route("/v1/conversations/{key}/events", events),
            Route("/v1/conversations/{key}/messages", send, methods=["POST"]),
        ]
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("answer")
    parser.add_argument("--pace", type=float, default=0.0)
    parser.add_argument("--port", type=int)
    options = parser.parse_args()
    application = make_bare(options.answer, pace=options.pace)
    uvicorn.run(application, port=options.port, log_level="warning", access_log=False)
