"""'bot slack' and its commands: what a new user meets, from the manifest to the first answer."""

import json
import logging
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from bot.errors import MissingExtra, SetupError
from bot.store.installations import SqlInstallations
from channels.cli import extras
from channels.cli.here import Here
from channels.cli.serving import _TOLD, Doors, serve_doors
from channels.slack.installed import ManyWorkspaces
from channels.slack.scopes import SCOPES
from channels.slack.vault import Vault
from channels.slack.workspaces import Workspace
from tests.house import until
from tests.servers.slack import FakeSlack
from tests.slack.commands import serving, settle, tokens, told

QUESTION = "How long does shipping take?"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_workspace_is_served_and_left_in_good_order(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with (
        FakeSlack() as slack,
        serving(settle(tmp_path, slack), "slack", env=tokens(slack)) as bot,
    ):
        await bot.says("Slack: connected to Team T1 as frontdesk (Ctrl-C stops it).")
        ts = await slack.say(QUESTION)
        await until(lambda: slack.answers("D1", ts))
        await until(lambda: "three days" in slack.answers("D1", ts)[0].text)
        bot.process.send_signal(number)
        await until(lambda: bot.process.returncode is not None)
        assert bot.process.returncode == 0
        await bot.says("Stopping: no answer is being written. A second Ctrl-C ends at once.")
        await until(lambda: not slack.sockets.lines)
        for secret in (QUESTION, "three days", slack.bot_token, slack.app_token):
            assert secret not in bot.log
        assert "Traceback" not in bot.log


@pytest.mark.parametrize("command", [("slack",), ("run", "--port", "0")])
async def test_what_is_ignored_is_told_to_who_wants_to_know(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    async with (
        FakeSlack() as slack,
        serving(settle(tmp_path, slack), *command, "--verbose", env=tokens(slack)) as bot,
    ):
        await bot.says("Slack: connected to")
        await slack.say(QUESTION, channel="C1")
        line = await bot.says("Ignored message")
        assert " DEBUG channels.slack." in line
        assert await bot.end() == 0
        for secret in (QUESTION, slack.bot_token, slack.app_token, "slack_bolt", "slack_sdk"):
            assert secret not in bot.log


async def test_without_settings_the_two_variables_are_enough_to_be_told_more(
    tmp_path: Path,
) -> None:
    code, said = await told(tmp_path, "slack", env={})
    assert code == 2
    assert "SLACK_BOT_TOKEN is neither in the environment nor in a secrets file" in said
    assert "OAuth & Permissions" in said
    assert "SLACK_APP_TOKEN is neither in the environment nor in a secrets file" in said


def _revoked(slack: FakeSlack) -> dict[str, str]:
    slack.revoke()
    return {}


Change = Callable[[FakeSlack], dict[str, str]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda _: {"SLACK_BOT_TOKEN": ""}, "SLACK_BOT_TOKEN is neither in the environment"),
        (lambda _: {"SLACK_APP_TOKEN": ""}, "SLACK_APP_TOKEN is neither in the environment"),
        (lambda _: {"SLACK_BOT_TOKEN": "xoxp-1"}, "SLACK_BOT_TOKEN is a user's token"),
        (
            lambda _: {"SLACK_BOT_TOKEN": "xoxp-1"},
            "Wanted is a Bot User OAuth Token: it begins with xoxb- and",
        ),
        (lambda _: {"SLACK_BOT_TOKEN": "xoxe.xoxb-1"}, "token rotation must be off"),
        (lambda _: {"SLACK_BOT_TOKEN": "xoxb-…"}, "SLACK_BOT_TOKEN is no whole token of Slack"),
        (
            lambda slack: {
                "SLACK_BOT_TOKEN": slack.app_token,
                "SLACK_APP_TOKEN": slack.bot_token,
            },
            "SLACK_BOT_TOKEN and SLACK_APP_TOKEN are swapped",
        ),
        (lambda _: {"SLACK_BOT_TOKEN": "xoxb-1-x"}, "SLACK_BOT_TOKEN is refused: Slack does not"),
        (lambda _: {"SLACK_APP_TOKEN": "xapp-1-x"}, "SLACK_APP_TOKEN is refused: Slack does not"),
        (_revoked, "SLACK_BOT_TOKEN is refused: it was revoked."),
    ],
)
async def test_what_is_wrong_with_a_token_is_told(
    tmp_path: Path, change: Change, words: str
) -> None:
    async with FakeSlack() as slack:
        error = await refusal(settle(tmp_path, slack), tokens(slack) | change(slack))
    assert words in error
    assert slack.bot_token not in error
    assert slack.app_token not in error


