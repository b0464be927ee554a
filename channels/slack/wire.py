"""One request to Slack's Web API, through the SDK's client."""

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from channels.slack.errors import SlackBusy, SlackError, refusal

# At its default level the SDK logs everything that it sends and hears.
_SILENT: Final = logging.getLogger("channels.slack.sdk")
_SILENT.setLevel(logging.ERROR)

# The others take JSON.
_ASKED_BY_GET: Final = frozenset({
    "auth.revoke",
    "bots.info",
    "chat.getPermalink",
    "conversations.history",
    "conversations.info",
    "conversations.members",
    "conversations.replies",
    "files.info",
    "team.info",
    "users.conversations",
    "users.info",
})  # fmt: skip
_ASKED_BY_FORM: Final = frozenset({
    "apps.connections.open",
    "apps.uninstall",
    "assistant.threads.setTitle",
    "auth.test",
    "chat.delete",
    "conversations.join",
    "conversations.open",
    "oauth.v2.access",
    "reactions.add",
})  # fmt: skip

_OK, _NOT_FOUND, _TOO_MANY, _FAULT = 200, 404, 429, 500
_BUSY: Final = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
_FAULTS: Final = frozenset({
    "fatal_error",
    "internal_error",
    "request_timeout",
    "service_unavailable",
    "team_added_to_org",
})  # fmt: skip
_CODE: Final = re.compile(r"[a-z][a-z0-9_.-]{0,79}")
_SCOPES: Final = re.compile(r"[a-z][a-z0-9_.:,-]{0,199}")

# A second is what Slack asks for where it says nothing else.
_RETRY_AFTER, _LONGEST_RETRY_AFTER = 1.0, 3600.0

_PATIENCE = 30.0  # seconds

