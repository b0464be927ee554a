"""'bot run' and 'bot serve': the web chat and Slack in one process."""

import asyncio
import re
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from channels.slack.vault import Vault
from tests.house import until
from tests.servers.ports import free_port
from tests.servers.slack import FakeSlack
from tests.slack.commands import serving, settle, tokens, told
from tests.slack.malformed import EVENT, many, signed

HTTP = 'mode = "http"\nurl = "https://bot.shop.example"\n'
OAUTH = '[slack.oauth]\nclient_id = "111.222"\n'


async def answered(slack: FakeSlack, text: str = "How long?", *, channel: str = "D1") -> None:
    """Ask, and wait for the answer."""
    ts = await slack.say(text, channel=channel)
    await until(lambda: any("three days" in each.text for each in slack.answers(channel, ts)))


async def chats(address: str) -> None:
    """See that the web chat is there."""
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{address}/v1/sessions", json={}) as response:
            assert response.status == 201 or response.ok
        async with http.get(f"{address}/readyz") as response:
            assert response.ok


async def test_one_process_serves_the_web_and_slack_over_a_socket(tmp_path: Path) -> None:
    async with (
        FakeSlack() as slack,
        serving(settle(tmp_path, slack), "run", "--port", "0", env=tokens(slack)) as bot,
    ):
        await bot.says("Slack: connected to Team T1")
        await chats(await bot.address())
        await answered(slack)
        assert await bot.end() == 0
        assert "Traceback" not in bot.log


@pytest.mark.parametrize("command", ["run", "serve"])
async def test_one_process_serves_the_web_and_slacks_requests(tmp_path: Path, command: str) -> None:
    async with (
        FakeSlack() as slack,
        serving(settle(tmp_path, slack, HTTP), command, "--port", "0", env=tokens(slack)) as bot,
    ):
        address = await bot.address()
        await bot.says("Slack: its requests are taken there, for Team T1 as frontdesk.")
        slack.send_to(f"{address}/slack/events")
        assert await slack.verify()
        await chats(address)
        await answered(slack)
        assert not slack.sockets.opened
        assert await bot.end() == 0
        assert "How long?" not in bot.log
        assert "Traceback" not in bot.log


async def test_without_a_section_there_is_no_slack(tmp_path: Path) -> None:
    async with FakeSlack() as slack:
        settle(tmp_path, slack)
        text = (tmp_path / "bot.toml").read_text().partition("[slack]")[0]
        (tmp_path / "bot.toml").write_text(text)
        async with serving(tmp_path, "run", "--port", "0", env=tokens(slack)) as bot:
            await chats(await bot.address())
            assert "Slack" not in bot.log
            async with (
                aiohttp.ClientSession() as http,
                http.post(f"{await bot.address()}/slack/events", data=b"{}") as response,
            ):
                assert response.status == 404
        assert not slack.calls


async def test_a_secret_that_http_needs_is_told(tmp_path: Path) -> None:
    async with FakeSlack() as slack:
        settle(tmp_path, slack, HTTP)
        env = tokens(slack, SLACK_SIGNING_SECRET="")
        code, said = await told(tmp_path, "run", "--port", "0", env=env)
    assert code == 2
    assert "SLACK_SIGNING_SECRET is neither in the environment" in said


async def test_what_is_no_signing_secret_is_told_and_not_shown(tmp_path: Path) -> None:
    async with FakeSlack() as slack:
        settle(tmp_path, slack, HTTP)
        for wrong in (slack.signing_secret + "0", slack.signing_secret[:-1] + "g", "xoxb-1-x"):
            env = tokens(slack, SLACK_SIGNING_SECRET=wrong)
            code, said = await told(tmp_path, "serve", "--port", "0", env=env)
            assert code == 2
            assert "SLACK_SIGNING_SECRET is no signing secret, which has 32 hex digits" in said
            assert wrong not in said


