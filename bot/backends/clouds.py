"""Claude in the clouds of Amazon and Google: how the SDK's clients are made, and what they miss.

Both sign questions with what the cloud's own tools find on the machine; Amazon's answers come in
frames of its own: https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html
"""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.backends.connections import Connection, Response, SdkConnection, Unready
from bot.backends.events import Event, Garbled, to_event
from bot.settings import BedrockSettings, VertexSettings

PATH = "/v1/messages"

_AMAZON = (
    "Sign in with 'aws sso login' or 'aws configure', name one of your profiles with 'profile', "
    "or set {key_env} to an API key of Bedrock."
)
_GOOGLE = (
    "Sign in with 'gcloud auth application-default login', or set GOOGLE_APPLICATION_CREDENTIALS "
    "to the file of a service account."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signing:
    """Tells what hinders signing, in the words of who must mend it."""

    connection: Connection
    hindrances: tuple[type[Exception], ...]
    lines: tuple[type[Exception], ...]
    cure: str

    async def ask(self, body: Mapping[str, Any]) -> Response:
        """Sign a question, send it and return the answer."""
        try:
            return await self.connection.ask(body)
        except self.lines as error:
            raise ConnectionError(str(error)) from error
        except self.hindrances as error:
            raise Unready(f"{str(error).rstrip('.')}. {self.cure}") from error

    async def close(self) -> None:
        """Hang up."""
        await self.connection.close()


def bedrock(settings: BedrockSettings, *, key: str | None, options: dict[str, Any]) -> Connection:
    """Return a way to Claude at Amazon."""
    import anthropic  # noqa: PLC0415 - takes a second
    import botocore.exceptions as errors  # noqa: PLC0415

    cure = _AMAZON.format(key_env=settings.key_env)
    try:
        client = anthropic.AsyncAnthropicBedrock(
            aws_region=settings.region,
            aws_profile=settings.profile,
            api_key=key,
            base_url=settings.base_url,
            **options,
        )
    except (ValueError, errors.BotoCoreError) as error:
        raise Unready(f"{str(error).rstrip('.')}. Set 'region', or: {cure}") from error
    return _Signing(
        connection=SdkConnection(sdk=anthropic, client=client, path=PATH, rewrites=True),
        hindrances=(errors.BotoCoreError, RuntimeError),
        lines=(errors.HTTPClientError,),
        cure=cure,
    )


def vertex(settings: VertexSettings, *, key: str | None, options: dict[str, Any]) -> Connection:
    """Return a way to Claude at Google."""
    import anthropic  # noqa: PLC0415 - takes a second
    from google.auth import exceptions as errors  # noqa: PLC0415

    client = anthropic.AsyncAnthropicVertex(
        region=settings.region,
        project_id=settings.project,
        access_token=key,
        base_url=settings.base_url,
        **options,
    )
    return _Signing(
        connection=SdkConnection(sdk=anthropic, client=client, path=PATH, rewrites=True),
        hindrances=(errors.GoogleAuthError, RuntimeError),
        lines=(errors.TransportError,),
        cure=_GOOGLE,
    )


class FrameReader:
    """Takes Amazon's frames as they come, and gives the events that they carry."""

    def __init__(self) -> None:
        from botocore.eventstream import EventStreamBuffer  # noqa: PLC0415 - open already

        self._buffer = EventStreamBuffer()

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Give the events that ``chunk`` completes; Garbled where it belongs to no frame."""
        from botocore.eventstream import ParserError  # noqa: PLC0415

        self._buffer.add_data(chunk)
        try:
            for frame in self._buffer:
                yield _carried(frame.headers, frame.payload)
        except ParserError as error:
            raise Garbled("what came is no frame of Amazon's event streams") from error

    def end(self) -> Iterator[Event]:
        """Give nothing: half a frame is forgotten."""
        yield from ()


def _carried(headers: Mapping[str, Any], payload: bytes) -> Event:
    if headers.get(":message-type") == "event":
        carried = to_event("", payload.decode(errors="replace")).data
        data = base64.b64decode(carried.get("bytes") or "e30=").decode(errors="replace")
        value = to_event("", data).data
        return Event(str(value.get("type", "")), value)
    kind = headers.get(":exception-type") or headers.get(":error-code") or "error"
    try:
        said = json.loads(payload or b"{}").get("message")
    except (ValueError, AttributeError):
        said = None
    message = said or headers.get(":error-message") or ""
    return Event("error", {"error": {"type": kind, "message": message}})