# Whatever else a broken answer makes of the SDK, none of its texts may be shown.
_BROKEN: Final = (aiohttp.ClientError, OSError, ValueError, LookupError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What Slack answered; ``scopes`` are those of the token that it was asked with."""

    data: Mapping[str, Any]
    scopes: frozenset[str]


class Wire:
    """Asks Slack, with whichever token, over one set of connections, and mostly once."""

    def __init__(self, *, api_url: str, seconds: float = 20.0) -> None:
        self._api_url = api_url
        self._seconds = seconds
        self._client: AsyncWebClient | None = None
        self._session: aiohttp.ClientSession | None = None

    async def ask(
        self,
        method: str,
        *,
        token: str,
        where: str,
        arguments: Mapping[str, Any],
        login: tuple[str, str] | None = None,
    ) -> Heard:
        """Call ``method`` and return its answer; ``where`` is named in errors.

        ``login`` are the app's id and secret, for the methods that want these and no token.

        Raises:
            SlackBusy, SlackRefused: see there.
        """
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if login is not None:
            headers["Authorization"] = aiohttp.encode_basic_auth(*login)
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._opened().api_call(
                    method, headers=headers, **_shape(method, arguments)
                )
        except SlackApiError as error:
            failure = _failure(error.response, method=method, where=where)
        except aiohttp.ClientConnectorError as error:
            failure = SlackBusy(
                f"Slack cannot be reached for {method} in {where}: {self._api_url} {_cause(error)}."
            )
        except TimeoutError:
            text = f"Slack did not answer {method} in {where} within {self._seconds:g} s."
            failure = SlackBusy(text, uncertain=True)
        except _BROKEN as error:
            text = f"Slack's answer to {method} in {where} was cut ({type(error).__name__})."
            failure = SlackBusy(text, uncertain=True)
        else:
            scopes = str(answer.headers.get("x-oauth-scopes") or "")
            named = frozenset(filter(None, map(str.strip, scopes.split(","))))
            return Heard(data=answer.data if isinstance(answer.data, dict) else {}, scopes=named)
        raise failure  # and not from the error, which quotes what was said

    async def ask_patiently(self, method: str, *, token: str, where: str) -> Heard:
        """Call ``method`` without arguments; a second time if Slack asks to wait, for not too long.

        Raises:
            SlackBusy, SlackRefused: see there.
        """
        try:
            return await self.ask(method, token=token, where=where, arguments={})
        except SlackBusy as busy:
            if busy.retry_after is None or busy.retry_after > _PATIENCE:
                raise
            await asyncio.sleep(busy.retry_after)
        return await self.ask(method, token=token, where=where, arguments={})

    def _opened(self) -> AsyncWebClient:
        if self._client is None:
            # Workspaces share the connections, and no cookies.
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
            self._client = AsyncWebClient(
                base_url=self._api_url, session=self._session, logger=_SILENT, retry_handlers=[]
            )
            if not self._api_url.startswith("https:"):
                self._client.proxy = None  # it is a machine nearby
        return self._client

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
        self._client = self._session = None


def _shape(method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``arguments`` as the method wants them: in a query, a form or a body of JSON."""
    told = {name: _clean(value) for name, value in arguments.items() if value is not None}
    if method in _ASKED_BY_GET:
        return {"http_verb": "GET", "params": _flat(told)}
    if method in _ASKED_BY_FORM:
        return {"data": _flat(told)}
    return {"json": told}


def _flat(arguments: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in arguments.items()
    }


def _clean(value: Any) -> Any:
    """Return ``value`` with every half of a surrogate pair replaced: no wire carries one."""
    match value:
        case str():
            whole = value.encode("utf-16-le", "surrogatepass")
            return whole.decode("utf-16-le", "replace")
        case Mapping():
            return {str(_clean(name)): _clean(each) for name, each in value.items()}
        case list() | tuple():
            return [_clean(each) for each in value]
    return value


def _failure(response: Any, *, method: str, where: str) -> SlackError:
    """Return what to raise for an answer that is not "ok"."""
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0))
    data = getattr(response, "data", None)
    told = data if isinstance(data, dict) else {}
    code = _code(told.get("error"), _CODE)
    if status == _TOO_MANY or code in _BUSY:
        text = f"Slack is asked too often for {method} in {where}."
        return SlackBusy(text, retry_after=_retry_after(getattr(response, "headers", {})))
    if status >= _FAULT or code in _FAULTS:
        text = f"Slack failed at {method} in {where} ({code or status})."
        return SlackBusy(text, uncertain=True)
    if not code:
        text = f"Slack's answer to {method} in {where} tells nothing (HTTP {status})."
        if status == _NOT_FOUND or _is_page(getattr(response, "headers", {})):
            text = (
                f"What [slack] api_url names is no Slack API: it answers {method} in {where} "
                f"with a page, or with nothing (HTTP {status})."
            )
        return SlackBusy(text, uncertain=status == _OK)
    needed = _code(told.get("needed"), _SCOPES)
    return refusal(code, method=method, where=where, needed=needed)


def _is_page(headers: Mapping[str, Any]) -> bool:
    return str(headers.get("Content-Type", "")).startswith("text/html")


def _cause(error: aiohttp.ClientConnectorError) -> str:
    """Return why there is no line, in our own words: an error's text may hold anything."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "is at no known address"
        case aiohttp.ClientConnectorCertificateError():
            return "has no certificate that is trusted"
        case aiohttp.ClientSSLError():
            return "speaks no TLS that is understood"
    match error.os_error:
        case ConnectionRefusedError():
            return "refused the connection"
        case _:
            return f"does not answer ({type(error.os_error).__name__})"


def _code(said: object, known: re.Pattern[str]) -> str:
    return said if isinstance(said, str) and known.fullmatch(said) else ""


def _retry_after(headers: Mapping[str, Any]) -> float:
    try:
        seconds = float(headers.get("Retry-After", _RETRY_AFTER))
    except (TypeError, ValueError):
        return _RETRY_AFTER
    # Not a number is less than nothing.
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER) if seconds >= 0 else _RETRY_AFTER
