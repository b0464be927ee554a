"""GPT, at OpenAI or in a resource of Azure, and every server that speaks OpenAI's protocols."""

import re
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.backends import chat, responses, thinking
from bot.backends.base import Output, Request
from bot.backends.connections import (
    CONNECT_SECONDS,
    READ_SECONDS,
    Connection,
    SdkConnection,
    plain_key,
    require,
)
from bot.backends.failures import Failures
from bot.backends.wire import Wire
from bot.settings import AzureSettings, OpenAISettings

if TYPE_CHECKING:
    import httpx2

_ADDRESS = "https://api.openai.com/v1"
_AZURE_ROOT = re.compile(r"/openai(/v1)?/?$")


class OpenAIBackend:
    """Streams the answers of a server that speaks OpenAI's protocols. A local one needs no key."""

    writes = True

    def __init__(
        self,
        *,
        name: str,
        settings: OpenAISettings | AzureSettings,
        key: str | None,
        http_client: "httpx2.AsyncClient | None" = None,
    ) -> None:
        self.name = name
        self.model = settings.model
        self._address = _address(settings)
        self.provider = urlsplit(settings.base_url or "").hostname or "openai"
        self._settings = settings
        self._key = plain_key(key, name=settings.key_env) if key else None
        self._http_client = http_client
        require("openai", backend=settings.kind, install="openai")
        self._wire = Wire(
            connect=self._connect,
            failures=Failures(
                backend=name,
                address=self._address,
                credentials=f"the key in {settings.key_env}",
                key=self._key,
            ),
            loggers=["openai"],
            prefilled=settings.prefilled,
        )

    @property
    def thinks(self) -> bool:
        """Whether the model can be told how hard to think."""
        return thinking.can_think(self._settings)

    def stream(self, request: Request) -> AsyncGenerator[Output]:
        """Ask once, and give the answer as it comes."""
        if self._settings.api == "chat":
            body = chat.to_body(request, settings=self._settings)
            return self._wire.stream(
                body, request=request, answer=chat.ChatAnswer(model=self.model)
            )
        of = f"{self.provider}/{self.model}"
        return self._wire.stream(
            responses.to_body(request, settings=self._settings, of=of),
            request=request,
            answer=responses.ResponsesAnswer(model=self.model, of=of),
        )

    def warm(self) -> None:
        """Import the SDK ahead of the first question; takes a second or two of a thread."""
        self._wire.open()

    async def close(self) -> None:
        """Let go of connections; safe to call twice."""
        await self._wire.close()

    def _connect(self) -> Connection:
        import openai  # noqa: PLC0415 - takes half a second

        options = {
            "max_retries": 0,
            "timeout": openai.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            "http_client": self._http_client,
        }
        client, headers = self._client(openai, options)
        path = chat.PATH if self._settings.api == "chat" else responses.PATH
        connection = SdkConnection(sdk=openai, client=client, path=path, headers=headers)
        return connection if path == chat.PATH else responses.Forgetful(connection=connection)

    def _client(self, openai: Any, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Return the SDK's client, and the headers of every question."""
        match self._settings:
            case AzureSettings(api_version=str(version)):
                client = openai.AsyncAzureOpenAI(
                    azure_endpoint=self._address,
                    azure_deployment=self.model,
                    api_version=version,
                    api_key=self._key or "none",
                    **options,
                )
                return client, {}
            case AzureSettings():
                root = f"{self._address}/openai/v1"
                client = openai.AsyncOpenAI(api_key="none", base_url=root, **options)
                return client, {"api-key": self._key or "none", "Authorization": openai.Omit()}
        client = openai.AsyncOpenAI(api_key=self._key or "none", base_url=self._address, **options)
        return client, {} if self._key else {"Authorization": openai.Omit()}


def _address(settings: OpenAISettings | AzureSettings) -> str:
    """Return where the server is; people copy an Azure resource's with more or less of a path."""
    if isinstance(settings, AzureSettings):
        return _AZURE_ROOT.sub("", settings.base_url.rstrip("/"))
    return settings.base_url or _ADDRESS
