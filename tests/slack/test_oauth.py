"""Workspaces install the app by themselves; their tokens lie sealed, and change hands once."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from pydantic import SecretStr

from bot.settings import OAuthSettings, SlackSettings
from bot.store.base import Installation
from bot.store.database import Database
from bot.store.installations import SqlInstallations
from channels.slack.calls import Calls
from channels.slack.door import Answer
from channels.slack.errors import SlackGone
from channels.slack.installed import ManyWorkspaces
from channels.slack.installing import InstallPages
from channels.slack.scopes import SCOPES
from channels.slack.vault import Vault
from channels.slack.wire import Wire
from channels.slack.workspaces import NotInstalled
from tests.servers.slack import FakeSlack
from tests.slack.test_vault import everything_in

URL = "https://bot.shop.example"
KEY = Vault.new_key()


@dataclass(kw_only=True)
class Office:
    """The pages, and whom they wrote down. ``time`` is the database's."""

    pages: InstallPages
    workspaces: ManyWorkspaces
    installations: SqlInstallations
    folder: Path
    time: float = 1e9


@asynccontextmanager
async def office(slack: FakeSlack, folder: Path, *, secret: str = "") -> AsyncIterator[Office]:
    times: list[Office] = []
    database = await Database.open(
        f"sqlite:///{folder}/frontdesk.db", clock=lambda: times[0].time if times else 1e9
    )
    wire = Wire(api_url=slack.api_url)
    oauth = OAuthSettings(client_id=slack.client_id)
    installations = SqlInstallations(database)
    workspaces = ManyWorkspaces(installations, Vault.of(SecretStr(KEY), place="SLACK_TOKEN_KEY"))
    pages = InstallPages(
        name="Birch & Co",
        settings=SlackSettings(api_url=slack.api_url, url=URL, oauth=oauth),
        oauth=oauth,
        secret=SecretStr(secret or slack.client_secret),
        wire=wire,
        installations=installations,
        workspaces=workspaces,
    )
    made = Office(pages=pages, workspaces=workspaces, installations=installations, folder=folder)
    times.append(made)
    yield made
    await wire.close()
    await database.close()


