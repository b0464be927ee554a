"""The people of the fake by HTTP: ``POST /_control/say`` and the like, for curl and for scripts."""

import dataclasses
import inspect
import json
from typing import Any, Final

from aiohttp import web

from tests.servers.slack.people import Install
from tests.servers.slack.rooms import Channel, Json
from tests.servers.slack.screen import threads
from tests.servers.slack.server import FakeSlack

DEEDS: Final = (
    "say",
    "edit",
    "delete",
    "click",
    "command",
    "shortcut",
    "stop",
    "open_home",
    "open_assistant",
    "deliver",
    "install",
    "uninstall",
    "revoke",
    "archive",
    "kick",
    "invite",
    "deactivate",
    "refresh",
    "send_to",
)


class ControlledSlack(FakeSlack):
    """A fake Slack whose people can be moved from outside."""

    def extend(self, app: web.Application) -> None:
        app.router.add_post("/_control/{deed}", self._do)
        app.router.add_get("/_control/threads", self._threads)
        app.router.add_get("/_control/books", self._books)

    async def _do(self, request: web.Request) -> web.StreamResponse:
        deed = request.match_info["deed"]
        if deed not in DEEDS:
            raise web.HTTPNotFound(text=f"No deed is called {deed!r}. Known: {', '.join(DEEDS)}.\n")
        try:
            arguments = json.loads(await request.text() or "{}")
            done = getattr(self, deed)(**arguments)
            result = await done if inspect.isawaitable(done) else done
        except (TypeError, ValueError) as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from error
        except LookupError as error:
            raise web.HTTPConflict(text=f"{error.args[0]}\n") from error
        return web.json_response({"result": _plain(result)})

    async def _threads(self, request: web.Request) -> web.StreamResponse:
        channel = request.query.get("channel")
        wanted = [each for each in self.messages if channel in {None, each.channel}]
        return web.Response(text=threads(wanted) + "\n")

    async def _books(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(books(self))


def books(slack: FakeSlack) -> Json:
    """Return everything that the fake has noted."""
    return {
        "messages": [dataclasses.asdict(each) for each in slack.messages],
        "calls": [dataclasses.asdict(each) for each in slack.calls],
        "deliveries": [dataclasses.asdict(each) for each in slack.deliveries],
        "statuses": [dataclasses.asdict(each) for each in slack.statuses],
        "acks": slack.acks,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Install):
        return {"name": value.name, "token": value.token, "bot_user": value.bot_user}
    if isinstance(value, Channel):
        return value.id
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) else value  # type: ignore[arg-type]