async def refusal(folder: Path, env: Mapping[str, str]) -> str:
    """Return why 'bot slack' does not begin."""
    here = Here(config=folder / "bot.toml", environment=env)
    with pytest.raises(SetupError) as error, _levels_kept():
        await serve_doors(here, here.settings(), Doors(slack="socket"))
    return str(error.value)


@contextmanager
def _levels_kept() -> Iterator[None]:
    """Leave to other tests of this process the loggers that a door sets."""
    loggers = [logging.getLogger(name) for name in (*_TOLD, "slack_bolt", "slack_sdk")]
    before = [each.level for each in loggers]
    try:
        yield
    finally:
        for each, level in zip(loggers, before, strict=True):
            each.setLevel(level)


async def test_without_the_scope_to_write_there_is_no_bot(tmp_path: Path) -> None:
    async with FakeSlack() as slack:
        slack.installed().scopes = set(SCOPES) - {"im:history", "chat:write"}
        error = await refusal(settle(tmp_path, slack), tokens(slack))
    assert "SLACK_BOT_TOKEN: the app lacks scopes in Team T1" in error
    assert "  im:history: the bot hears what it is told directly\n" in error
    assert "  chat:write: the bot writes its answers" in error
    assert "commands" not in error
    assert "reinstall the app" in error


async def test_without_another_scope_the_bot_goes_on_and_says_what_does_not_work(
    tmp_path: Path,
) -> None:
    async with FakeSlack() as slack:
        slack.installed().scopes = set(SCOPES) - {"commands"}
        env = tokens(slack)
        async with serving(settle(tmp_path, slack), "slack", env=env) as bot:
            assert " WARNING " in await bot.says("the app lacks scopes in Team T1")
            await bot.says("  commands: the bot takes questions by its slash command")
            await bot.says("Slack: connected to Team T1")
            ts = await slack.say(QUESTION)
            await until(lambda: slack.answers("D1", ts))
            assert await bot.end() == 0
        _, said = await told(tmp_path, "doctor", "--online", env=env)
    assert "✗ slack: is Team T1 as frontdesk, and the app lacks scopes" in said
    assert "commands: the bot takes questions" in said
    assert "✓ slack: its app-level token opens sockets" in said


async def test_a_slack_that_cannot_be_reached_is_told(tmp_path: Path) -> None:
    async with FakeSlack() as slack:
        settle(tmp_path, slack)
    error = await refusal(tmp_path, tokens(slack))
    assert "Slack cannot be reached" in error
    assert f"{slack.api_url} refused the connection." in error
    assert "[slack] api_url" in error


def test_a_missing_extra_is_told_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    assert extras.missing("slack") == []
    monkeypatch.setitem(extras.NEEDED, "slack", ("slack_bolt", "no_such_package"))
    with pytest.raises(MissingExtra, match=r"pip install 'frontdesk\[slack\]'"):
        extras.check("slack")


async def test_the_manifest_is_printed_as_json_and_as_yaml(tmp_path: Path) -> None:
    code, said = await told(tmp_path, "slack", "manifest", env={})
    assert code == 0
    found = json.loads(said)
    assert found["settings"]["socket_mode_enabled"] is True
    code, said = await told(tmp_path, "slack", "manifest", "--yaml", env={})
    assert yaml.safe_load(said) == found
    code, said = await told(tmp_path, "slack", "manifest", "--mode", "http", env={})
    assert code == 2
    assert "[slack] url" in said


async def test_a_key_is_made_and_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    code, key = await told(tmp_path, "slack", "key", env={})
    assert code == 0
    assert Vault([key.strip()], place="here").open("T1", _sealed(key)) == {"token": "x"}
    (tmp_path / "bot.toml").write_text('[slack.oauth]\nclient_id = "1.2"\n')
    for command in ("workspaces", "rotate"):
        _, said = await told(tmp_path, "slack", command, env={})
        assert "SLACK_TOKEN_KEY is neither in the environment" in said
        assert "Make one with: bot slack key" in said
    _, said = await told(tmp_path, "slack", "workspaces", env={"SLACK_TOKEN_KEY": "short"})
    assert "No token can be read: SLACK_TOKEN_KEY, key 1: 5 characters that are no key" in said
    env = {"SLACK_TOKEN_KEY": key.strip()}
    assert await told(tmp_path, "slack", "rotate", env=env) == (
        0,
        "Sealed 0 of 0 with the newest key; the others already were.\n",
    )
    code, said = await told(tmp_path, "slack", "workspaces", env=env)
    assert (code, "No workspace has installed the app" in said) == (0, True)
    assert await told(tmp_path, "slack", "workspaces", "--json", env=env) == (0, "[]\n")
    code, said = await told(tmp_path, "slack", "rotate", env={"SLACK_TOKEN_KEY": "short"})
    assert (code, "SLACK_TOKEN_KEY, key 1: 5 characters that are no key" in said) == (2, True)