async def test_the_limits_of_the_web_chat_do_not_stand_before_slack(tmp_path: Path) -> None:
    async with (
        FakeSlack() as slack,
        serving(settle(tmp_path, slack, HTTP), "serve", "--port", "0", env=tokens(slack)) as bot,
        aiohttp.ClientSession() as http,
    ):
        address = await bot.address()
        large = EVENT[:-1] + b" " * 100_000 + b"}"
        now = slack.world.clock.epoch()
        good = dict(signed(large, at=now, secret=slack.signing_secret))
        headers = {name.decode(): value.decode() for name, value in good.items()}
        async with http.post(f"{address}/slack/events", data=large, headers=headers) as response:
            assert response.status == 200
        async with http.options(
            f"{address}/slack/events",
            headers={"Origin": "https://x.example", "Access-Control-Request-Method": "POST"},
        ) as response:
            assert response.status == 405
            assert "access-control-allow-origin" not in response.headers
        await _knock_badly(http, address)
        assert "Traceback" not in bot.log


async def _knock_badly(http: aiohttp.ClientSession, address: str) -> None:
    """Send what must be refused; none of it is signed for this server."""
    for each in many(90, seed=3):
        try:
            headers = {name.decode(): value.decode() for name, value in each.headers}
        except UnicodeDecodeError:
            continue
        headers.pop("content-length", None)
        if len(each.body) > 500_000 or not "".join(headers.values()).isprintable():
            continue
        async with http.post(
            f"{address}/slack/events", data=each.body, headers=headers
        ) as response:
            assert response.status == 401


# --- Many workspaces ---------------------------------------------------------------------------


async def installed(address: str, *, team: str) -> str:
    """Install the app in ``team`` as a browser does, and return the last page."""
    jar = aiohttp.CookieJar(unsafe=True)  # it keeps cookies of addresses, too
    async with aiohttp.ClientSession(cookie_jar=jar) as browser:
        async with browser.get(f"{address}/slack/install") as response:
            page = await response.text()
        link = re.search(r'href="([^"]+)"', page)
        assert link
        async with browser.get(
            unescape(link[1]), params={"team": team}, allow_redirects=False
        ) as response:
            back = urlsplit(response.headers["location"])
        async with browser.get(f"{address}{back.path}?{back.query}") as response:
            return await response.text()


async def test_workspaces_install_the_app_and_are_answered_and_leave(tmp_path: Path) -> None:
    with free_port() as number:
        await _install_and_leave(tmp_path, str(number))


async def _install_and_leave(tmp_path: Path, port: str) -> None:
    address = f"http://127.0.0.1:{port}"
    async with FakeSlack() as slack:
        settle(tmp_path, slack, f'mode = "http"\nurl = "{address}"\n{OAUTH}')
        old, new = Vault.new_key(), Vault.new_key()
        env = tokens(slack, SLACK_CLIENT_SECRET=slack.client_secret, SLACK_TOKEN_KEY=old)
        env.pop("SLACK_BOT_TOKEN")
        slack.send_to(f"{address}/slack/events")
        async with serving(tmp_path, "serve", "--port", port, env=env) as bot:
            assert await bot.address() == address
            for team in ("T7", "T8"):
                assert f"is now in Team {team}" in await installed(address, team=team)
            assert await bot.end() == 0
        both = env | {"SLACK_TOKEN_KEY": f"{new},{old}"}
        _, said = await told(tmp_path, "slack", "rotate", env=both)
        assert said.startswith("Sealed 2 of 2 with the newest key")
        env["SLACK_TOKEN_KEY"] = new
        async with serving(tmp_path, "serve", "--port", port, env=env) as bot:
            await bot.address()
            ts = await slack.say("How long?", channel="D7", team="T7")
            await until(lambda: slack.answers("D7", ts))
            await slack.uninstall("T8")
            await _until_listed(tmp_path, env, "T7")
            assert await bot.end() == 0
            assert slack.installed("T7").token not in bot.log
            assert "Traceback" not in bot.log


async def _until_listed(folder: Path, env: dict[str, str], *teams: str) -> None:
    async with asyncio.timeout(90):
        while True:
            _, said = await told(folder, "slack", "workspaces", env=env)
            if [line.split()[0] for line in said.splitlines()[1:]] == list(teams):
                return
