"""A provider's failures become ours here: try again, try another, or tell the owner."""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

from bot.backends.base import Request
from bot.backends.discretion import discreet
from bot.backends.waits import wait_of
from bot.errors import BackendBusy, BackendError, BackendMisconfigured, BackendUnavailable

# What an error event after a 200 would have been as a status.
_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
    "invalid_prompt": 400,
    "context_length_exceeded": 400,
    "rate_limit_exceeded": 429,
    "throttlingException": 429,
    "validationException": 400,
    "modelTimeoutException": 408,
    "serviceUnavailableException": 503,
    "overloaded": 503,
    "validation": 422,
}
_ANY = range(1000)


@dataclass(frozen=True, slots=True)
class _Rule:
    """Failures with one of ``statuses`` whose kind or message has ``pattern`` in it."""

    statuses: Container[int]
    pattern: str
    error: type[BackendError]
    cure: str


# The first that fits decides.
_RULES = (
    _Rule(
        _ANY,
        r"insufficient.(quota|balance|credits|funds)|billing_|credit balance",
        BackendMisconfigured,
        "Check the plan and the billing of the account.",
    ),
    _Rule(
        range(300, 400),
        "",
        BackendMisconfigured,
        "Set 'base_url' in [backends.{backend}] to where it leads.",
    ),
    _Rule({402}, "", BackendMisconfigured, "Check the plan and the billing of the account."),
    _Rule({401}, "", BackendMisconfigured, "Check {credentials}."),
    _Rule({403}, "", BackendMisconfigured, "Check what {credentials} may use."),
    _Rule(
        {404},
        "DeploymentNotFound",
        BackendMisconfigured,
        "Set 'model' in [backends.{backend}] to the name of a deployment of that resource.",
    ),
    _Rule({404}, "", BackendMisconfigured, "Check 'model' and 'base_url' in [backends.{backend}]."),
    _Rule(
        {400, 413, 422, 429},
        r"too (long|large)|context.(length|window)|maximum context|reduce the length",
        BackendUnavailable,
        "A backend that reads more may answer it.",
    ),
    _Rule(
        {400, 422},
        r"(not ?|n.t |un)supported|does not work with|unknown (name|field|param)|not permitted"
        r"|may only be set|is deprecated"
        r"|model_not_found|does not exist|not a valid model|maximum allowed number of output",
        BackendMisconfigured,
        "Change what it names in [backends.{backend}].",
    ),
    _Rule({501, 505}, "", BackendUnavailable, "Another backend may answer it."),
    _Rule(
        {408, 409, 425, 429, *range(500, 600)}, "", BackendBusy, "It may work again in a moment."
    ),
    _Rule(_ANY, "", BackendUnavailable, "Another backend may answer it."),
)