@dataclass
class Browser:
    """What a person does: opens the page, agrees in Slack, comes back."""

    office: Office
    cookie: str = ""

    async def begin(self, query: str = "") -> str:
        """Open the first page and return where its link leads."""
        answer = await self.office.pages.install(query)
        assert answer.status == 200
        self.cookie = dict(answer.headers)["set-cookie"].partition(";")[0]
        found = re.search(r'href="([^"]+)"', answer.body.decode())
        assert found
        return unescape(found[1])

    async def agree(self, link: str, **choice: str) -> str:
        """Follow the link, and return the query with which Slack sends back."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(link, params=choice, allow_redirects=False) as response,
        ):
            back = response.headers["location"]
        assert back.startswith(f"{URL}/slack/oauth_redirect?")
        return urlsplit(back).query

    async def come_back(self, query: str) -> Answer:
        return await self.office.pages.redirected(query, self.cookie)

    async def install(self, **choice: str) -> Answer:
        return await self.come_back(await self.agree(await self.begin(), **choice))


async def test_a_workspace_installs_the_app(tmp_path: Path) -> None:
    async with FakeSlack() as slack, office(slack, tmp_path) as here:
        answer = await Browser(here).install(team="T7")
        assert answer.status == 200
        assert "Birch &amp; Co is now in Team T7" in answer.body.decode()
        found = await here.workspaces.find("T7")
        installed = slack.installed("T7")
        assert found.token.get_secret_value() == installed.token
        assert (found.bot_user, found.bot_id) == (installed.bot_user, installed.bot_id)
        assert set(SCOPES) <= found.scopes
        content = everything_in(tmp_path)
        assert b"Team T7" in content
        assert installed.token.encode() not in content
        assert slack.client_secret.encode() not in content


async def test_an_organisation_installs_it_for_all_its_workspaces(tmp_path: Path) -> None:
    async with FakeSlack() as slack, office(slack, tmp_path) as here:
        await Browser(here).install(enterprise="E1")
        found = await here.workspaces.find("E1")
        assert found.team == "Org"
        assert found.token.get_secret_value() == slack.installed("E1").token


async def test_installing_again_brings_the_new_token(tmp_path: Path) -> None:
    async with FakeSlack() as slack, office(slack, tmp_path) as here:
        await Browser(here).install(team="T7")
        old = (await here.workspaces.find("T7")).token
        await Browser(here).install(team="T7")
        new = (await here.workspaces.find("T7")).token
        assert new != old
        assert new.get_secret_value() == slack.installed("T7").token


async def test_slack_is_asked_for_what_the_bot_needs_and_nothing_else(tmp_path: Path) -> None:
    async with FakeSlack() as slack, office(slack, tmp_path) as here:
        query = parse_qs(urlsplit(await Browser(here).begin("team=T7&x=%FF")).query)
        assert set(query["scope"][0].split(",")) == set(SCOPES)
        assert query["redirect_uri"] == [f"{URL}/slack/oauth_redirect"]
        assert query["team"] == ["T7"]
        assert "team" not in parse_qs(await Browser(here).begin("team=%22evil"))


async def test_a_way_back_works_once(tmp_path: Path) -> None:
    async with FakeSlack() as slack, office(slack, tmp_path) as here:
        browser = Browser(here)
        back = await browser.agree(await browser.begin())
        assert (await browser.come_back(back)).status == 200
        answer = await browser.come_back(back)
        assert answer.status == 400
        assert "took too long, or was done before" in answer.body.decode()


async def test_a_way_back_ends_after_ten_minutes(tmp_path: Path) -> None:
    async with FakeSlack() as slack, office(slack, tmp_path) as here:
        browser = Browser(here)
        back = await browser.agree(await browser.begin())
        here.time += 601
        assert (await browser.come_back(back)).status == 400


@pytest.mark.parametrize("cookie", ["", "frontdesk_slack_state=another", "\x00=;;;", "ä=ö"])
async def test_a_way_back_is_for_the_browser_that_began(tmp_path: Path, cookie: str) -> None:
    async with FakeSlack() as slack, office(slack, tmp_path) as here:
        browser = Browser(here)
        back = await browser.agree(await browser.begin())
        browser.cookie = cookie
        answer = await browser.come_back(back)
        assert answer.status == 400
        assert "did not begin in this browser" in answer.body.decode()
        with pytest.raises(NotInstalled):
            await here.workspaces.find("T1")


async def test_who_does_not_agree_installs_nothing(tmp_path: Path) -> None:
    async with FakeSlack() as slack, office(slack, tmp_path) as here:
        answer = await Browser(here).install(deny="1")
        assert answer.status == 200
        assert "Nothing has changed" in answer.body.decode()
        assert not slack.called("oauth.v2.access")


@pytest.mark.parametrize(
    "query", ["", "code=1", "state=", "state=x&code=1", "%FF=%FE", "a=1&" * 99]
)
async def test_whoever_comes_back_from_nowhere_is_told_kindly(tmp_path: Path, query: str) -> None:
    async with FakeSlack() as slack, office(slack, tmp_path) as here:
        answer = await here.pages.redirected(query, "")
        assert answer.status == 400
        assert "Begin again" in answer.body.decode()
        assert not slack.calls


async def test_a_code_that_slack_does_not_know_is_told_without_its_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with FakeSlack() as slack, office(slack, tmp_path) as here:
        browser = Browser(here)
        state = parse_qs(urlsplit(await browser.begin()).query)["state"][0]
        answer = await browser.come_back(f"state={state}&code=forged")
        assert answer.status == 400
        assert "invalid_code" not in answer.body.decode()
        assert "invalid_code" in caplog.text
        assert "forged" not in caplog.text


async def test_a_wrong_secret_is_told_to_whoever_runs_the_bot_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with FakeSlack() as slack, office(slack, tmp_path, secret="wrong") as here:
        answer = await Browser(here).install()
        assert answer.status == 400
        assert "bad_client_secret" in caplog.text
        assert "secret" not in answer.body.decode()


async def test_pages_are_kept_nowhere_and_shown_in_no_frame(tmp_path: Path) -> None:
    async with FakeSlack() as slack, office(slack, tmp_path) as here:
        headers = dict((await here.pages.install("")).headers)
        assert headers["cache-control"] == "no-store"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert re.search(r"HttpOnly; SameSite=Lax; Secure$", headers["set-cookie"])


async def test_a_new_token_is_used_wherever_the_old_one_is_remembered(tmp_path: Path) -> None:
    async with FakeSlack() as slack, office(slack, tmp_path) as here:
        await Browser(here).install(team="T7")
        vault = Vault.of(SecretStr(KEY), place="SLACK_TOKEN_KEY")
        other = ManyWorkspaces(here.installations, vault)
        assert (await other.find("T7")).install == "T7"
        slack.revoke("T7")
        await Browser(here).install(team="T7")
        wire = Wire(api_url=slack.api_url)
        calls = Calls(workspaces=other, wire=wire)
        try:
            assert (await calls("T7", "auth.test"))["team_id"] == "T7"
            slack.revoke("T7")
            with pytest.raises(SlackGone, match="token_revoked"):
                await calls("T7", "auth.test")
        finally:
            await wire.close()


async def test_who_installs_it_anew_while_its_removal_is_noted_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeSlack() as slack, office(slack, tmp_path) as here:
        await Browser(here).install(team="T7")
        store = here.installations
        find = store.find

        async def slowly(channel: str, name: str) -> Installation | None:
            found = await find(channel, name)
            here.time += 5
            monkeypatch.undo()
            await Browser(here).install(team="T7")
            return found

        monkeypatch.setattr(store, "find", slowly)
        await here.workspaces.forget("T7", at=here.time)
        assert (await here.workspaces.find("T7")).token.get_secret_value() == (
            slack.installed("T7").token
        )
