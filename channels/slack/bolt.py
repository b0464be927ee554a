"""Slack's own framework in front of the hall: it carries requests in, and answers out."""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltError
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import FrontdeskError, without_words
from channels.slack.hall import Hall
from channels.slack.talk import NotYet

_logger = logging.getLogger(__name__)

# Bolt's own loggers take its level: they print payloads, and what Slack answered.
_SILENT = logging.getLogger(f"{__name__}.itself")
_SILENT.setLevel(logging.CRITICAL)


class _Entrance(AsyncMiddleware):
    """Takes every request into the hall before Bolt looks for a listener or a token.

    Bolt answers what no listener wants with 404, logs what is in it, and breaks on shapes that it
    does not know; here everything is taken, and what nobody needs is ignored with a reason.
    """

    def __init__(self, hall: Hall) -> None:
        self._hall = hall

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,  # noqa: ARG002 - Bolt's promise
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - likewise
    ) -> BoltResponse:
        if req.body.get("type") == "url_verification":
            return await next()
        try:
            words = await self._hall.take(req.body)
        except NotYet as error:
            _logger.debug("Slack was told to say something again: %s", error)
            return BoltResponse(status=HTTPStatus.SERVICE_UNAVAILABLE)
        except FrontdeskError as error:
            _logger.warning("An event was not kept; Slack sends it again: %s", error)
            return BoltResponse(status=HTTPStatus.SERVICE_UNAVAILABLE)
        if not words:
            return BoltResponse(status=HTTPStatus.OK)
        shown = {"response_type": "ephemeral", "text": words}
        return BoltResponse(status=HTTPStatus.OK, body=shown)


def make_bolt(hall: Hall, *, api_url: str) -> AsyncApp:
    """Return Bolt's app before ``hall``, for a socket or for HTTP.

    Bolt takes tokens from the environment by itself where it finds them: none of that is used.
    """
    bolt = AsyncApp(
        name=_SILENT.name,
        logger=_SILENT,
        client=AsyncWebClient(base_url=api_url, logger=_SILENT),
        process_before_response=True,
        before_authorize=_Entrance(hall),
        authorize=_nobody,  # never asked
    )
    bolt.error(_failed)
    return bolt


async def _nobody() -> AuthorizeResult:
    """Refuse: the hall knows by itself where the bot is installed, and nothing comes this far."""
    raise BoltError("Nobody is asked for a token.")


async def _failed(error: Exception) -> BoltResponse:
    _logger.error("An event is not understood.", exc_info=without_words(error))
    return BoltResponse(status=HTTPStatus.INTERNAL_SERVER_ERROR)