class Failures:
    """Explains one backend's failures. No text of it holds the key or a customer's words.

    ``credentials`` is what lets it in, as "the key in OPENAI_API_KEY".
    """

    def __init__(self, *, backend: str, address: str, credentials: str, key: str | None) -> None:
        self._backend = backend
        self._address = re.sub(r"//[^/@]*@", "//", address)  # no name and password of a proxy
        self._credentials = credentials
        self._key = key

    def refused(
        self, status: int | None, body: object, headers: Mapping[str, str], request: Request
    ) -> BackendError:
        """Sort an error answer, or an error event where ``status`` is None."""
        error = _error(body)
        status = status or _status(error)
        kind = f"{error.get('type') or ''} {error.get('code') or ''}".strip()
        kind = kind or headers.get("x-amzn-errortype", "").partition(":")[0]
        message = str(error.get("message") or error.get("detail") or "")
        rule = _rule(status, f"{kind} {message}")
        text = (
            f"The backend '{self._backend}' refused with {status}"
            f"{f' ({kind})' if kind else ''}: "
            f"{_sentence(discreet(message, key=self._key, request=request))}{_filtered(error)} "
            f"{rule.cure.format(credentials=self._credentials, backend=self._backend)}"
            f"{_request_id(body, headers)}"
        )
        if rule.error is BackendBusy:
            wait = wait_of(headers, message)
            if wait is None:
                wait = _loading(error)
            return BackendBusy(text, backend=self._backend, retry_after=wait)
        return rule.error(text, backend=self._backend)

    def unreachable(self, reason: BaseException) -> BackendBusy:
        """The line could not be opened, for ``reason``."""
        return self._busy(
            f"cannot be reached at {self._address}: "
            f"{_sentence(str(reason) or type(reason).__name__)} "
            "Check 'base_url' and the network if it stays so."
        )

    def silent(self) -> BackendBusy:
        """Nothing came for too long."""
        return self._busy(f"gave no sign of life at {self._address}. It may work in a moment.")

    def cut(self) -> BackendBusy:
        """The answer stopped without its end."""
        return self._busy("broke off in mid-answer. It may work in a moment.")

    def garbled(self, reason: object) -> BackendUnavailable:
        """What came is not what its protocol promises."""
        return BackendUnavailable(
            f"The backend '{self._backend}' answered in a form that is not its protocol's: "
            f"{reason}. Check that 'base_url' and 'kind' in [backends.{self._backend}] fit.",
            backend=self._backend,
        )

    def unready(self, reason: object) -> BackendMisconfigured:
        """The question could not be signed or addressed, for ``reason``."""
        return BackendMisconfigured(
            f"The backend '{self._backend}' cannot be asked: {reason}", backend=self._backend
        )

    def unsendable(self) -> BackendUnavailable:
        """The question holds half a surrogate pair."""
        return BackendUnavailable(
            f"The question for the backend '{self._backend}' holds half a character, which no JSON "
            "can carry. It must be cleaned before it is kept.",
            backend=self._backend,
        )

    def _busy(self, what: str) -> BackendBusy:
        return BackendBusy(f"The backend '{self._backend}' {what}", backend=self._backend)


def _error(body: object) -> dict[str, Any]:
    """Find the error in a body; servers that speak a protocol agree on little less than this."""
    if isinstance(body, list) and body:
        body = body[0]
    if isinstance(body, dict) and isinstance(body.get("error"), str):
        return {**body, "message": body["error"], "type": body.get("error_type")}
    if isinstance(body, dict) and "error" in body:
        body = body["error"]
    return body if isinstance(body, dict) else {"message": _page_title(str(body or ""))}


def _loading(error: Mapping[str, Any]) -> float | None:
    """Say how long a model that is being loaded will still take."""
    seconds = error.get("estimated_time")
    return float(seconds) if isinstance(seconds, int | float) else None


def _filtered(error: Mapping[str, Any]) -> str:
    """Say what Azure's filter found, which its message does not tell."""
    inner = error.get("innererror")
    found = inner.get("content_filter_result") if isinstance(inner, dict) else None
    if not isinstance(found, dict):
        return ""
    kinds = [
        f"{kind} ({result.get('severity', 'found')})"
        for kind, result in found.items()
        if isinstance(result, dict) and result.get("filtered")
    ]
    return f" It found: {', '.join(kinds)}." if kinds else ""


def _sentence(message: str) -> str:
    message = message or "no reason given"
    return message if message[-1] in ".!?…" else f"{message}."


def _page_title(text: str) -> str:
    """Make a proxy's HTML page as short as its title."""
    title = re.search(r"<title>(.*?)</title>", text, re.DOTALL | re.IGNORECASE)
    return title.group(1) if title else text


def _status(error: Mapping[str, Any]) -> int:
    """Say which status an error event stands for; one that says nothing is the server's fault."""
    for named in (error.get("status_code"), error.get("code")):
        if isinstance(named, int) and named in range(400, 600):
            return named
    words = (str(error.get("type")), str(error.get("code")))
    return next((_STATUS[word] for word in words if word in _STATUS), 500)


def _rule(status: int, said: str) -> _Rule:
    return next(
        rule
        for rule in _RULES
        if status in rule.statuses and re.search(rule.pattern, said, re.IGNORECASE)
    )


def _request_id(body: object, headers: Mapping[str, str]) -> str:
    named = body.get("request_id") if isinstance(body, dict) else None
    found = named or headers.get("request-id") or headers.get("x-request-id")
    found = found or headers.get("x-amzn-requestid")
    return f" (request {found})" if found else ""
