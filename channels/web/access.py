"""Notes each request: what was asked of which endpoint and how it went, and nothing that was said.

Addresses of pages may hold words and names, so an endpoint is noted by its pattern.
"""

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_logger = logging.getLogger(__name__)


class Access:
    """Plain ASGI, so that streams pass through as they come."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.monotonic(), 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            milliseconds = (time.monotonic() - begun) * 1000
            _logger.info("%s %s %d %.0f ms", scope["method"], _asked(scope), status, milliseconds)


def _asked(scope: Scope) -> str:
    if "route" in scope:
        return str(scope["route"].path)
    return "(a file)" if "endpoint" in scope else "(nothing there)"
