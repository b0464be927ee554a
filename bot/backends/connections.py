"""An open way to a provider: takes a question, gives the answer's bytes, fails in one language."""

import importlib.util
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from pydantic_core import to_json

from bot.errors import MissingExtra, SettingsError

if TYPE_CHECKING:
    import httpx2

# Longer than any patience of the router, which is the one that gives up.
READ_SECONDS = 900.0
CONNECT_SECONDS = 10.0

_REFUSED = 300  # a question is not sent on to another address


class Refused(Exception):
    """The provider answered with an error, which is kept as it came; None is an event's status."""

    def __init__(
        self, status: int | None, body: object, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.body = body
        self.headers = headers or {}


class Unready(Exception):
    """The question could not be signed or addressed; the text says why, and what to change."""


class Response(Protocol):
    """An answer whose body is not read yet."""

    @property
    def headers(self) -> Mapping[str, str]: ...

    def aiter_bytes(self) -> AsyncGenerator[bytes]: ...

    async def aread(self) -> bytes: ...

    def json(self) -> Any: ...

    async def aclose(self) -> None: ...


class Connection(Protocol):
    """An open way to a provider."""

    async def ask(self, body: Mapping[str, Any]) -> Response:
        """Send a question and return the answer, of which only the head has come.

        Raises:
            Refused: the answer is an error.
            Unready: nothing was sent, and will not be until something changes.
            ConnectionError: nobody is there.
            TimeoutError: nothing came for too long.
            httpx2.HTTPError: the line broke.
        """
        ...

    async def close(self) -> None:
        """Hang up."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SdkConnection:
    """A client of a provider's SDK; ``path`` and ``headers`` are those of every question.

    With ``rewrites`` the client makes another request of the body before it is sent.
    """

    sdk: Any
    client: Any
    path: str
    headers: Mapping[str, object] = field(default_factory=dict)
    rewrites: bool = False

    async def ask(self, body: Mapping[str, Any]) -> Response:
        """Ask with the SDK's own address, key and errors.

        What its typed calls do beside, copying the body and checking it field by field, takes
        longer than all the rest.
        """
        import httpx2  # noqa: PLC0415 - the SDK has it open already

        content = to_json(body)  # in any case: it tells of half a character
        sent: dict[str, Any] = {"body": body} if self.rewrites else {"content": content}
        try:
            response: Response = await self.client.post(
                self.path,
                **sent,
                options={"headers": self.headers},
                cast_to=httpx2.Response,
                stream=True,
            )
        except self.sdk.APIStatusError as error:
            # Not chained: its text is the provider's whole answer, which may quote the customer.
            raise Refused(error.status_code, error.body, error.response.headers) from None
        except self.sdk.APITimeoutError as error:
            raise TimeoutError from error
        except self.sdk.APIConnectionError as error:
            raise ConnectionError(_reason(error.__cause__ or error)) from error
        return response

    async def close(self) -> None:
        """Hang up."""
        await self.client.close()


class PlainConnection:
    """Asks a provider whose protocol is small enough to be spoken without an SDK."""

    def __init__(
        self, *, url: str, headers: Mapping[str, str], client: "httpx2.AsyncClient | None"
    ) -> None:
        self.url = url
        self._headers = headers
        self.client = client or plain_client()

    async def ask(self, body: Mapping[str, Any]) -> Response:
        """Post ``body`` to the address."""
        return await self.send("POST", self.url, body=body)

    async def send(
        self,
        method: str,
        url: str,
        *,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> "httpx2.Response":
        """Send a request and return the answer, of which only the head has come."""
        import httpx2  # noqa: PLC0415 - takes a quarter of a second

        content = None if body is None else to_json(body)
        kind = {} if body is None else {"content-type": "application/json"}
        request = self.client.build_request(
            method, url, content=content, headers={**kind, **self._headers, **(headers or {})}
        )
        try:
            response = await self.client.send(request, stream=True)
        except httpx2.TimeoutException as error:
            raise TimeoutError from error
        except httpx2.TransportError as error:
            raise ConnectionError(_reason(error)) from error
        if response.status_code >= _REFUSED:
            raise Refused(response.status_code, await _told(response), response.headers)
        return response

    async def close(self) -> None:
        """Hang up."""
        await self.client.aclose()


def plain_client() -> "httpx2.AsyncClient":
    """Return an HTTP client that waits as long as the router may."""
    import httpx2  # noqa: PLC0415 - takes a quarter of a second

    return httpx2.AsyncClient(timeout=httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS))


async def _told(response: "httpx2.Response") -> object:
    """Read the body of an error, whatever its form."""
    try:
        await response.aread()
        return response.json()
    except ValueError:
        return response.text
    finally:
        await response.aclose()


def _reason(error: BaseException) -> str:
    return str(error) or type(error).__name__


def require(package: str, *, backend: str, install: str) -> None:
    """Make sure that ``package`` is there, without importing it.

    Raises:
        MissingExtra: it is not; ``install`` is what pip is to install.
    """
    try:
        found = importlib.util.find_spec(package)
    except ModuleNotFoundError:  # not even the package that it lies in
        found = None
    if found is None:
        raise MissingExtra(
            f"The {backend} backend needs the package '{package}'. "
            f"Install it with: pip install {install}"
        )


def plain_key(key: str, *, name: str) -> str:
    """Return ``key`` without blanks around it; SettingsError where no header could carry it."""
    key = key.strip()
    if key.isascii() and key.isprintable():
        return key
    raise SettingsError(
        f"The key in {name} holds signs that no key has (a line break or a letter with an accent). "
        "Copy it again from the provider's page."
    )
