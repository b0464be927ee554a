"""The Web API's front: tokens, scopes, limits and moods before and after each method."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from tests.servers.slack.calling import Arguments, Call, Caller, Method
from tests.servers.slack.errors import Refused
from tests.servers.slack.limits import Limits
from tests.servers.slack.oauth import basic
from tests.servers.slack.rooms import Json
from tests.servers.slack.rules import refusal
from tests.servers.slack.world import World

_VALUES: Final = {
    "blocks": "invalid_blocks_format",
    "attachments": "invalid_attachments",
    "metadata": "invalid_metadata_format",
    "chunks": "invalid_chunks",
    "prompts": "invalid_arguments",
    "view": "invalid_arguments",
    "loading_messages": "invalid_arguments",
}


class Api:
    """Answers ``POST /api/<method>``. ``calls`` keeps what was asked, refused or not."""

    def __init__(self, world: World, *, methods: Mapping[str, Method]) -> None:
        self._world = world
        self._methods = methods
        self._limits = Limits(clock=world.clock, rules=world.rules)
        self.calls: list[Call] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Do what was asked, in whatever mood Slack is."""
        name = request.match_info["method"]
        began = self._world.clock.now()
        caller, arguments = Caller(), Arguments()
        status, headers, error = 200, {}, None
        body: Json = {"ok": True}
        try:
            await self._be_slow(name)
            self._fail(name, "", request)
            arguments = await _arguments(request)
            caller = self._caller(_token(request, arguments))
            self._limit(name, caller, arguments)
            body |= await self._do(name, caller, arguments)
            self._fail(name, "_after", request)
        except Refused as refused:
            error, status = refused.error, refused.more.pop("status", 200)
            headers = refused.more.pop("headers", {})
            body = {"ok": False, "error": error, **refused.more}
        finally:
            self.calls.append(
                Call(
                    method=name,
                    at=began,
                    install=caller.name,
                    arguments=arguments,
                    error=error,
                    seconds=self._world.clock.now() - began,
                )
            )
        if caller.install:
            headers = {"x-oauth-scopes": ",".join(sorted(caller.install.scopes)), **headers}
        return web.json_response(body, status=status, headers=headers)

    async def _do(self, name: str, caller: Caller, arguments: Arguments) -> Json:
        method = self._methods.get(name)
        if method is None:
            raise Refused("unknown_method", req_method=name)
        if not method.open:
            self._authorize(method, caller)
        if error := refusal(name, arguments):
            raise Refused(error)
        return await method.run(caller, arguments)

    def _caller(self, token: str | None) -> Caller:
        if token == self._world.credentials.app_token:
            return Caller(is_app=True)
        return Caller(install=self._world.people.of_token(token) if token else None)

    def _authorize(self, method: Method, caller: Caller) -> None:
        if caller.is_app:
            return
        if caller.install is None:
            raise Refused("invalid_auth")
        if caller.install.error:
            raise Refused(caller.install.error)
        for needed in method.scopes:
            if needed not in caller.install.scopes:
                provided = ",".join(sorted(caller.install.scopes))
                raise Refused("missing_scope", needed=needed, provided=provided)

    # --- Moods ---------------------------------------------------------------------------------

    def _limit(self, name: str, caller: Caller, arguments: Arguments) -> None:
        moods, method = self._world.moods, self._methods.get(name)
        wait = self._limits.wait(caller.name, name, method.tier, arguments) if method else None
        if wait is None and self._feels(moods.limited, name):
            wait = moods.retry_after
        if wait is not None:
            headers = {"Retry-After": str(wait)}
            raise Refused("ratelimited", status=429, headers=headers)

    def _fail(self, name: str, when: str, request: web.Request) -> None:
        moods = self._world.moods
        if self._feels(getattr(moods, f"broken{when}"), name):
            raise Refused("service_unavailable", status=503)
        if self._feels(getattr(moods, f"cut{when}"), name):
            if request.transport:
                request.transport.abort()
            raise Refused("cut")

    async def _be_slow(self, name: str) -> None:
        if name not in self._world.moods.spared and self._world.moods.slow:
            await asyncio.sleep(self._world.luck.uniform(0, self._world.moods.slow))

    def _feels(self, chance: float, name: str) -> bool:
        if not chance or name in self._world.moods.spared:
            return False
        return self._world.luck.random() < chance


async def _arguments(request: web.Request) -> Arguments:
    """Return what a call says, in whichever of Slack's ways."""
    found: Arguments = dict(request.query)
    if request.content_type == "application/json":
        try:
            said = json.loads(await request.text())
        except ValueError as error:
            raise Refused("invalid_json") from error
        if not isinstance(said, dict):
            raise Refused("json_not_object")
        found |= said
    elif request.body_exists:
        found |= {name: str(value) for name, value in (await request.post()).items()}
    header = request.headers.get("Authorization", "")
    if header.startswith("Basic "):
        found |= basic(header)
    return {name: _value(name, value) for name, value in found.items()}


def _value(name: str, value: Any) -> Any:
    if name not in _VALUES or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise Refused(_VALUES[name]) from error


def _token(request: web.Request, arguments: Arguments) -> str | None:
    header = request.headers.get("Authorization", "")
    if header.startswith("Bearer "):
        arguments.pop("token", None)
        return header.removeprefix("Bearer ")
    token: str | None = arguments.pop("token", None)
    return token
