"""How a workspace installs the app: a redirect with a code, which buys a token once."""

import base64
import binascii
import secrets
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from tests.servers.slack.calling import Arguments, Caller, Method
from tests.servers.slack.errors import Refused
from tests.servers.slack.rooms import Json
from tests.servers.slack.world import MAIN_TEAM, World

_LIFE: Final = 600.0


class OAuth:
    """``/oauth/v2/authorize``, where a person agrees at once, and ``oauth.v2.access``.

    A person chooses the workspace by ``team`` in the query, or a whole organisation by
    ``enterprise``; ``deny=1`` is a person who does not agree.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._codes: dict[str, tuple[Mapping[str, str], float]] = {}

    @property
    def methods(self) -> Mapping[str, Method]:
        """Return what can be called here."""
        return {"oauth.v2.access": Method(tier=4, run=self.access, open=True)}

    async def authorize(self, request: web.Request) -> web.StreamResponse:
        """Agree, and send the person's browser back."""
        asked = dict(request.query)
        if asked.get("client_id") != self._world.credentials.client_id:
            raise web.HTTPBadRequest(text="invalid_client_id")
        back = asked.get("redirect_uri", "")
        if not back:
            raise web.HTTPBadRequest(text="bad_redirect_uri")
        state = {"state": asked.get("state", "")}
        if asked.get("deny"):
            raise web.HTTPFound(f"{back}?{urlencode({'error': 'access_denied', **state})}")
        code = secrets.token_hex(12)
        self._codes[code] = (asked, self._world.clock.now())
        raise web.HTTPFound(f"{back}?{urlencode({'code': code, **state})}")

    async def access(self, _caller: Caller, arguments: Arguments) -> Json:
        """Take a code, once, and give the token of a new install."""
        self._check_client(arguments)
        asked, at = self._codes.pop(arguments.get("code") or "", ({}, 0.0))
        if not asked or self._world.clock.now() - at > self._world.rules.seconds(_LIFE):
            raise Refused("invalid_code")
        if arguments.get("redirect_uri") != asked.get("redirect_uri"):
            raise Refused("bad_redirect_uri")
        enterprise = asked.get("enterprise")
        team = None if enterprise else asked.get("team") or MAIN_TEAM
        install = self._world.people.install(team=team, enterprise=enterprise)
        if scopes := asked.get("scope"):
            install.scopes = set(scopes.split(","))
        return {
            "access_token": install.token,
            "token_type": "bot",
            "scope": ",".join(sorted(install.scopes)),
            "bot_user_id": install.bot_user,
            "app_id": "A1",
            "team": {"id": team, "name": f"Team {team}"} if team else None,
            "enterprise": {"id": enterprise, "name": "Org"} if enterprise else None,
            "is_enterprise_install": install.is_org,
            "authed_user": {"id": asked.get("user", "U1")},
        }

    def _check_client(self, arguments: Arguments) -> None:
        credentials = self._world.credentials
        given = arguments.get("client_id"), arguments.get("client_secret")
        if given[0] != credentials.client_id:
            raise Refused("invalid_client_id")
        if given[1] != credentials.client_secret:
            raise Refused("bad_client_secret")


def basic(header: str) -> dict[str, str]:
    """Return the client that an ``Authorization: Basic`` header names."""
    try:
        name, _, secret = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return {}
    return {"client_id": name, "client_secret": secret}
