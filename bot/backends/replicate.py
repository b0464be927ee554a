"""Models at Replicate, over its own small protocol.

Its client stands on a second HTTP library, and has been released no more since early 2025; all
that is needed of it is three requests.

The protocol: https://replicate.com/docs/reference/http
Streams: https://replicate.com/docs/topics/predictions/streaming
"""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Callable, Collection, Iterator, Mapping
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.backends.base import Finished, Output, Request, StopReason, Text
from bot.backends.connections import PlainConnection, Refused, plain_key
from bot.backends.events import Event, EventReader, Garbled, to_event
from bot.backends.failures import Failures
from bot.backends.plain import written
from bot.backends.wire import Wire
from bot.local.letters import Stops
from bot.local.talk import NEXT_SPEAKERS
from bot.messages import Usage
from bot.settings import ReplicateSettings

if TYPE_CHECKING:
    import httpx2

Part = dict[str, Any]

_ADDRESS = "https://api.replicate.com/v1"
_ENDED = {"succeeded", "failed", "canceled", "aborted"}
_POLL_SECONDS = 0.5
_CANCEL_SECONDS = 5.0
_MARKS = re.compile(r"<\|(?=[a-z_]+\|>)")  # what only a template may write
_WRITTEN_IN_FULL = "{prompt}"


class ReplicateBackend:
    """Streams the answers of a model at Replicate, and cancels what nobody waits for.

    ``plain`` writes the prompt of a model that was never taught to chat: the template
    ``plain.j2``.
    """

    writes = True

    def __init__(
        self,
        *,
        name: str,
        settings: ReplicateSettings,
        key: str,
        plain: Callable[..., str],
        http_client: "httpx2.AsyncClient | None" = None,
    ) -> None:
        self.name = name
        self.model = settings.model
        self._address = settings.base_url or _ADDRESS
        self.provider = urlsplit(settings.base_url or "").hostname or "replicate"
        self._settings = settings
        self._key = plain_key(key, name=settings.key_env)
        self._plain = plain
        self._http_client = http_client
        self._wire = Wire(
            connect=self._connect,
            failures=Failures(
                backend=name,
                address=self._address,
                credentials=f"the key in {settings.key_env}",
                key=self._key,
            ),
            loggers=["httpx2"],
            prefilled=settings.prefilled,
            reader=lambda: EventReader(_understood),
        )

    @property
    def frames(self) -> Collection[str]:
        """The template that a talk is written with, line by line."""
        return ("plain.j2",) if self._settings.template == "plain" else ()

    def stream(self, request: Request) -> AsyncGenerator[Output]:
        """Ask once, and give the answer as it comes."""
        chat = self._settings.template == "llama-3"
        stops = request.stop if chat else (*request.stop, *NEXT_SPEAKERS)
        body = to_body(request, settings=self._settings, plain=self._plain)
        limit = body["input"]["max_tokens"]
        answer = _Answer(model=self.model, stops=stops, limit=limit)
        return self._wire.stream(body, request=request, answer=answer)

    def warm(self) -> None:
        """Open the client ahead of the first question; takes a quarter of a second of a thread."""
        self._wire.open()

    async def close(self) -> None:
        """Let go of connections; safe to call twice."""
        await self._wire.close()

    def _connect(self) -> "_Predictions":
        return _Predictions(
            url=f"{self._address}/{_place(self.model)}",
            headers={"Authorization": f"Bearer {self._key}"},
            client=self._http_client,
        )


def _place(model: str) -> str:
    """Return where predictions of a model are made; a version has a place of its own."""
    return "predictions" if ":" in model else f"models/{model}/predictions"


# --- The question -----------------------------------------------------------------------------


def to_body(
    request: Request, *, settings: ReplicateSettings, plain: Callable[..., str]
) -> dict[str, Any]:
    """Write ``request`` as a prediction's input.

    Its models read one text: the talk is written here, and the server's own template left out.
    """
    write = _llama if settings.template == "llama-3" else written
    inputs: Part = {
        "prompt": write(request, plain),
        "system_prompt": "",
        "prompt_template": _WRITTEN_IN_FULL,
        "max_tokens": min(request.max_tokens or settings.max_tokens, settings.max_tokens),
    }
    temperature = settings.temperature if request.temperature is None else request.temperature
    if temperature is not None:
        inputs["temperature"] = temperature
    if request.stop:
        inputs["stop_sequences"] = ",".join(request.stop)
    body: Part = {"input": inputs, "stream": True}
    if ":" in settings.model:
        body["version"] = settings.model.partition(":")[2]
    return body


def _llama(request: Request, _: Callable[..., str]) -> str:
    said = [("system", request.system), *((step.role, step.text) for step in request.history)]
    if request.context.strip():
        said.append(("user", request.context))
    turns = [_turn(role, text) for role, text in said if text.strip()]
    return "".join(["<|begin_of_text|>", *turns, _header("assistant")])


def _turn(role: str, text: str) -> str:
    return f"{_header(role)}{_MARKS.sub('< |', text.strip())}<|eot_id|>"


def _header(role: str) -> str:
    return f"<|start_header_id|>{role}<|end_header_id|>\n\n"


