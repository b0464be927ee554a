"""Tells a client what went wrong, in the one format of RFC 9457, and never why inside of us."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.errors import StoreUnavailable, without_words

_logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

# Where a body is no JSON at all; anything else that is wrong with a request is told field by field.
_MALFORMED = "json_invalid"

_MOST_ERRORS = 20  # that one answer names


class Problem(Exception):
    """A request that is not done; ``kind`` names the reason for programs, ``detail`` for people.

    ``why`` is for the log alone: the reason in full, without anything secret.
    """

    def __init__(
        self,
        status: HTTPStatus,
        kind: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Mapping[str, str]] = (),
        why: str = "",
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = headers
        self.errors = errors
        self.why = why or detail

    def response(self) -> JSONResponse:
        body: dict[str, Any] = {
            "type": f"urn:frontdesk:{self.kind}",
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = self.errors
        headers = {"Cache-Control": "no-store", **(self.headers or {})}
        return JSONResponse(body, self.status, headers=headers, media_type=MEDIA_TYPE)


def not_found() -> Problem:
    """Return what is said of what is not there and of what is another's, without a difference."""
    return Problem(HTTPStatus.NOT_FOUND, "not-found", "There is nothing of yours here.")


def told(web: FastAPI) -> None:
    """Let every error of ``web`` be told as a problem."""

    @web.exception_handler(Problem)
    async def problem(_: Request, error: Problem) -> JSONResponse:
        return error.response()

    @web.exception_handler(HTTPException)
    async def plain(_: Request, error: HTTPException) -> JSONResponse:
        return of_status(error.status_code, error.headers).response()

    @web.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return of_fields(error).response()

    @web.exception_handler(StoreUnavailable)
    async def unavailable(_: Request, error: StoreUnavailable) -> JSONResponse:
        _logger.warning("A request could not be done: %s", error)
        return Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "unavailable",
            "That cannot be done just now. Try again.",
            headers={"Retry-After": "1"},
        ).response()


def of_status(status: int, headers: Mapping[str, str] | None = None) -> Problem:
    """Return the problem of a plain status, as routing and the framework raise it."""
    found = HTTPStatus(status)
    kind = found.phrase.lower().replace(" ", "-")
    return Problem(found, kind, f"{found.description or found.phrase}.", headers=headers)


def of_fields(error: RequestValidationError) -> Problem:
    """Return what is wrong with each part of a request, without repeating what was sent."""
    found = error.errors()
    if any(each["type"] == _MALFORMED for each in found):
        return Problem(HTTPStatus.BAD_REQUEST, "malformed", "The body is not valid JSON.")
    errors = [
        {"at": "/".join(map(str, each["loc"])), "detail": each["msg"]}
        for each in found[:_MOST_ERRORS]
    ]
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid",
        "The request is not what is expected here.",
        errors=errors,
    )


class Unforeseen:
    """Answers for errors that nobody foresaw: a plain problem outside, no words in the log.

    Plain ASGI, so that streams pass through as they come.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            _logger.exception("A request failed.", exc_info=without_words(error))
            if not begun:
                detail = "Something went wrong on our side."
                status = HTTPStatus.INTERNAL_SERVER_ERROR
                await Problem(status, "internal", detail).response()(scope, receive, send)
