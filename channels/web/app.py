"""Puts the web server together: the API, its description, and what stands in front of both."""

import secrets
import time
from collections.abc import Callable

from fastapi import FastAPI

from bot.app import App
from channels.web import conversations, docs, health, sessions, shop
from channels.web.access import Access
from channels.web.assets import Assets
from channels.web.description import described
from channels.web.front import Front
from channels.web.limits import Limits
from channels.web.problems import Unforeseen, told
from channels.web.refusals import Cors
from channels.web.sites import Sites
from channels.web.size import Size
from channels.web.streams import Streams
from channels.web.tokens import Tokens

_ABOUT = "Sessions, messages and events of the web chat."
_SECRET = "web.sessions"  # noqa: S105 - the name of one
_A_DAY = 86_400


async def make_web(
    app: App,
    *,
    streams: Streams | None = None,
    clock: Callable[[], float] = time.time,  # noqa: TID251 - a door of the house
) -> FastAPI:
    """Return the server of the web chat for ``app``; ``streams.stop()`` ends what stands open.

    Raises:
        SettingsError: a key or a secret that the settings name is missing or is none.
    """
    settings = app.settings.web
    web = FastAPI(
        title="Frontdesk",
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
    )
    sites = Sites(app.settings)
    web.state.front = Front(
        app=app,
        sites=sites,
        tokens=Tokens(secret=await _secret(app), settings=settings, clock=clock),
        limits=Limits(settings),
        streams=streams or Streams(),
        clock=clock,
    )
    web.openapi = lambda: described(web)  # type: ignore[method-assign]
    told(web)
    for router in (sessions.ROUTER, conversations.ROUTER, health.ROUTER, docs.ROUTER):
        web.include_router(router)
    web.router.routes.extend(Assets().routes())
    if settings.demo:
        web.router.routes.extend(shop.routes(settings.known_sites))
    # What stands in front: the last one is the first that a request meets.
    web.add_middleware(Unforeseen)
    web.add_middleware(Size, longest=settings.longest_body)
    web.add_middleware(
        Cors,
        allow_origins=sites.origins,
        allow_methods=["GET", "POST", "PUT"],
        allow_headers=["Authorization", "Content-Type", "Last-Event-ID"],
        expose_headers=["Retry-After", "Content-Disposition"],
        max_age=_A_DAY,
    )
    web.add_middleware(Access)
    return web


async def _secret(app: App) -> str:
    """Return what sessions are signed with: the same in every process."""
    variable = app.settings.web.secret_env
    if variable is None:
        return await app.visits.secret(_SECRET, secrets.token_urlsafe(32))
    return app.settings.demand(variable, place="[web] secret_env").get_secret_value()