class _Predictions(PlainConnection):
    """Begins a prediction for each question."""

    async def ask(self, body: Mapping[str, Any]) -> "_Prediction":
        """Begin a prediction, and open its stream where it has one.

        A line that breaks between the two leaves no prediction running behind it.
        """
        made = await self.send("POST", self.url, body=body)
        await made.aread()
        begun = made.json()
        urls = begun.get("urls") if isinstance(begun, dict) else None
        if not isinstance(urls, dict) or not isinstance(urls.get("get"), str):
            raise Garbled("what came is no prediction")
        prediction = _Prediction(begun, connection=self, headers=made.headers)
        try:
            await prediction.open()
        except BaseException:
            await prediction.aclose()
            raise
        return prediction


class _Prediction:
    """Reads like one answer: the prediction's stream, and then what the prediction has come to."""

    def __init__(
        self, begun: Part, *, connection: _Predictions, headers: Mapping[str, str]
    ) -> None:
        self._begun = begun
        self._urls: dict[str, str] = begun["urls"]
        self._connection = connection
        self._stream: httpx2.Response | None = None
        self._over = begun.get("status") in _ENDED
        self.headers: Mapping[str, str] = {**headers, "content-type": "text/event-stream"}

    async def open(self) -> None:
        """Open the stream; the model may take minutes to start before anything comes."""
        if url := self._urls.get("stream"):
            accept = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
            self._stream = await self._connection.send("GET", url, headers=accept)

    async def aiter_bytes(self) -> AsyncGenerator[bytes]:
        if self._stream:
            async with aclosing(self._stream.aiter_bytes()) as chunks:
                async for chunk in chunks:
                    yield chunk
        ended = await self._ended(patient=self._stream is None)
        yield f"\n\nevent: prediction\ndata: {json.dumps(ended)}\n\n".encode()

    async def aclose(self) -> None:
        """Cancel the prediction if it is running: it costs money by the second."""
        if self._stream:
            await self._stream.aclose()
        if self._over or not (url := self._urls.get("cancel")):
            return
        self._over = True
        with suppress(Exception):  # nobody waits for it; what was left running ends by itself
            async with asyncio.timeout(_CANCEL_SECONDS):
                response = await self._connection.send("POST", url)
                await response.aread()

    async def aread(self) -> bytes:
        return b"".join([chunk async for chunk in self.aiter_bytes()])

    def json(self) -> Any:
        return self._begun

    async def _ended(self, *, patient: bool) -> Part:
        """Return the prediction at its end; ``patient`` waits for that of one without a stream."""
        while True:
            response = await self._connection.send("GET", self._urls["get"])
            await response.aread()
            found: Part = response.json()
            if not isinstance(found, dict):
                raise Garbled("what came is no prediction")
            self._over = found.get("status") in _ENDED
            if self._over or not patient:
                return found
            await asyncio.sleep(_POLL_SECONDS)


# --- The answer -------------------------------------------------------------------------------


def _understood(name: str, data: str) -> Event:
    """Read an event: what the model writes is plain text, all else is JSON."""
    if name == "output":
        return Event(name, {"text": data})
    try:
        return to_event(name, data)
    except Garbled:
        if name == "error":
            return Event(name, {"error": {"message": data}})
        raise


class _Answer:
    """Reads the events of one prediction."""

    def __init__(self, *, model: str, stops: tuple[str, ...], limit: int) -> None:
        self._model = model
        self._limit = limit
        self._stops = Stops(stops)
        self._came = ""
        self._silent = True
        self._done = False
        self._usage: Usage | None = None

    def read(self, event: Event) -> Iterator[Output]:
        """Give what ``event`` adds to the answer."""
        match event.name:
            case "output":
                yield from self._say(event.data["text"])
            case "error":
                raise Refused(None, event.data)
            case "done":
                if why := event.data.get("reason"):
                    raise Refused(None, {"message": f"The prediction ended: {why}."})
                self._done = True
            case "prediction":
                yield from self._ended(event.data)

    def end(self) -> Iterator[Output]:
        """Give the end where the prediction has come to its own."""
        if not self._done or self._usage is None:
            return
        if held := self._stops.close():
            yield Text(held)
        # It tells nowhere why a model stopped.
        cut = self._usage.output >= self._limit and not self._stops.reached
        reason = StopReason.LENGTH if cut else StopReason.END
        yield Finished(reason=reason, usage=self._usage, model=self._model)

    def _ended(self, prediction: Part) -> Iterator[Output]:
        status = prediction["status"]
        if status in _ENDED - {"succeeded"}:
            said = prediction.get("error") or f"The prediction is {status}."
            raise Refused(None, {"message": str(said)})
        if status == "succeeded" and not self._done:
            # Without a stream, or one that ended too early.
            output = prediction.get("output") or ""
            whole = output if isinstance(output, str) else "".join(output)
            if not whole.startswith(self._came):
                return
            yield from self._say(whole.removeprefix(self._came))
            self._done = True
        self._usage = _usage(prediction.get("metrics") or {})

    def _say(self, text: str) -> Iterator[Output]:
        self._came += text
        if self._silent:
            text = text.lstrip()  # a model's first words come after blank lines
        if self._stops.reached or not (certain := self._stops.add(text)):
            return
        self._silent = False
        yield Text(certain)


def _usage(metrics: Part) -> Usage:
    return Usage(
        input=metrics.get("input_token_count") or 0,
        output=metrics.get("output_token_count") or 0,
    )
