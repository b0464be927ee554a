"""Turns away bodies that are too large, before they are read."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from channels.web.problems import of_status


class Size:
    """Plain ASGI, so that streams pass through as they come. ``longest`` is in bytes."""

    def __init__(self, app: ASGIApp, longest: int) -> None:
        self._app = app
        self._longest = longest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        said = Headers(scope=scope).get("content-length", "0")
        if said.isdigit() and int(said) > self._longest:
            await of_status(HTTPStatus.REQUEST_ENTITY_TOO_LARGE).response()(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._longest:
                # It may have no end: the line is closed, and not read on.
                raise HTTPException(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, headers={"Connection": "close"}
                )
            return message

        await self._app(scope, counted, send)