def _sealed(key: str) -> str:
    return Vault([key.strip()], place="here").seal("T1", {"token": "x"})


async def test_there_is_nothing_to_rotate_for_one_workspace(tmp_path: Path) -> None:
    code, said = await told(tmp_path, "slack", "rotate", env={})
    assert (code, "[slack.oauth] is not in the settings" in said) == (2, True)


async def test_the_doctor_looks_at_slack_where_somebody_wants_it(tmp_path: Path) -> None:
    async with FakeSlack() as slack:
        _, said = await told(tmp_path, "doctor", env={})
        assert "slack:" not in said
        settle(tmp_path, slack)
        _, said = await told(tmp_path, "doctor", env={})
        assert "✗ slack: SLACK_BOT_TOKEN is neither" in said
        assert "✗ slack: SLACK_APP_TOKEN is neither" in said
        _, said = await told(tmp_path, "doctor", env=tokens(slack))
        assert "✓ slack: has what it needs" in said
        assert not slack.calls
        _, said = await told(tmp_path, "doctor", "--online", env=tokens(slack))
        assert "✓ slack: is Team T1 as frontdesk" in said
        assert "✓ slack: its app-level token opens sockets" in said
        assert not slack.sockets.opened
        env = {"SLACK_BOT_TOKEN": slack.app_token, "SLACK_APP_TOKEN": slack.bot_token}
        _, said = await told(tmp_path, "doctor", env=env)
        assert said.count("are swapped") == 1
        env = tokens(slack, SLACK_APP_TOKEN="xapp-1-x")
        _, said = await told(tmp_path, "doctor", "--online", env=env)
        assert "✗ slack: SLACK_APP_TOKEN is refused: Slack does not know it" in said
        slack.revoke()
        _, said = await told(tmp_path, "doctor", "--online", env=tokens(slack))
        assert "✗ slack: SLACK_BOT_TOKEN is refused: it was revoked" in said


async def test_the_doctor_looks_at_what_many_workspaces_take(tmp_path: Path) -> None:
    async with FakeSlack() as slack:
        settle(tmp_path, slack, 'mode = "http"\n[slack.oauth]\nclient_id = "1.2"\n')
        _, said = await told(tmp_path, "doctor", env={})
        for wanted in (
            "SLACK_SIGNING_SECRET is neither",
            "SLACK_CLIENT_SECRET is neither",
            "[slack] url",
        ):
            assert wanted in said
        assert "SLACK_BOT_TOKEN" not in said


async def test_the_doctor_wants_an_address_for_http(tmp_path: Path) -> None:
    async with FakeSlack() as slack:
        settle(tmp_path, slack, 'mode = "http"\n')
        code, said = await told(tmp_path, "doctor", env=tokens(slack))
    assert code == 1
    assert "✗ slack: hears by HTTP, and nothing says at which address" in said


async def test_the_doctor_tries_the_seals_of_all_workspaces(tmp_path: Path) -> None:
    key = Vault.new_key()
    async with FakeSlack() as slack:
        more = 'mode = "http"\nurl = "https://bot.shop.example"\n[slack.oauth]\nclient_id = "1.2"\n'
        settle(tmp_path, slack, more)
        env = tokens(slack, SLACK_CLIENT_SECRET=slack.client_secret, SLACK_TOKEN_KEY=key)
        _, said = await told(tmp_path, "doctor", "--online", env=env)
        assert "✗ slack: is in no workspace" in said
        here = Here(config=tmp_path / "bot.toml", environment=env)
        with chdir(tmp_path):
            for name, vault in (("T1", key), ("T2", Vault.new_key())):
                await _keep(here, name, Vault([vault], place="here"))
                _, said = await told(tmp_path, "doctor", "--online", env=env)
                if name == "T1":
                    assert "✓ slack: the tokens of all 1 workspaces can be read" in said
    assert "✗ slack: the tokens of 1 of 2 workspaces can be read" in said
    assert "What is kept of T2 cannot be read with the keys in SLACK_TOKEN_KEY" in said


async def _keep(here: Here, name: str, vault: Vault) -> None:
    async with here.database() as database:
        workspace = Workspace(
            install=name,
            token=SecretStr("xoxb-1"),
            team=f"Team {name}",
            bot_user="UB",
            bot_id="B1",
            app_id="A1",
            scopes=frozenset(),
        )
        await ManyWorkspaces(SqlInstallations(database), vault).keep(workspace)
