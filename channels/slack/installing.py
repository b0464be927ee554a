"""The way of a workspace to the app: a page that leads to Slack, and the page one comes back to.

https://docs.slack.dev/authentication/installing-with-oauth
"""

import logging
import re
import secrets
from collections.abc import Mapping
from html import escape
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urljoin

from pydantic import SecretStr

from bot.errors import FrontdeskError, StoreUnavailable
from bot.settings import SlackSettings
from bot.settings.slack import REDIRECT, OAuthSettings
from bot.store.base import Installations
from channels.slack.door import Answer
from channels.slack.errors import SlackBusy, SlackRefused
from channels.slack.installed import ManyWorkspaces
from channels.slack.introduction import asked
from channels.slack.places import CHANNEL
from channels.slack.scopes import SCOPES
from channels.slack.wire import Wire
from channels.slack.workspaces import Workspace

_logger = logging.getLogger(__name__)

_BAD: Final = HTTPStatus.BAD_REQUEST
_SECONDS: Final = 600  # in which an installation that began must be through
_COOKIE: Final = "frontdesk_slack_state"
_TEAM: Final = re.compile(r"[TE][A-Z0-9]{1,20}")
_AGAIN: Final = "Begin again, in the browser in which you allow it, within ten minutes."

_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
  body {{ font: 1.1rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 15vh auto;
      padding: 1rem }}
  a {{ display: inline-block; padding: .6em 1.2em; border-radius: .4em;
      background: #4a154b; color: #fff; text-decoration: none }}
</style>
<h1>{title}</h1>
<p>{text}
{link}
</html>
"""


class Failed(FrontdeskError):
    """An installation did not come about; the text is for whoever tried, in a browser."""

    def __init__(self, text: str, *, status: HTTPStatus) -> None:
        super().__init__(text)
        self.status = status


class InstallPages:
    """Keeps the promise of the door's ``Pages``."""

    def __init__(
        self,
        *,
        name: str,
        settings: SlackSettings,
        oauth: OAuthSettings,
        secret: SecretStr,
        wire: Wire,
        installations: Installations,
        workspaces: ManyWorkspaces,
    ) -> None:
        self._name = name
        self._settings = settings
        self._oauth = oauth
        self._secret = secret
        self._wire = wire
        self._installations = installations
        self._workspaces = workspaces

    async def install(self, query: str) -> Answer:
        """Return the page that leads to Slack; it is good for ten minutes, once."""
        state = secrets.token_urlsafe(32)
        try:
            await self._installations.issue(CHANNEL, state, seconds=_SECONDS)
        except StoreUnavailable as error:
            return self._sorry(error)
        asked_for = {
            "client_id": self._oauth.client_id,
            "scope": ",".join(sorted(SCOPES)),
            "redirect_uri": self._back,
            "state": state,
        }
        if team := _TEAM.fullmatch(_one(query, "team")):
            asked_for["team"] = team[0]
        where = urljoin(self._settings.api_url, "../oauth/v2/authorize")
        return self._page(
            f"Add {self._name} to Slack",
            f"{self._name} answers questions in your workspace. Slack asks you what it may do.",
            link=("Choose a workspace", f"{where}?{urlencode(asked_for)}"),
            cookie=f"{state}; Max-Age={_SECONDS}",
        )

    async def redirected(self, query: str, cookie: str) -> Answer:
        """Return the page for whom Slack sent back: installed, or why not."""
        try:
            workspace = await self._installed(query, cookie)
        except Failed as failed:
            return self._page("Not installed", str(failed), status=failed.status)
        except (SlackBusy, SlackRefused, StoreUnavailable) as error:
            return self._sorry(error)
        _logger.info("%s installed the app.", workspace.install)
        text = f"{self._name} is now in {workspace.team}. Write to it there, or mention it."
        return self._page("Installed", text)

    async def _installed(self, query: str, cookie: str) -> Workspace:
        state = _one(query, "state")
        if not state or not secrets.compare_digest(state.encode(), _cookie(cookie).encode()):
            raise Failed(f"This did not begin in this browser. {_AGAIN}", status=_BAD)
        if not await self._installations.redeem(CHANNEL, state):
            raise Failed(f"This took too long, or was done before. {_AGAIN}", status=_BAD)
        if _one(query, "error"):
            raise Failed("Slack was not allowed to. Nothing has changed.", status=HTTPStatus.OK)
        workspace = await self._bought(_one(query, "code"))
        await self._workspaces.keep(workspace)
        return workspace

    async def _bought(self, code: str) -> Workspace:
        """Return the workspace whose token Slack gives for ``code``."""
        heard = await self._wire.ask(
            "oauth.v2.access",
            token="",  # the app's own secret takes its place
            where="the app",
            arguments={"code": code, "redirect_uri": self._back},
            login=(self._oauth.client_id, self._secret.get_secret_value()),
        )
        token = SecretStr(str(heard.data.get("access_token") or ""))
        found = await asked(token, wire=self._wire, where="a new workspace")
        return _to_workspace(heard.data, found)

    def _sorry(self, error: FrontdeskError) -> Answer:
        _logger.warning("The app was not installed: %s", error)
        refused = isinstance(error, SlackRefused)
        why = "Slack did not accept this." if refused else "That did not work just now."
        return self._page(
            "Not installed",
            f"{why} {_AGAIN}",
            status=HTTPStatus.BAD_REQUEST if refused else HTTPStatus.SERVICE_UNAVAILABLE,
        )

    @property
    def _back(self) -> str:
        return self._settings.url + REDIRECT

    def _page(
        self,
        title: str,
        text: str,
        *,
        link: tuple[str, str] | None = None,
        cookie: str = "; Max-Age=0",
        status: HTTPStatus = HTTPStatus.OK,
    ) -> Answer:
        secure = "; Secure" if self._settings.url.startswith("https:") else ""
        anchor = f'<p><a href="{escape(link[1])}">{escape(link[0])}</a>' if link else ""
        page = _PAGE.format(title=escape(title), text=escape(text), link=anchor)
        return Answer(
            status=status,
            body=page.encode(),
            headers=(
                ("content-type", "text/html; charset=utf-8"),
                ("cache-control", "no-store"),
                ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'"),
                ("referrer-policy", "no-referrer"),
                ("x-frame-options", "DENY"),
                ("set-cookie", f"{_COOKIE}={cookie}; Path=/slack; HttpOnly; SameSite=Lax{secure}"),
            ),
        )


def _to_workspace(said: Mapping[str, Any], found: Workspace) -> Workspace:
    """Return what was installed: a team, or a whole organisation."""
    whole = bool(said.get("is_enterprise_install"))
    place = said.get("enterprise" if whole else "team")
    if not isinstance(place, dict) or not place.get("id"):
        raise Failed("Slack did not say where it was installed.", status=HTTPStatus.BAD_GATEWAY)
    return Workspace(
        install=str(place["id"]),
        token=found.token,
        team=str(place.get("name") or place["id"]),
        bot_user=str(said.get("bot_user_id") or found.bot_user),
        bot_id=found.bot_id,
        app_id=str(said.get("app_id") or found.app_id),
        scopes=found.scopes,
    )


def _one(query: str, name: str) -> str:
    """Return a value of a query, empty where there is none."""
    try:
        return parse_qs(query, max_num_fields=50).get(name, [""])[0]
    except ValueError:
        return ""


def _cookie(header: str) -> str:
    try:
        found = SimpleCookie(header).get(_COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""
