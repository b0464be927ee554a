"""'bot slack' and its commands: what a new user meets, from the manifest to the first answer."""

import json
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from bot.errors import MissingExtra, SetupError
from channels.cli import extras
from channels.cli.here import Here
from channels.cli.serving import Doors, serve_doors
from channels.slack.scopes import SCOPES
from channels.slack.vault import Vault
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
        await until(lambda: not slack.sockets.lines)
        for secret in (QUESTION, "three days", slack.bot_token, slack.app_token):
            assert secret not in bot.log
        assert "Traceback" not in bot.log


async def test_without_settings_the_two_variables_are_enough_to_be_told_more(
    tmp_path: Path,
) -> None:
    code, said = await told(tmp_path, "slack", env={})
    assert code == 2
    assert "SLACK_BOT_TOKEN is neither in the environment nor in a secrets file" in said
    assert "OAuth & Permissions" in said


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
    with pytest.raises(SetupError) as error:
        await serve_doors(here, here.settings(), Doors(slack="socket"))
    return str(error.value)


async def test_every_scope_that_is_missing_is_named_with_what_it_is_for(tmp_path: Path) -> None:
    async with FakeSlack() as slack:
        slack.installed().scopes = set(SCOPES) - {"im:history", "commands"}
        error = await refusal(settle(tmp_path, slack), tokens(slack))
    assert "the app lacks scopes in Team T1:" in error
    assert "  im:history: the bot hears what it is told directly\n" in error
    assert "  commands: the bot takes questions" in error
    assert "chat:write" not in error
    assert "reinstall the app" in error


async def test_a_slack_that_cannot_be_reached_is_told(tmp_path: Path) -> None:
    async with FakeSlack() as slack:
        settle(tmp_path, slack)
    error = await refusal(tmp_path, tokens(slack))
    assert "Slack cannot be reached" in error
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
