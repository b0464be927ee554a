"""Hands what Slack says to the listeners, and tells whether Slack may consider it taken."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.errors import StoreUnavailable, without_text

_logger = logging.getLogger(__name__)


async def taken(
    bolt: AsyncApp, said: dict[str, Any], *, headers: Mapping[str, str]
) -> BoltResponse:
    """Return the listeners' answer.

    200 once it is kept, 503 where Slack must say it again, 400 for what nobody could ever take.
    Whoever calls this knows that ``said`` is Slack's. ``headers`` are those of a repetition.
    """
    try:
        # Bolt checks no signature of what comes over a socket; over HTTP we checked it ourselves.
        request = AsyncBoltRequest(body=said, headers=dict(headers), mode="socket_mode")
    except Exception as error:  # noqa: BLE001 - whatever a shape that Slack never sends may raise
        _logger.debug("Slack said something of no known shape: %s", without_text(error))
        return BoltResponse(status=HTTPStatus.BAD_REQUEST)
    try:
        response = await bolt.async_dispatch(request)
    except StoreUnavailable as error:
        _logger.warning("Slack was told to say something again: %s", error)
        return BoltResponse(status=HTTPStatus.SERVICE_UNAVAILABLE)
    except Exception as error:  # noqa: BLE001 - its text may quote a customer
        _logger.warning("Slack was told to say something again: %s", without_text(error))
        return BoltResponse(status=HTTPStatus.SERVICE_UNAVAILABLE)
    if response.status == HTTPStatus.NOT_FOUND:
        _logger.debug("Nothing listens to a %s of Slack.", _kind(said))
        return BoltResponse(status=HTTPStatus.OK)
    if response.status != HTTPStatus.OK:
        return BoltResponse(status=HTTPStatus.SERVICE_UNAVAILABLE)
    return response


def _kind(said: Mapping[str, Any]) -> str:
    event = said.get("event")
    found = event.get("type") if isinstance(event, dict) else said.get("type")
    return found[:80] if isinstance(found, str) else "thing"
