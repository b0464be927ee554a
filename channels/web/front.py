"""What every request finds: the bot, the sites, and who is asking."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request, Response

from bot.app import App
from channels.web.limits import Limits, neighbourhood
from channels.web.problems import Problem
from channels.web.refusals import noted
from channels.web.sites import Sites
from channels.web.streams import Streams
from channels.web.tokens import Tokens, Visitor, bearer

CHANNEL = "web"


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """The parts that the endpoints share."""

    app: App
    sites: Sites
    tokens: Tokens
    limits: Limits
    streams: Streams
    clock: Callable[[], float]


def front(request: Request) -> Front:
    """Return what was put there by ``make_web``."""
    found: Front = request.app.state.front
    return found


Here = Annotated[Front, Depends(front)]


def address(request: Request) -> str:
    """Return the network address that a request counts for."""
    return neighbourhood(request.client.host if request.client else None)


Address = Annotated[str, Depends(address)]


def own_origin(request: Request) -> str:
    """Return this server's origin, as whoever asks sees it."""
    return f"{request.url.scheme}://{request.url.netloc}"


async def counted(here: Here, address: Address, response: Response) -> None:
    """Count a request against its address; nobody on the way is to keep its answer."""
    response.headers["Cache-Control"] = "no-store"
    await here.limits.request(address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A visitor's request. ``accept`` is what the client wants as an answer."""

    here: Front
    who: Visitor
    address: str
    accept: str


def bound(who: Visitor, origin: str) -> None:
    """Check that a session is used where it began.

    Raises:
        Problem: it is used by a page of another origin.
    """
    if origin != who.origin:
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "origin",
            "This session belongs to another page.",
            why=f"the session began on a page of {who.origin}",
        )


def call(request: Request, here: Here, address: Address) -> Call:
    """Return who asks, by the session's token.

    Raises:
        Problem: no token, none of ours, one that has ended, or one of another origin.
    """
    who = here.tokens.read(bearer(request.headers.get("authorization")), "visit")
    origin = request.headers.get("origin")
    with noted(site=who.site, origin=origin):
        site = here.sites.find(who.site)
        if origin is not None:  # a browser tells it, but of pages of our own
            bound(who, origin)
            site.origin(origin, own=own_origin(request))
    accept = request.headers.get("accept", "")
    return Call(here=here, who=who, address=address, accept=accept)


Calling = Annotated[Call, Depends(call)]
