"""A server that speaks Replicate's protocol. By hand: python -m tests.servers.replicate"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.servers.acts import JSON, Act, Answer, Fault, Recording, words
from tests.servers.base import Heard, ModelServer

_STATES = {None: "succeeded", Fault.ERROR: "failed"}


class ReplicateServer(ModelServer):
    """Makes predictions: each has a stream, an end that can be looked at, and can be cancelled.

    Acts are for the questions alone; ``cancelled`` has the ids of what was cancelled. Without
    ``streams`` a prediction can only be looked at.
    """

    def __init__(
        self,
        *script: Act | Callable[[Heard], Act],
        streams: bool = True,
        **more: Any,
    ) -> None:
        super().__init__(self._act, **more)
        self.cancelled: list[str] = []
        self._acts = script or (Answer(text="Hello."),)
        self._streams = streams
        self._begun: list[Act] = []
        self._limits: list[int] = []

    @property
    def url(self) -> str:
        return f"{super().url}/v1"

    def events(self, answer: Answer, heard: Heard) -> list[bytes]:
        del heard
        events = [_event("output", word) for word in words(answer.text)]
        return [*events, _event("done", "{}")]

    def error_event(self) -> bytes:
        return _event("error", json.dumps({"detail": "The model ran out of memory"}))

    def strange_event(self) -> bytes:
        return _event("prediction", '{"what": 7}')

    def error_body(self, status: int) -> Any:
        return {"title": "Failed", "detail": f"Failed with {status}", "status": status}

    def _act(self, heard: Heard) -> Act:
        *_, place, name = heard.path.split("/")
        if name == "predictions":
            return self._begin(heard)
        if name == "cancel":
            self.cancelled.append(place)
            return _json({"id": place, "status": "canceled"})
        if place == "streams":
            return self._begun[int(name)]
        return _json(self._ended(int(name)))

    def _begin(self, heard: Heard) -> Act:
        self._limits.append(heard.json()["input"]["max_tokens"])
        act = self._acts[len(self._begun) % len(self._acts)]
        if not isinstance(act, Answer | Recording) and callable(act):
            act = act(heard)
        stays = isinstance(act, Recording) and act.headers["content-type"].startswith(
            "text/event-stream"
        )
        if not isinstance(act, Answer) and not stays:
            self._begun.append(act)
            return act
        number = len(self._begun)
        self._begun.append(act)
        here = f"{self.url}/predictions/{number}"
        urls = {"get": here, "cancel": f"{here}/cancel"}
        if self._streams:
            urls["stream"] = f"{self.url}/streams/{number}"
        return _json({"id": str(number), "status": "starting", "urls": urls}, status=201)

    def _ended(self, number: int) -> dict[str, Any]:
        act = self._begun[number]
        if not isinstance(act, Answer):
            return {"id": str(number), "status": "succeeded", "output": None, "metrics": {}}
        state = _STATES.get(act.fault, "processing")
        written = self._limits[number] if act.stop == "length" else act.usage.output
        counts = {"input_token_count": act.usage.input, "output_token_count": written}
        output = words(act.text) if state == "succeeded" else []
        return {"id": str(number), "status": state, "output": output, "metrics": counts}


def _json(value: Any, *, status: int = 200) -> Recording:
    body = json.dumps(value).encode()
    return Recording(pieces=[body], status=status, headers={"content-type": JSON})


def _event(name: str, data: str) -> bytes:
    return b"".join(_lines(name, data))


def _lines(name: str, data: str) -> Iterator[bytes]:
    yield f"event: {name}\nid: 1:0\n".encode()
    for line in data.split("\n"):
        yield f"data: {line}\n".encode()
    yield b"\n"


if __name__ == "__main__":
    from tests.servers.by_hand import main

    main(ReplicateServer, kind="replicate")
