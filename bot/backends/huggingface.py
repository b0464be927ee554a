"""Models that Hugging Face's inference providers run, and inference endpoints of one's own.

The library finds the provider's address and its name for the model; the bytes are ours. Its own
client holds every streamed answer open until it is closed itself, and looks up a model's provider
on the event loop, where all other answers wait for it.

The protocols: https://huggingface.co/docs/inference-providers/tasks/chat-completion
https://huggingface.co/docs/inference-providers/tasks/text-generation
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from bot.backends import chat
from bot.backends.base import Finished, Output, Request, StopReason, Text
from bot.backends.connections import (
    PlainConnection,
    Refused,
    Response,
    Unready,
    plain_key,
    require,
)
from bot.backends.events import DONE, Event
from bot.backends.failures import Failures
from bot.backends.plain import written
from bot.backends.wire import WHOLE, Wire
from bot.local.hub import limit_waiting
from bot.local.letters import Stops
from bot.local.talk import NEXT_SPEAKERS
from bot.messages import Usage
from bot.settings import HuggingFaceSettings
from bot.thoughts import is_mark

if TYPE_CHECKING:
    import httpx2

Part = dict[str, Any]

_TASKS = {"chat": "conversational", "text-generation": "text-generation"}
_UNKNOWN = re.compile(r"`model_kwargs` are not used by the model: \[(.*?)\]")
_BAD_REQUEST = 400


class HuggingFaceBackend:
    """Streams the answers of a model at Hugging Face.

    ``plain`` writes the prompt of a model that was never taught to chat: the template
    ``plain.j2``.
    """

    writes = True

    def __init__(
        self,
        *,
        name: str,
        settings: HuggingFaceSettings,
        key: str | None,
        plain: Callable[..., str],
        http_client: "httpx2.AsyncClient | None" = None,
    ) -> None:
        require("huggingface_hub", backend="huggingface", install="'frontdesk[huggingface]'")
        self.name = name
        self.model = settings.model
        self.provider = settings.sold_by
        self._settings = settings
        self._key = plain_key(key, name=settings.key_env) if key else None
        self._plain = plain
        self._http_client = http_client
        self._wire = Wire(
            connect=self._connect,
            failures=Failures(
                backend=name,
                address=settings.base_url or "router.huggingface.co",
                credentials=f"the key in {settings.key_env}",
                key=self._key,
            ),
            loggers=["huggingface_hub", "httpx2"],
            prefilled=settings.prefilled,
            whole=settings.task == "text-generation",
        )

    @property
    def frames(self) -> Collection[str]:
        """The template that a text is written with, for a model that only goes on with texts."""
        return () if self._settings.task == "chat" else ("plain.j2",)

    def stream(self, request: Request) -> AsyncGenerator[Output]:
        """Ask once, and give the answer as it comes."""
        if self._settings.task == "chat":
            body = to_talk(request, settings=self._settings)
            return self._wire.stream(
                body, request=request, answer=chat.ChatAnswer(model=self.model)
            )
        stops = (*request.stop, *NEXT_SPEAKERS)
        body = to_prompt(request, settings=self._settings, plain=self._plain, stops=stops)
        answer = _Written(model=self.model, stops=stops)
        return self._wire.stream(body, request=request, answer=answer)

    def warm(self) -> None:
        """Import the library ahead of the first question; takes a second of a thread."""
        self._wire.open()

    async def close(self) -> None:
        """Let go of connections; safe to call twice."""
        await self._wire.close()

    def _connect(self) -> "_Routed":
        import huggingface_hub.inference._client as _  # noqa: F401, PLC0415 - takes a second

        limit_waiting()
        return _Routed(settings=self._settings, key=self._key, client=self._http_client)


# --- The question -----------------------------------------------------------------------------


def to_talk(request: Request, *, settings: HuggingFaceSettings) -> Part:
    """Write ``request`` as chat completion reads it."""
    return {
        "inputs": chat.to_messages(request),
        "parameters": {
            "model": settings.model,
            "max_tokens": _limit(request, settings),
            "temperature": _temperature(request, settings),
            "top_p": settings.top_p,
            "stop": list(request.stop) or None,
            "stream": True,
            "stream_options": {"include_usage": True},
        },
    }


def to_prompt(
    request: Request,
    *,
    settings: HuggingFaceSettings,
    plain: Callable[..., str],
    stops: tuple[str, ...],
) -> Part:
    """Write ``request`` as one text, for a model that goes on with it."""
    return {
        "inputs": written(request, plain),
        "parameters": {
            "max_new_tokens": _limit(request, settings),
            "temperature": _temperature(request, settings) or None,  # 0 is refused
            "do_sample": bool(_temperature(request, settings)),
            "top_p": settings.top_p,
            "top_k": settings.top_k,
            "stop": list(stops),
            "return_full_text": False,
            "details": True,
        },
        "extra_payload": {"stream": True},
    }


def _limit(request: Request, settings: HuggingFaceSettings) -> int:
    return min(request.max_tokens or settings.max_tokens, settings.max_tokens)


def _temperature(request: Request, settings: HuggingFaceSettings) -> float | None:
    return settings.temperature if request.temperature is None else request.temperature


class _Routed(PlainConnection):
    """Asks where the library says that the model's provider is."""

    def __init__(
        self,
        *,
        settings: HuggingFaceSettings,
        key: str | None,
        client: "httpx2.AsyncClient | None",
    ) -> None:
        super().__init__(url=settings.base_url or "", headers={}, client=client)
        self._settings = settings
        self._key = key

    async def ask(self, body: Mapping[str, Any]) -> Response:
        """Ask, and again in a simpler way where the server is a plain one, which cannot stream."""
        try:
            return await self._ask(body)
        except Refused as error:
            unknown = _UNKNOWN.search(str(error.body)) if error.status == _BAD_REQUEST else None
            if unknown is None:
                raise
        names = {name.strip(" '\"") for name in unknown[1].split(",")}
        known = {name: value for name, value in body["parameters"].items() if name not in names}
        return await self._ask({"inputs": body["inputs"], "parameters": known})

    async def _ask(self, body: Mapping[str, Any]) -> Response:
        # In a thread: the first question asks the hub for the model's provider.
        prepared = await asyncio.to_thread(self._prepared, body)
        headers = {
            name: value
            for name, value in prepared.headers.items()
            if self._key or name != "authorization"  # a server of one's own gets no other's token
        }
        return await self.send("POST", prepared.url, body=prepared.json, headers=headers)

    def _prepared(self, body: Mapping[str, Any]) -> Any:
        """Return the request as the provider wants it."""
        import httpx2  # noqa: PLC0415 - the library has it open already
        from huggingface_hub.errors import HfHubHTTPError  # noqa: PLC0415
        from huggingface_hub.inference._providers import get_provider_helper  # noqa: PLC0415

        settings = self._settings
        model = settings.base_url or settings.model
        billed = {"x-hf-bill-to": settings.bill_to} if settings.bill_to else {}
        try:
            helper = get_provider_helper(settings.provider, task=_TASKS[settings.task], model=model)
            return helper.prepare_request(**body, headers=billed, model=model, api_key=self._key)
        except HfHubHTTPError as error:
            said = error.server_message or str(error).split("\n")[0]
            answer = error.response
            raise Refused(answer.status_code, {"error": said}, answer.headers) from None
        except httpx2.HTTPError as error:
            raise ConnectionError(str(error) or type(error).__name__) from error
        except ValueError as error:
            raise Unready(
                f"{error} Change 'model', 'provider' or 'task'; https://huggingface.co/models"
                f"?other=conversational&inference_provider=all lists what is served."
            ) from error


