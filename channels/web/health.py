"""Tells a load balancer whether this process is up, and whether it should be sent anybody."""

import asyncio
from http import HTTPStatus

from fastapi import APIRouter
from pydantic import BaseModel

from bot.errors import SchemaError, StoreUnavailable
from channels.web.front import Here
from channels.web.problems import Problem

_PATIENCE = 2.0  # seconds: whoever asks gives up soon, and asks again

ROUTER = APIRouter(tags=["health"])


class Health(BaseModel):
    """That all is well."""

    status: str = "ok"


@ROUTER.head("/healthz", include_in_schema=False)
@ROUTER.get("/healthz", operation_id="is_up")
async def healthz() -> Health:
    """Tell that the process is up."""
    return Health()


@ROUTER.head("/readyz", include_in_schema=False)
@ROUTER.get("/readyz", operation_id="is_ready")
async def readyz(here: Here) -> Health:
    """Tell whether to send visitors: the database answers, its tables fit, no end is near."""
    if here.streams.stopping:
        raise _unready("This process is stopping.")
    try:
        async with asyncio.timeout(_PATIENCE):
            fits = await here.app.database.fits()
    except (StoreUnavailable, SchemaError, TimeoutError):
        raise _unready("The database does not answer as it should.") from None
    if not fits:
        raise _unready("The database has other tables than this process works with.")
    return Health()


def _unready(detail: str) -> Problem:
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "unready", detail)
