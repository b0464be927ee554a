"""Begins, renews and proves sessions: ``POST /v1/sessions``."""

import secrets
from contextlib import suppress
from http import HTTPStatus

from fastapi import APIRouter, Depends, Request

from channels.web.conversations import listed
from channels.web.front import CHANNEL, Address, Front, Here, bound, counted, own_origin
from channels.web.identity import customer_of
from channels.web.problems import Problem
from channels.web.refusals import noted
from channels.web.schemas import (
    HashedIdentity,
    Session,
    SessionRequest,
    SignedIdentity,
    SiteView,
    VisitorView,
)
from channels.web.sites import Site
from channels.web.tokens import Visitor

ROUTER = APIRouter(prefix="/v1", tags=["sessions"], dependencies=[Depends(counted)])


@ROUTER.post("/sessions", operation_id="begin_session")
async def begin(body: SessionRequest, request: Request, here: Here, address: Address) -> Session:
    """Begin a session with a site, go on with an earlier one, or prove who its visitor is.

    Without ``renew`` the visitor is a new anonymous one. With both ``renew`` and ``identity``,
    what the anonymous visitor wrote so far follows the person.
    """
    await here.limits.session(address)
    header = request.headers.get("origin")
    with noted(site=body.site, origin=header):
        site = here.sites.find(body.site)
        origin = site.origin(header, own=own_origin(request))
        visitor = await _visitor(body, here, site, origin)
    token, expires_in = here.tokens.visit(visitor)
    return Session(
        token=token,
        expires_in=expires_in,
        renew=here.tokens.renewal(visitor),
        visitor=VisitorView(
            id=visitor.customer, name=visitor.name, known=visitor.proved is not None
        ),
        site=_shown(here, site),
        conversations=await listed(here, visitor),
    )


async def _visitor(body: SessionRequest, here: Front, site: Site, origin: str) -> Visitor:
    if body.identity is not None:
        visitor = _proved(body.identity, here, site, origin)
        await _follow(body.renew, visitor, here)
        return visitor
    if body.renew is not None:
        return _renewed(body.renew, here, site.name, origin)
    return Visitor(
        customer=f"{site.name}:v:{secrets.token_urlsafe(16)}", site=site.name, origin=origin
    )


def _renewed(token: str, here: Front, site: str, origin: str) -> Visitor:
    before = here.tokens.read(token, "renew")
    if before.site != site:
        raise Problem(HTTPStatus.UNAUTHORIZED, "token", "This session belongs to another site.")
    bound(before, origin)
    return before


def _proved(
    identity: SignedIdentity | HashedIdentity, here: Front, site: Site, origin: str
) -> Visitor:
    now = here.clock()
    if isinstance(identity, SignedIdentity):
        person = site.identity.by_token(identity.token, now=now)
    else:
        person = site.identity.by_hash(identity.user, identity.hash, name=identity.name)
    return Visitor(
        customer=customer_of(site.name, person),
        site=site.name,
        origin=origin,
        name=person.name,
        attributes=person.attributes,
        proved=now,
    )


async def _follow(renew: str | None, visitor: Visitor, here: Front) -> None:
    """Let what an anonymous visitor said until now be the person's."""
    if renew is None:
        return
    # A session that has ended keeps nobody from logging in.
    with suppress(Problem):
        before = _renewed(renew, here, visitor.site, visitor.origin)
        if before.proved is None:
            await here.app.visits.move(CHANNEL, before.customer, to=visitor.customer)


def _shown(here: Front, site: Site) -> SiteView:
    bot = here.app.settings.bot
    return SiteView(
        title=site.settings.title or bot.name,
        greeting=site.settings.greeting,
        suggestions=list(site.settings.suggestions),
        language=site.settings.language or "",
        bot=bot.name,
    )