# --- The answer -------------------------------------------------------------------------------


class _Written:
    """Reads how a model goes on with a text: token by token, or all at once."""

    def __init__(self, *, model: str, stops: tuple[str, ...]) -> None:
        self._model = model
        self._stops = Stops(stops)
        self._reason: StopReason | None = None  # until the model has said its last
        self._input = 0
        self._output = 0
        self._silent = True

    def read(self, event: Event) -> Iterator[Output]:
        """Give what a token adds to the answer."""
        if event.name == DONE:
            self._reason = self._reason or StopReason.END
        elif event.name == WHOLE:
            yield from self._whole(event.data["body"])
        elif "choices" in event.data:
            yield from self._completion(event.data)
        else:
            token = event.data["token"]
            hidden = token.get("special") and not is_mark(token["text"])
            yield from self._say("" if hidden else token["text"])
            if event.data.get("generated_text") is not None:
                self._end(event.data.get("details") or {})

    def end(self) -> Iterator[Output]:
        """Give the end where the model told why it stopped."""
        if self._reason is None:
            return
        if held := self._stops.close():
            yield Text(held)
        usage = Usage(input=self._input, output=self._output)
        yield Finished(reason=self._reason, usage=usage, model=self._model)

    def _whole(self, body: Any) -> Iterator[Output]:
        answer = body[0] if isinstance(body, list) else body
        yield from self._say(answer["generated_text"])
        self._end(answer.get("details") or {})

    def _completion(self, chunk: Part) -> Iterator[Output]:
        """Read a chunk of OpenAI's completions, which some providers speak."""
        if usage := chunk.get("usage"):
            self._input = usage.get("prompt_tokens") or 0
            self._output = usage.get("completion_tokens") or 0
        for choice in chunk["choices"]:
            yield from self._say(choice.get("text") or "")
            if stopped := choice.get("finish_reason"):
                self._reason = chat.stop_reason(stopped) or StopReason.END

    def _say(self, text: str) -> Iterator[Output]:
        if self._silent:
            text = text.lstrip()  # the prompt ends where a blank comes
        if self._stops.reached:
            return
        if certain := self._stops.add(text):
            self._silent = False
            yield Text(certain)

    def _end(self, details: Part) -> None:
        self._input = details.get("input_length") or len(details.get("prefill") or ())
        self._output = details.get("generated_tokens") or 0
        cut = details.get("finish_reason") == "length" and not self._stops.reached
        self._reason = StopReason.LENGTH if cut else StopReason.END
